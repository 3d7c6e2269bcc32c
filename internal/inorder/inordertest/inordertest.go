// Package inordertest makes content for the tests of compressors.
package inordertest

import (
	"bytes"
	"math/rand/v2"
)

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
