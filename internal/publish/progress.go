package publish

import (
	"sync"
	"time"
)

// meter tells how far something is, every few seconds.
type meter struct {
	name  string
	total int64
	every time.Duration
	say   func(format string, args ...any)

	mu   sync.Mutex
	last time.Time
}

func (t Transfer) meter(name string, total int64) *meter {
	return &meter{name: name, total: total, every: t.every, say: t.Say, last: time.Now()}
}

// at says that done bytes are there.
func (m *meter) at(done int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.last) < m.every {
		return
	}
	m.last = time.Now()
	m.say("%s: %d of %d MB", m.name, done/1e6, (m.total+1e6-1)/1e6)
}
