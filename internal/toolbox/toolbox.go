// Package toolbox makes the tree of programs that a build runs: a pinned set of Debian packages, unpacked and
// never configured, with the few files that maintainer scripts would have made.
//
// A mirror and a cache directory enter, or a pin from a lock file; a directory leaves that serves, read-only, as
// the root of a user namespace, or a kernel and an initramfs that a QEMU machine starts from.
package toolbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
)

// Options of Ensure, EnsureBoot and EnsureKernel.
type Options struct {
	// CacheDir is the cache's root; toolboxes lie in its directory toolbox.
	CacheDir string
	// Suite of Debian. Empty: trixie.
	Suite string
	// Architecture is Debian's name of the toolbox's.
	Architecture string
	// Mirror is the Debian archive's base URL, the directory that holds dists/ and pool/.
	Mirror string
	// Keyring holds the OpenPGP keys that may have signed the suite. Empty: Debian's.
	Keyring []byte
	// Store keeps the packages; Fetcher downloads into it.
	Store   *store.Store
	Fetcher *store.Fetcher
	// Pin, from a lock file, is used as it is. Nil: what was resolved before on this cache, else what the
	// mirror has now.
	Pin *Pin
	// Owner names whose user ids the tree's files have: lower-case letters, digits and dashes. This and Inside are
	// for trees alone.
	Owner string
	// Inside does a task as root of the mapping that Owner names. It gives Task.Tree, an empty directory of
	// this process's user, to that root first, where that is another user. Nil: in this process.
	Inside func(context.Context, Task) error
	// Progress takes one line a stage; may be nil.
	Progress func(format string, args ...any)
}

// Toolbox is a complete tree.
type Toolbox struct {
	// Dir is the tree, an absolute path. Nobody may write there.
	Dir string
	Pin Pin
	// Digest is a SHA-256 in hex that covers the packages and how this plugin unpacks them.
	Digest string
}

// Ensure returns the toolbox, which it makes where the cache does not hold it: it resolves the packages,
// downloads, unpacks and completes them in a directory beside, and renames that. Several processes may ask at
// a time; one makes it. What a killed one left behind is removed. Where the toolbox is present nothing is
// asked of the network, and Store, Fetcher and Mirror may be empty.
func Ensure(ctx context.Context, o Options) (Toolbox, error) {
	o = o.withDefaults()
	c, err := openCache(o.CacheDir, o.Owner)
	if err != nil {
		return Toolbox{}, err
	}
	return ensure(ctx, c, o, c.lookUp, c.make)
}

func (o Options) withDefaults() Options {
	o.Suite = cmp.Or(o.Suite, Suite)
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	if o.Inside == nil {
		o.Inside = func(ctx context.Context, t Task) error { return t.Do(ctx) }
	}
	return o
}

// ensure returns what lookUp finds, or else what one process at a time makes, after what a killed one left is gone.
func ensure[T any](ctx context.Context, c cache, o Options,
	lookUp func(Options) (T, bool, error), build func(context.Context, Options) (T, error),
) (T, error) {
	var none T
	if found, ok, err := lookUp(o); ok || err != nil {
		return found, err
	}
	unlock, err := c.lock(ctx, o.Progress)
	if err != nil {
		return none, err
	}
	// Another process may have made it while this one waited for the lock.
	made, ok, err := lookUp(o)
	if !ok && err == nil {
		if err = c.clean(ctx, o.Inside); err == nil {
			made, err = build(ctx, o)
		}
	}
	if err = errors.Join(err, unlock()); err != nil {
		return none, err
	}
	return made, nil
}

// lookUp finds a complete toolbox by the given or the remembered pin.
func (c cache) lookUp(o Options) (Toolbox, bool, error) {
	pin, ok, err := c.known(o)
	if !ok || err != nil {
		return Toolbox{}, false, err
	}
	found, err := c.toolbox(pin)
	if err != nil {
		return Toolbox{}, false, err
	}
	_, err = os.Lstat(found.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Toolbox{}, false, nil
	}
	return found, err == nil, err
}

// known is the given pin, else the remembered one.
func (c cache) known(o Options) (Pin, bool, error) {
	if o.Pin == nil {
		return c.remembered(o.Suite, o.Architecture)
	}
	if err := o.Pin.Check(); err != nil {
		return Pin{}, false, err
	}
	if o.Pin.Suite != o.Suite || o.Pin.Architecture != o.Architecture {
		return Pin{}, false, fmt.Errorf("toolbox pin: it is for %s %s, and %s %s is asked for",
			o.Pin.Suite, o.Pin.Architecture, o.Suite, o.Architecture)
	}
	return *o.Pin, true, nil
}

// make makes the toolbox, under the lock.
func (c cache) make(ctx context.Context, o Options) (Toolbox, error) {
	pin, debs, err := c.packages(ctx, o, func(string) bool { return true })
	if err != nil {
		return Toolbox{}, err
	}
	return c.build(ctx, o, pin, debs)
}

// packages resolves, where no pin is known, and downloads those that wanted names. A remembered pin whose packages
// the mirror has dropped since is resolved again: nobody wrote it down to be kept.
func (c cache) packages(ctx context.Context, o Options, wanted func(name string) bool) (Pin, []Deb, error) {
	pin, ok, err := c.known(o)
	if err != nil {
		return Pin{}, nil, err
	}
	if ok {
		debs, err := download(ctx, o, pin, wanted)
		if !superseded(err) {
			return pin, debs, err
		}
		if o.Pin != nil {
			return Pin{}, nil, fmt.Errorf("the mirror no longer has the lock's toolbox packages; "+
				"resolve again, or name a mirror that keeps them: %w", err)
		}
		o.Progress("toolbox: the mirror has newer packages than the cache remembers")
	}
	start := time.Now()
	if pin, err = resolve(ctx, o); err != nil {
		return Pin{}, nil, err
	}
	if err := c.remember(pin); err != nil {
		return Pin{}, nil, err
	}
	o.Progress("toolbox: %d packages of %s resolved in %s", len(pin.Packages), pin.Suite, since(start))
	debs, err := download(ctx, o, pin, wanted)
	return pin, debs, err
}

// build unpacks and completes the tree, then gives it its name.
func (c cache) build(ctx context.Context, o Options, pin Pin, debs []Deb) (Toolbox, error) {
	made, err := c.toolbox(pin)
	if err != nil {
		return Toolbox{}, err
	}
	start := time.Now()
	partial := made.Dir + partialSuffix
	if err := os.Mkdir(partial, 0o755); err != nil {
		return Toolbox{}, err
	}
	if err := o.Inside(ctx, Task{Tree: partial, Debs: debs, Architecture: pin.Architecture}); err != nil {
		// The context may have ended, and what was unpacked must go all the same.
		return Toolbox{}, errors.Join(err, c.clean(context.WithoutCancel(ctx), o.Inside))
	}
	if err := os.Rename(partial, made.Dir); err != nil {
		return Toolbox{}, err
	}
	o.Progress("toolbox: unpacked in %s to %s", since(start), filepath.Base(made.Dir))
	return made, nil
}

func since(start time.Time) time.Duration { return time.Since(start).Round(100 * time.Millisecond) }
