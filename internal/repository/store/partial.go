package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
)

const (
	putPrefix = "put-"
	// staleAfter is how long a broken-off download waits to be continued.
	staleAfter = 7 * 24 * time.Hour
	// A lock is asked for again at these intervals: flock(2) itself cannot be given up when a
	// context ends.
	firstPoll, lastPoll = 50 * time.Millisecond, 500 * time.Millisecond
)

// partial is an incomplete file of which this process is the only writer.
type partial struct {
	store *Store
	path  string
	file  *os.File
	hash  hash.Hash // of the size bytes that are there
	size  int64
}

// acquire opens or makes a partial file and locks it, without reading it. Where another holds it,
// acquire waits, or returns flock.ErrBusy.
func (s *Store) acquire(ctx context.Context, name string, wait bool) (*partial, error) {
	path := filepath.Join(s.partialDir(), name)
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		file, err := s.openLocked(path)
		if err == nil {
			return &partial{store: s, path: path, file: file, hash: sha256.New()}, nil
		}
		if !errors.Is(err, flock.ErrBusy) || !wait {
			return nil, err
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// openLocked tries once; flock.ErrBusy where another has the lock.
func (s *Store) openLocked(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, s.fault(err)
		}
		if err := flock.Try(file); err != nil {
			file.Close()
			if errors.Is(err, flock.ErrBusy) {
				return nil, err
			}
			return nil, s.fault(err)
		}
		if flock.StillAt(file, path) {
			return file, nil
		}
		// Between the open and the lock its former writer renamed it to its final name, or removed
		// it: this lock is on a file that must not be written.
		file.Close()
	}
}

// reread hashes what an earlier download has left. Whether those bytes are right shows only when
// the file is complete, so no validator (ETag) needs to be kept beside them.
func (p *partial) reread(ctx context.Context) error {
	if err := copyBytes(ctx, writerFunc(p.count), p.file); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return p.store.fault(err)
	}
	return nil
}

func (p *partial) count(data []byte) (int, error) {
	p.size += int64(len(data))
	return p.hash.Write(data)
}

// Write appends. An error is a *DiskError.
func (p *partial) Write(data []byte) (int, error) {
	n, err := p.file.Write(data)
	p.count(data[:n])
	if err != nil {
		return n, p.store.fault(err)
	}
	return n, nil
}

func (p *partial) sum() string { return hex.EncodeToString(p.hash.Sum(nil)) }

// restart empties the file.
func (p *partial) restart() error {
	p.hash.Reset()
	p.size = 0
	if err := p.file.Truncate(0); err != nil {
		return p.store.fault(err)
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return p.store.fault(err)
	}
	return nil
}

// commit gives the file its final name; the caller has compared the hash. The bytes are on the
// disk before the name is. The directory is not synced: a power cut that takes the name back costs
// another download and nothing else.
func (p *partial) commit(sha256 string) error {
	if err := p.file.Sync(); err != nil {
		return p.store.fault(err)
	}
	final := p.store.final(sha256)
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return p.store.fault(err)
	}
	if err := os.Rename(p.path, final); err != nil {
		return p.store.fault(err)
	}
	p.path = ""
	return nil
}

// release ends this process's claim; bytes that are there wait to be continued.
func (p *partial) release() {
	if p.size == 0 {
		p.discard()
		return
	}
	p.file.Close()
}

// discard removes the file unless it was committed.
func (p *partial) discard() {
	if p.path != "" {
		// Removed while locked, so that it is certainly ours. One that stays is swept later.
		_ = os.Remove(p.path)
	}
	p.file.Close()
}

// sweep removes abandoned partial files: a Put's at once, a download's after staleAfter. It is
// housekeeping: a store that cannot be written can still be read, so errors don't matter.
func (s *Store) sweep() {
	entries, err := os.ReadDir(s.partialDir())
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if !strings.HasPrefix(entry.Name(), putPrefix) && time.Since(info.ModTime()) < staleAfter {
			continue
		}
		s.sweepOne(filepath.Join(s.partialDir(), entry.Name()))
	}
}

func (s *Store) sweepOne(path string) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer file.Close()
	if flock.Try(file) == nil && flock.StillAt(file, path) {
		_ = os.Remove(path)
	}
}

// copyBytes copies until r ends or ctx does.
func copyBytes(ctx context.Context, w io.Writer, r io.Reader) error {
	buffer := make([]byte, 128<<10)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := r.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }

// sleep waits for d, or less when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
