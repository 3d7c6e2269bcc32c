package toolbox

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/repository/compression"
)

// isKernelPackage says that a pin's package has a kernel, or depends on the one that has.
func isKernelPackage(name string) bool { return strings.HasPrefix(name, "linux-image-") }

// writeKernel writes the kernel of debs to w, in the form that QEMU's -kernel starts without firmware: a bzImage
// for amd64, a plain Image for arm64.
func writeKernel(ctx context.Context, w io.Writer, architecture string, debs []Deb) error {
	found := false
	for _, d := range debs {
		if !isKernelPackage(d.Name) {
			continue
		}
		err := d.read(func(data io.Reader) error {
			return eachEntry(ctx, data, func(name string, header *tar.Header, content io.Reader) error {
				isKernel, err := path.Match("boot/vmlinuz-*", name)
				if err != nil || !isKernel || header.Typeflag != tar.TypeReg {
					return err
				}
				found = true
				if err := copyKernel(w, architecture, content); err != nil {
					return err
				}
				return fs.SkipAll // the modules stand behind it
			})
		})
		if found || err != nil {
			return err
		}
	}
	return errors.New("no package of the toolbox has a kernel, boot/vmlinuz-*")
}

func copyKernel(w io.Writer, architecture string, content io.Reader) error {
	image, err := kernelImage(architecture, content, maxWrappers)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, image)
	return err
}

// Where the headers of kernel images have what they are told by. For x86: Documentation/arch/x86/boot.rst in
// Linux, for arm64: Documentation/arch/arm64/booting.rst.
const (
	bzImageMagicAt = 0x202
	bzImageMagic   = "HdrS"
	armMagicAt     = 0x38
	armMagic       = "ARM\x64"
	kernelHeader   = 0x240 // bytes, at least, that every kernel has
	// maxWrappers of compression around an Image; one is usual.
	maxWrappers = 2
)

// kernelImage is the kernel that content holds. A compressed one for arm64 is decompressed: QEMU before 8.0 does
// not know EFI zboot.
func kernelImage(architecture string, content io.Reader, wrappers int) (io.Reader, error) {
	kernel := bufio.NewReaderSize(content, 64<<10)
	head, err := kernel.Peek(kernelHeader)
	if err != nil {
		return nil, fmt.Errorf("a kernel of %d bytes: %w", len(head), err)
	}
	has := func(offset int, magic string) bool { return bytes.HasPrefix(head[offset:], []byte(magic)) }
	switch {
	case architecture == "amd64" && has(bzImageMagicAt, bzImageMagic):
		return kernel, nil
	case architecture != "arm64" || wrappers == 0:
	case has(armMagicAt, armMagic):
		return kernel, nil
	case has(0, "\x1f\x8b"):
		return unwrap(architecture, kernel, ".gz", wrappers)
	case has(0, "MZ") && has(4, "zimg"):
		return zbootPayload(architecture, kernel, head, wrappers)
	}
	return nil, fmt.Errorf("not a kernel of %s that QEMU starts", architecture)
}

func unwrap(architecture string, compressed io.Reader, extension string, wrappers int) (io.Reader, error) {
	// Nobody closes it: that would only release its memory earlier than the garbage collector does.
	plain, err := compression.NewReader(compressed, extension)
	if err != nil {
		return nil, err
	}
	return kernelImage(architecture, plain, wrappers-1)
}

// zbootPayload is the kernel inside an EFI application that decompresses itself. Its header, in
// drivers/firmware/efi/libstub/zboot-header.S of Linux: "MZ", at 4 "zimg", at 8 the payload's offset and at 12 its
// size (32 bits, little endian), at 24 its compression's name, NUL-terminated.
func zbootPayload(architecture string, kernel io.Reader, head []byte, wrappers int) (io.Reader, error) {
	name, _, _ := bytes.Cut(head[24:armMagicAt], []byte{0})
	extension := ""
	for prefix, e := range map[string]string{"gzip": ".gz", "zstd": ".zst", "xz": ".xz"} {
		if bytes.HasPrefix(name, []byte(prefix)) { // zstd22 and xzkern are Linux's names, too
			extension = e
		}
	}
	if extension == "" {
		return nil, fmt.Errorf("an EFI zboot kernel compressed with %q; gzip, zstd and xz are known", name)
	}
	offset, size := binary.LittleEndian.Uint32(head[8:]), binary.LittleEndian.Uint32(head[12:])
	if _, err := io.CopyN(io.Discard, kernel, int64(offset)); err != nil {
		return nil, fmt.Errorf("an EFI zboot kernel without its payload: %w", err)
	}
	return unwrap(architecture, io.LimitReader(kernel, int64(size)), extension, wrappers)
}
