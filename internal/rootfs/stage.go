package rootfs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/until"
)

// stage is the tree of a plan's packages as a cache keeps it, under the digest of all that it follows from.
type stage struct {
	directory string
	digest    string
	plan      plan.Plan
	say       func(format string, args ...any)
}

// stagesKept is how many trees a cache keeps, those used last. One takes some 150 MB.
const stagesKept = 12

// Reuse fills Target with the plan's packages: with the tree that a cache has of them, else by install, and keeps that tree. Of builds
// that need one tree the first makes it, and the others wait; those of other trees do not.
func Reuse(
	ctx context.Context, m machine.Machine, p plan.Plan, cacheDir string, say func(format string, args ...any), install func(context.Context) error,
) error {
	s := stage{directory: filepath.Join(cacheDir, "stages"), digest: stageDigest(p), plan: p, say: say}
	if err := os.MkdirAll(s.directory, 0o755); err != nil {
		return err
	}
	tree, err := s.open()
	if err == nil && tree == nil {
		var lock *os.File
		if lock, err = s.acquire(ctx); err != nil {
			return err
		}
		defer lock.Close()
		// Another build may have made it meanwhile.
		if tree, err = s.open(); err == nil && tree == nil {
			return s.make(ctx, m, install)
		}
		// An open tree is whole even when it is removed: who reads it keeps nobody waiting.
		err = errors.Join(err, lock.Close())
	}
	if err != nil {
		return err
	}
	defer tree.Close()
	switch err := s.restore(ctx, m, tree); {
	case err == nil:
		say("an earlier build installed the same packages: its tree is taken")
		return nil
	case ctx.Err() != nil:
		return err
	default:
		say("the tree that an earlier build kept is of no use, so the packages are installed: %v", err)
	}
	err = Clear(ctx, m)
	if err := errors.Join(err, s.dropDamaged(ctx, tree)); err != nil {
		return err
	}
	return install(ctx)
}

// open is the tree; nil where the cache has none.
func (s stage) open() (*os.File, error) {
	file, err := os.Open(s.path(treeEnding))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return file, err
}

// acquire takes the lock of whoever makes or removes the tree.
func (s stage) acquire(ctx context.Context) (*os.File, error) {
	for {
		lock, err := os.OpenFile(s.path(lockEnding), os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		err = flock.Wait(ctx, lock, func() { s.say("another build installs the same packages; waiting for it") })
		if err != nil {
			return nil, errors.Join(err, lock.Close())
		}
		// Its former owner may have removed it with its tree.
		if flock.StillAt(lock, lock.Name()) {
			return lock, nil
		}
		lock.Close()
	}
}

// make installs the packages and keeps their tree. A build does not fail for want of the latter.
func (s stage) make(ctx context.Context, m machine.Machine, install func(context.Context) error) error {
	if err := install(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := s.keep(ctx, m); err != nil {
		if ctx.Err() == nil {
			s.say("%v; the build goes on without", err)
		}
		return context.Cause(ctx)
	}
	s.say("kept for later builds with the same packages, %.1f s", time.Since(began).Seconds())
	return nil
}

// stageDigest covers the plan's packages and the way in which this version installs them.
func stageDigest(p plan.Plan) string {
	sum := sha256.Sum256([]byte(p.Digests().RootFS + divertScript + strings.Join(tarTree, " ")))
	return hex.EncodeToString(sum[:])
}

func (s stage) path(ending string) string { return filepath.Join(s.directory, s.digest+ending) }

// Endings of files in the cache: a tree, a compressed tar archive; one that is being written; the lock of whoever does that.
const (
	treeEnding    = ".tar.zst"
	partialEnding = ".partial"
	lockEnding    = ".lock"
)

// tarTree writes Target as a tar archive with all that dpkg made of it. Holes in files stay holes: mke2fs counts what it writes,
// and the count is in the file system.
var tarTree = []string{
	"tar", "--create", "--file=-", "--directory", machine.Target, "--format=posix", "--sort=name", "--sparse", "--numeric-owner",
	"--xattrs", "--xattrs-include=*", "--one-file-system", ".",
}

// untarTree fills Target again.
var untarTree = []string{
	"tar", "--extract", "--file=-", "--directory", machine.Target, "--preserve-permissions", "--numeric-owner", "--xattrs", "--xattrs-include=*",
}

// restore puts the tree into Target, which is empty.
func (s stage) restore(ctx context.Context, m machine.Machine, file *os.File) error {
	// What is used last is kept longest.
	now := time.Now()
	_ = os.Chtimes(s.path(treeEnding), now, now)
	if err := MountTarget(ctx, m, sizeOf(s.plan.RootFS.Packages)); err != nil {
		return err
	}
	tree, err := zstd.NewReader(until.Reader(ctx, file))
	if err != nil {
		return err
	}
	defer tree.Close()
	return m.Run(ctx, machine.Command{Args: untarTree, Stdin: tree})
}

var errEmptyTree = errors.New("the tree is empty")

// dropDamaged removes a tree that cannot be read. One that found no room in Target is as good as before.
func (s stage) dropDamaged(ctx context.Context, file *os.File) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	tree, err := zstd.NewReader(until.Reader(ctx, file))
	if err == nil {
		defer tree.Close()
		var size int64
		if size, err = io.Copy(io.Discard, tree); err == nil && size == 0 {
			err = errEmptyTree // a crash of the host leaves that of what was not written out
		}
	}
	if err == nil || ctx.Err() != nil || !flock.StillAt(file, file.Name()) {
		return context.Cause(ctx)
	}
	return os.Remove(file.Name())
}

// clearTarget leaves Target as it is before a build. What lies under MountTarget's file system may be one of the machine's.
const clearTarget = "while grep -q '^" + targetDevice + " ' /proc/self/mounts; do umount " + machine.Target + " || exit; done; find " + machine.Target + " -mindepth 1 -delete"

// Clear empties Target, which a try before may have filled.
func Clear(ctx context.Context, m machine.Machine) error {
	return m.Run(ctx, machine.Command{Args: []string{"sh", "-c", clearTarget}})
}

// keep puts the tree in Target into the cache, and removes those that were not used for long.
func (s stage) keep(ctx context.Context, m machine.Machine) (err error) {
	partial := s.path(partialEnding)
	file, err := os.Create(partial) // the lock's owner alone writes it
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("keep the packages' tree: %w", err), os.Remove(partial))
		}
	}()
	// The cache is read more often than written, but a build waits for both: the fastest level.
	compressed, err := zstd.NewWriter(file, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return errors.Join(err, file.Close())
	}
	err = m.Run(ctx, machine.Command{Args: tarTree, Stdout: compressed})
	if err := errors.Join(err, compressed.Close(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(partial, s.path(treeEnding)); err != nil {
		return err
	}
	return s.prune()
}

// prune removes the trees that were used longest ago, and what killed builds left.
func (s stage) prune() error {
	entries, err := os.ReadDir(s.directory)
	if err != nil {
		return err
	}
	used := map[string]time.Time{} // of each digest; zero where it has no tree
	for _, e := range entries {
		digest, ending, _ := strings.Cut(e.Name(), ".")
		info, err := e.Info()
		switch {
		case err == nil && "."+ending == treeEnding:
			used[digest] = info.ModTime()
		case err == nil && used[digest].IsZero():
			used[digest] = time.Time{}
		}
	}
	digests := slices.SortedFunc(maps.Keys(used), func(a, b string) int { return used[b].Compare(used[a]) })
	for i, digest := range digests {
		if digest != s.digest && (i >= stagesKept || used[digest].IsZero()) {
			err = errors.Join(err, stage{directory: s.directory, digest: digest}.remove())
		}
	}
	return err
}

// remove takes a tree, or what is left of one, out of the cache, unless a build is making it.
func (s stage) remove() error {
	lock, err := os.OpenFile(s.path(lockEnding), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := flock.Try(lock); errors.Is(err, flock.ErrBusy) {
		return nil
	} else if err != nil {
		return err
	}
	if !flock.StillAt(lock, lock.Name()) {
		return nil // another build has just removed it
	}
	for _, ending := range []string{treeEnding, partialEnding, lockEnding} {
		if removed := os.Remove(s.path(ending)); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}
	return err
}
