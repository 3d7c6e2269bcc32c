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

// tagTries is how often a tag is written again that another host's build wrote meanwhile.
const tagTries = 5

// turns runs write, which lets the tag name something that follows from what it names now. A registry knows no way to change a tag only if nobody else
// does; so builds of one host take turns, and where one of another host wrote its own meanwhile it is done again.
func (c *connection) turns(ctx context.Context, write func() error) error {
	lock, err := c.lockTag(ctx)
	if err != nil {
		return err
	}
	defer lock.Close() // of nil it does nothing
	for range tagTries {
		err = write()
		var other *moved
		if !errors.As(err, &other) {
			return err
		}
	}
	return fmt.Errorf("builds of other hosts wrote it each of %d times that this one did; publish again when they are done: %w", tagTries, err)
}

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
