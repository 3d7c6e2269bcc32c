package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/airshipit/packer-plugin-airship/internal/until"
	"github.com/airshipit/packer-plugin-airship/internal/wholefile"
)

// bring makes the file partial of a source: as a clone where the file system can, else as a copy. A hard link would change with the source,
// which is somebody's to boot or to resize. It returns the sums of what is there then.
func (p place) bring(ctx context.Context, source, partial string) (sums, error) {
	from, err := os.Open(source)
	if err != nil {
		return sums{}, err
	}
	defer from.Close()
	if clone(from, partial) != nil {
		return p.copy(ctx, from, partial)
	}
	there, err := os.Open(partial)
	if err != nil {
		return sums{}, err
	}
	defer there.Close()
	return sumsOf(ctx, there, p.image.Size, p.meter(p.image.Name+", reading it", p.image.Size).at)
}

// block is what copy looks at for zeros, bytes.
const block = 64 << 10

// copy copies a file; what is zero takes no room.
func (p place) copy(ctx context.Context, from *os.File, partial string) (sums, error) {
	to, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return sums{}, err
	}
	defer to.Close()
	h := newHashes()
	all := io.MultiWriter(h, counter{p.meter(p.image.Name, p.image.Size).at, new(int64)}, holes{to})
	// Readers and writers that copy in their own way would pass the context or the holes by.
	_, err = io.CopyBuffer(struct{ io.Writer }{all}, until.Reader(ctx, from), make([]byte, block))
	if err == nil {
		err = errors.Join(to.Truncate(p.image.Size), to.Sync())
	}
	return h.sums(), err
}

// holes writes a file and skips blocks of zeros.
type holes struct{ file *os.File }

var zeros [block]byte

func (h holes) Write(p []byte) (int, error) {
	if bytes.Equal(p, zeros[:len(p)]) {
		_, err := h.file.Seek(int64(len(p)), io.SeekCurrent)
		return len(p), err
	}
	return h.file.Write(p)
}

// small writes a small file, unless it is there.
func (p place) small(name string, data []byte) error {
	if now, err := os.ReadFile(p.path(name)); err == nil && bytes.Equal(now, data) {
		return nil
	}
	return wholefile.Write(p.path(name), data)
}

// explainDisk says a full disk in the user's terms.
func explainDisk(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("no space is left there: %w", err)
	}
	return err
}
