package publish

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
)

// lockTag keeps other builds of this host from the tag until the file is closed: what it names is read, added to and written, and registries
// know no way to do that at once. nil, where no directory for locks was given or the system has none.
func (c *connection) lockTag(ctx context.Context) (*os.File, error) {
	if c.Locks == "" {
		return nil, nil
	}
	if err := os.MkdirAll(c.Locks, 0o755); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%x.lock", sha256.Sum256([]byte(c.tag())))
	lock, err := os.OpenFile(filepath.Join(c.Locks, name), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = flock.Wait(ctx, lock, func() { c.Say("another build writes %s; waiting for it", c.tag()) })
	if err == nil {
		return lock, nil
	}
	err = errors.Join(err, lock.Close())
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil
	}
	return nil, err
}
