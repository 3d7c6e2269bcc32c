package compression_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/repository/compression"
	"github.com/airshipit/packer-plugin-airship/internal/repository/repositorytest"
)

// hello.bz2, for which there is no writer in Go: printf hello | bzip2 -9.
const helloBzip2 = "BZh91AY&SY\x191e=\x00\x00\x00\x81\x00\x02D\xa0\x00!\x9ah3M\x073\x8b\xb9\"\x9c(H\x0c\x98\xb2\x9e\x80"

func TestNewReader(t *testing.T) {
	text := strings.Repeat("hello, ", 100_000)
	for _, extension := range []string{"", ".xz", ".gz", ".zst"} {
		data := repositorytest.Compress(t, []byte(text), extension)
		assert.Equal(t, text, read(t, data, extension))
		if extension == "" {
			continue
		}
		for _, cut := range []int{1, 20, len(data) / 2} {
			stream, err := compression.NewReader(bytes.NewReader(data[:len(data)-cut]), extension)
			if err == nil {
				_, err = io.Copy(io.Discard, stream)
			}
			assert.Error(t, err, "%s without its last %d bytes", extension, cut)
		}
	}
	assert.Equal(t, "hello", read(t, []byte(helloBzip2), ".bz2"))
	_, err := compression.NewReader(strings.NewReader(""), ".lzma")
	assert.ErrorContains(t, err, ".lzma is not supported")
}

// xz files may be several streams, as pixz and parallel writers leave them.
func TestConcatenatedStreams(t *testing.T) {
	for _, extension := range []string{".xz", ".gz", ".zst"} {
		data := append(repositorytest.Compress(t, []byte("hel"), extension), repositorytest.Compress(t, []byte("lo"), extension)...)
		assert.Equal(t, "hello", read(t, data, extension), extension)
	}
}

func read(t *testing.T, data []byte, extension string) string {
	t.Helper()
	assert.Contains(t, compression.Extensions(), extension)
	stream, err := compression.NewReader(bytes.NewReader(data), extension)
	require.NoError(t, err)
	plain, err := io.ReadAll(stream)
	require.NoError(t, err, extension)
	require.NoError(t, stream.Close())
	return string(plain)
}

func FuzzNewReader(f *testing.F) {
	for _, extension := range []string{".xz", ".gz", ".zst"} {
		f.Add(repositorytest.Compress(f, []byte("hello"), extension), extension)
	}
	f.Add([]byte(helloBzip2), ".bz2")
	f.Fuzz(func(t *testing.T, data []byte, extension string) {
		stream, err := compression.NewReader(bytes.NewReader(data), extension)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(stream, 1<<20))
		assert.NoError(t, stream.Close())
	})
}
