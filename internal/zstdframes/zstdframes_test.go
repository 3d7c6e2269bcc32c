package zstdframes

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/inorder/inordertest"
)

func compress(t *testing.T, content []byte) []byte {
	t.Helper()
	return inordertest.Compressed(t, content, func(w io.Writer) (io.WriteCloser, error) { return NewWriter(context.Background(), w) })
}

func TestZstdReadsTheSame(t *testing.T) {
	text, noise := inordertest.Text(3*frameSize), inordertest.Noise(3*frameSize)
	for name, content := range map[string][]byte{
		"nothing":      {},
		"a byte":       {7},
		"a frame":      text[:frameSize],
		"a byte less":  noise[:frameSize-1],
		"a byte more":  text[:frameSize+1],
		"frames":       noise[:2*frameSize+99],
		"zeros within": append(append(bytes.Clone(text[:frameSize]), make([]byte, 2*frameSize+5)...), 1),
	} {
		unpack := exec.Command("zstd", "--decompress", "--stdout")
		unpack.Stdin = bytes.NewReader(compress(t, content))
		got, err := unpack.Output()
		require.NoError(t, err, name)
		assert.True(t, bytes.Equal(content, got), name)
	}
}

func TestZerosAreCheap(t *testing.T) {
	const size = 10*frameSize + 12345
	var out bytes.Buffer
	w, err := NewWriter(context.Background(), &out)
	require.NoError(t, err)
	require.NoError(t, w.Zeros(size))
	require.NoError(t, w.Close())
	assert.True(t, bytes.Equal(compress(t, make([]byte, size)), out.Bytes()), "not the bytes of written zeros")
	assert.Less(t, out.Len(), size/5000)
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestWriteErrorIsTold(t *testing.T) {
	w, err := NewWriter(context.Background(), closed{})
	require.NoError(t, err)
	_, _ = w.Write(inordertest.Noise(3 * frameSize))
	require.EqualError(t, w.Close(), "closed")
}
