package store

import (
	"sync"
	"time"
)

// Progress is how far a Fetch is. Files that the store held before are not in it; bytes that an
// earlier, broken-off Fetch left count as done.
type Progress struct {
	// BytesTotal counts no file of unknown size, so that BytesDone may exceed it.
	BytesDone, BytesTotal int64
	FilesDone, FilesTotal int
}

const progressInterval = time.Second

// meter counts, and tells at its own pace, so that counting costs little.
type meter struct {
	tell func(Progress)
	mu   sync.Mutex
	now  Progress
}

func newMeter(total Progress, tell func(Progress)) *meter { return &meter{now: total, tell: tell} }

// start begins to tell; the function it returns tells the last time and ends.
func (m *meter) start() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(progressInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				m.tell(m.progress())
			case <-end:
				m.tell(m.progress())
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}

func (m *meter) progress() Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *meter) add(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.BytesDone += bytes
}

func (m *meter) fileDone() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.FilesDone++
}
