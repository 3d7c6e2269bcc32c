package toolbox

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kernelWith is a kernel as far as its header says, with a magic at an offset.
func kernelWith(offset int, magic string) []byte {
	kernel := noise(1400)
	copy(kernel, "MZ\x00\x00\x00\x00\x00\x00")
	copy(kernel[offset:], magic)
	return kernel
}

func gzipOf(t testing.TB, plain []byte) []byte {
	var data bytes.Buffer
	w := gzip.NewWriter(&data)
	_, err := w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return data.Bytes()
}

func zstdOf(t testing.TB, plain []byte) []byte {
	w, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return w.EncodeAll(plain, nil)
}

// zboot is an EFI application with a payload, which its header says where to find.
func zboot(compression string, payload []byte) []byte {
	image := make([]byte, 4096)
	copy(image, "MZ\x00\x00zimg")
	binary.LittleEndian.PutUint32(image[8:], uint32(len(image)))
	binary.LittleEndian.PutUint32(image[12:], uint32(len(payload)))
	copy(image[24:], compression)
	binary.LittleEndian.PutUint32(image[0x38:], 0x818223cd)
	image = append(image, payload...)
	return append(image, "the size of the plain kernel"...)
}

func TestKernelImage(t *testing.T) {
	arm, pc := kernelWith(0x38, "ARM\x64"), kernelWith(0x202, "HdrS")
	for name, c := range map[string]struct {
		architecture string
		file, want   []byte
		err          string
	}{
		"bzImage":                     {"amd64", pc, pc, ""},
		"Image":                       {"arm64", arm, arm, ""},
		"gzip":                        {"arm64", gzipOf(t, arm), arm, ""},
		"zboot gzip":                  {"arm64", zboot("gzip", gzipOf(t, arm)), arm, ""},
		"zboot zstd":                  {"arm64", zboot("zstd", zstdOf(t, arm)), arm, ""},
		"zboot zstd, Linux before":    {"arm64", zboot("zstd22", zstdOf(t, arm)), arm, ""},
		"zboot xz":                    {"arm64", zboot("xzkern", xzOf(t, arm)), arm, ""},
		"zboot of an unknown method":  {"arm64", zboot("lzo", arm), nil, `compressed with "lzo"; gzip, zstd and xz are known`},
		"zboot without a payload":     {"arm64", zboot("gzip", nil)[:600], nil, "without its payload: EOF"},
		"zboot with half a payload":   {"arm64", zboot("gzip", gzipOf(t, arm)[:40]), nil, "unexpected EOF"},
		"wrapped again and again":     {"arm64", gzipOf(t, gzipOf(t, gzipOf(t, arm))), nil, "not a kernel of arm64"},
		"a kernel of another machine": {"arm64", pc, nil, "not a kernel of arm64 that QEMU starts"},
		"the other way around":        {"amd64", arm, nil, "not a kernel of amd64 that QEMU starts"},
		"empty":                       {"amd64", nil, nil, "a kernel of 0 bytes: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			err := copyKernel(&got, c.architecture, bytes.NewReader(c.file))
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got.Bytes())
		})
	}
}

// noise does not compress below the size of a kernel's header.
func noise(size int) []byte {
	data, state := make([]byte, size), uint32(1)
	for i := range data {
		state = state*1664525 + 1013904223
		data[i] = byte(state >> 24)
	}
	return data
}

func FuzzKernelImage(f *testing.F) {
	arm := kernelWith(0x38, "ARM\x64")
	for _, seed := range [][]byte{arm, gzipOf(f, arm), zboot("zstd", zstdOf(f, arm)), kernelWith(0x202, "HdrS")} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, file []byte, isARM bool) {
		architecture, offset, magic := "amd64", 0x202, "HdrS"
		if isARM {
			architecture, offset, magic = "arm64", 0x38, "ARM\x64"
		}
		image, err := kernelImage(architecture, bytes.NewReader(file), maxWrappers)
		if err != nil {
			return
		}
		head := make([]byte, offset+len(magic))
		_, err = io.ReadFull(image, head)
		require.NoError(t, err)
		assert.Equal(t, magic, string(head[offset:]))
	})
}
