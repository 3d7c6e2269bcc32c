// Package tail keeps the end of what a program writes, for the error that may come of it.
package tail

import (
	"bytes"
	"sync"
)

// Size is how much a Buffer keeps, in bytes.
const Size = 4 << 10

// Buffer is a writer that keeps the last Size bytes. The zero value is ready; it is safe for
// concurrent use.
type Buffer struct {
	mu   sync.Mutex
	data []byte
}

// Write never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(p)
	p = p[max(0, n-Size):]
	if over := len(b.data) + len(p) - Size; over > 0 {
		b.data = append(b.data[:0], b.data[over:]...)
	}
	b.data = append(b.data, p...)
	return n, nil
}

// String is what is kept, without the space around it.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(bytes.TrimSpace(b.data))
}
