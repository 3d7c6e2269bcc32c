package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/registry"
	"github.com/airshipit/packer-plugin-airship/internal/repository/compression"
	"github.com/airshipit/packer-plugin-airship/internal/until"
)

// Base is a root filesystem that a build starts from.
type Base struct {
	// Digest of the file, or of the image's manifest: sha256: and hex.
	Digest string
	// Size is what is read of it, in bytes; a root filesystem takes some times as much.
	Size int64

	name string
	// squashfs is the file's path, where it is one.
	squashfs string
	// open gives the root filesystem as a tar archive.
	open func(context.Context) (io.ReadCloser, error)
}

// OpenBase finds a base: the path of a file, or a reference to a registry, oci://HOST/REPOSITORY:TAG or @DIGEST. What it
// is, is told by its content: a tar archive, plain or compressed by gzip, zstd, xz or bzip2; a squashfs; an OCI
// image layout in a tar archive.
func OpenBase(ctx context.Context, name string, o BaseOptions) (*Base, error) {
	base, err := openBase(ctx, name, o)
	if err != nil {
		return nil, fmt.Errorf("the base %s: %w", name, err)
	}
	base.name = name
	return base, nil
}

func openBase(ctx context.Context, name string, o BaseOptions) (*Base, error) {
	if reference, found := strings.CutPrefix(name, registry.Scheme); found {
		return pull(ctx, reference, o)
	}
	if scheme, _, found := strings.Cut(name, "://"); found {
		return nil, fmt.Errorf("%s:// is none of what a base is read from: want a file or %sREGISTRY/REPOSITORY:TAG", scheme, registry.Scheme)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a file: want an archive that build-root made (tar.zst, squashfs, oci)")
	}
	kind, err := kindOf(file)
	if err != nil {
		return nil, err
	}
	if kind == ociLayout {
		return openLayout(ctx, name, o.Architecture)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, until.Reader(ctx, io.NewSectionReader(file, 0, info.Size()))); err != nil {
		return nil, err
	}
	base := &Base{Digest: "sha256:" + hex.EncodeToString(hash.Sum(nil)), Size: info.Size()}
	if kind == squashFS {
		base.squashfs = name
		return base, nil
	}
	base.open = func(context.Context) (io.ReadCloser, error) { return openArchive(name, kind, base.Digest) }
	return base, nil
}

// errChanged says that a file is not the one that its digest was taken of.
var errChanged = errors.New("the file was changed while the build read it: build again")

// kinds of files that are no plain tar archives, by how they begin.
const (
	plainTar  = ""
	squashFS  = "squashfs"
	ociLayout = "oci"
)

var magics = []struct{ kind, magic string }{
	{".zst", "\x28\xb5\x2f\xfd"},
	{".gz", "\x1f\x8b"},
	{".xz", "\xfd7zXZ\x00"},
	{".bz2", "BZh"},
	{squashFS, "hsqs"},
}

// tarMagic and its place tell a tar archive (POSIX.1-1988 and GNU both).
const (
	tarMagic   = "ustar"
	tarMagicAt = 257
)

// kindOf is the extension of a compression, or one of the kinds.
func kindOf(file *os.File) (string, error) {
	start := make([]byte, blockSize)
	n, err := file.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	for _, m := range magics {
		if bytes.HasPrefix(start[:n], []byte(m.magic)) {
			return m.kind, nil
		}
	}
	if n < blockSize || !bytes.HasPrefix(start[tarMagicAt:], []byte(tarMagic)) {
		return "", errors.New("is neither a tar archive (plain, gzip, zstd, xz, bzip2) nor a squashfs nor an OCI image")
	}
	isLayout, err := hasLayout(file)
	if isLayout {
		return ociLayout, err
	}
	return plainTar, err
}

// openArchive is a tar archive without its compression. At its end the file's digest is compared.
func openArchive(name, extension, digest string) (io.ReadCloser, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	same := &sameFile{Reader: file, hash: sha256.New(), digest: digest}
	plain, err := compression.NewReader(bufio.NewReaderSize(same, 1<<20), extension)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return closers{&drained{plain, same}, []io.Closer{plain, file}}, nil
}

// sameFile hashes what is read, and fails at the end where that is not the digest's.
type sameFile struct {
	io.Reader
	hash   hash.Hash
	digest string
}

func (s *sameFile) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && sha256Digest(s.hash).String() != s.digest {
		return n, errChanged
	}
	return n, err
}

// drained reads a file to its end when the archive in it has ended.
type drained struct{ archive, file io.Reader }

func (d *drained) Read(p []byte) (int, error) {
	n, err := d.archive.Read(p)
	if errors.Is(err, io.EOF) {
		if _, wrong := io.Copy(io.Discard, d.file); wrong != nil {
			return n, wrong
		}
	}
	return n, err
}

// closers closes several things.
type closers struct {
	io.Reader
	all []io.Closer
}

func (c closers) Close() error {
	var err error
	for _, one := range c.all {
		err = errors.Join(err, one.Close())
	}
	return err
}

// Unpack fills the empty machine.Target.
func (b *Base) Unpack(ctx context.Context, m machine.Machine) error {
	if err := b.unpack(ctx, m); err != nil {
		return fmt.Errorf("unpack the base %s: %w", b.name, err)
	}
	return nil
}

func (b *Base) unpack(ctx context.Context, m machine.Machine) error {
	if b.squashfs != "" {
		return b.unsquash(ctx, m)
	}
	archive, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer archive.Close()
	return m.Run(ctx, machine.Command{
		Args: []string{
			"tar", "--extract", "--file=-", "--directory", machine.Target,
			"--preserve-permissions", "--numeric-owner", "--xattrs", "--xattrs-include=*",
			// What the kernel shows of itself and of devices is not the image's. --anchored is for the patterns behind it.
			"--anchored", "--exclude=./dev/?*", "--exclude=./proc/?*", "--exclude=./sys/?*", "--exclude=dev/?*", "--exclude=proc/?*", "--exclude=sys/?*",
		},
		Stdin: archive,
	})
}

// unsquash brings the file into the machine first: unsquashfs reads at random.
func (b *Base) unsquash(ctx context.Context, m machine.Machine) error {
	file, err := os.Open(b.squashfs)
	if err != nil {
		return err
	}
	defer file.Close()
	const inside = workDir + "/base.squashfs"
	same := &sameFile{Reader: file, hash: sha256.New(), digest: b.Digest}
	for _, c := range []machine.Command{
		{Args: []string{"mkdir", "-p", workDir}},
		{Args: []string{"dd", "of=" + inside, "bs=1M", "iflag=fullblock", "status=none"}, Stdin: same},
		{Args: []string{"unsquashfs", "-quiet", "-no-progress", "-force", "-xattrs", "-dest", machine.Target, "-excludes", inside, "dev/*", "proc/*", "sys/*"}},
		{Args: []string{"rm", "-f", inside}},
	} {
		if err := m.Run(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// Describe is what a plan says of a base that was unpacked. The error says that no build can start from it.
func (b *Base) Describe(ctx context.Context, m machine.Machine, target plan.Target) (*plan.Base, error) {
	described, err := b.describe(ctx, m, target)
	if err != nil {
		return nil, fmt.Errorf("the base %s: %w", b.name, err)
	}
	return described, nil
}

func (b *Base) describe(ctx context.Context, m machine.Machine, target plan.Target) (*plan.Base, error) {
	const database = machine.Target + "/var/lib/dpkg"
	var exit *machine.ExitError
	if err := m.Run(ctx, machine.Command{Args: []string{"test", "-s", database + "/status"}}); errors.As(err, &exit) {
		return nil, errors.New("has no package in /var/lib/dpkg/status: it is no Debian or Ubuntu root filesystem")
	} else if err != nil {
		return nil, err
	}
	var listing, release bytes.Buffer
	err := m.Run(ctx, machine.Command{
		Args:   []string{"dpkg-query", "--admindir=" + database, "--show", "--showformat=${Package} ${Version} ${Architecture} ${db:Status-Status} ${Installed-Size}\\n"},
		Stdout: &listing,
	})
	if err != nil {
		return nil, err
	}
	described := &plan.Base{Digest: b.Digest}
	for line := range strings.Lines(listing.String()) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			return nil, fmt.Errorf("dpkg-query says %q", line)
		}
		if fields[3] != "installed" {
			continue // removed, its configuration left
		}
		if len(fields) > 4 {
			kib, _ := strconv.ParseInt(fields[4], 10, 40) // an estimate: what is no number counts for nothing
			described.Installed += kib << 10
		}
		described.Packages = append(described.Packages, plan.BasePackage{Name: fields[0], Version: fields[1], Architecture: fields[2]})
		if fields[0] == "dpkg" && fields[2] != target.Architecture {
			return nil, fmt.Errorf("is of architecture %s, the profile of %s", fields[2], target.Architecture)
		}
	}
	if !described.Has("apt") {
		return nil, errors.New("has no apt, which adds the packages: add it to the packages of the build that made it")
	}
	if err := m.Run(ctx, machine.Command{Args: []string{"cat", machine.Target + "/usr/lib/os-release"}, Stdout: &release}); err != nil {
		return nil, err
	}
	for line := range strings.Lines(release.String()) {
		if suite, found := strings.CutPrefix(strings.TrimSpace(line), "VERSION_CODENAME="); found && strings.Trim(suite, `"`) != target.Suite {
			return nil, fmt.Errorf("is of the suite %s, the profile of %s", suite, target.Suite)
		}
	}
	return described, nil
}
