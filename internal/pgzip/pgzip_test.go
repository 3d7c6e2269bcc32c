package pgzip

import (
	"bytes"
	"compress/gzip"
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

func TestGzipReadsTheSameFromOneMember(t *testing.T) {
	text, noise := inordertest.Text(3*blockSize), inordertest.Noise(3*blockSize)
	for name, content := range map[string][]byte{
		"nothing":     {},
		"a byte":      {7},
		"a block":     text[:blockSize],
		"a byte less": noise[:blockSize-1],
		"a byte more": text[:blockSize+1],
		"blocks":      noise[:2*blockSize+99],
		"zeros":       append(bytes.Clone(text), make([]byte, 2*blockSize)...),
	} {
		packed := compress(t, content)
		unpack := exec.Command("gzip", "--decompress", "--stdout")
		unpack.Stdin = bytes.NewReader(packed)
		got, err := unpack.Output()
		require.NoError(t, err, name)
		assert.True(t, bytes.Equal(content, got), name)

		rest := bytes.NewReader(packed)
		member, err := gzip.NewReader(rest)
		require.NoError(t, err, name)
		member.Multistream(false)
		_, err = io.Copy(io.Discard, member)
		require.NoError(t, err, name)
		assert.Zero(t, rest.Len(), "%s: bytes behind the first member", name)
	}
}

// What is repeated across a block's boundary is found by the dictionary.
func TestBlocksKnowWhatWasBefore(t *testing.T) {
	page := inordertest.Noise(8 << 10)
	content := make([]byte, 0, blockSize+len(page))
	content = append(content, make([]byte, blockSize-len(page))...)
	content = append(append(content, page...), page...)
	assert.Less(t, len(compress(t, content)), 2*len(page))
}

type closed struct{ after int }

func (c *closed) Write(p []byte) (int, error) {
	if c.after--; c.after < 0 {
		return 0, errors.New("closed")
	}
	return len(p), nil
}

func TestWriteErrorIsTold(t *testing.T) {
	_, err := NewWriter(context.Background(), &closed{})
	require.EqualError(t, err, "closed")
	for after := 1; after < 5; after++ {
		w, err := NewWriter(context.Background(), &closed{after})
		require.NoError(t, err)
		_, _ = w.Write(inordertest.Noise(3 * blockSize))
		require.EqualError(t, w.Close(), "closed", "after %d writes", after)
	}
}
