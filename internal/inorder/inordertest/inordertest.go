// Package inordertest makes content for the tests of compressors.
package inordertest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Compressed is what a compressor writes of content; start starts one that writes to w.
func Compressed(t *testing.T, content []byte, start func(w io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := start(&out)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

// Text is n bytes that compress well.
func Text(n int) []byte {
	const line = "kernel modules, and text that compresses. "
	return bytes.Repeat([]byte(line), n/len(line)+1)[:n]
}

// Noise is n bytes that do not compress, always the same.
func Noise(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}
