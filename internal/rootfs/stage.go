package rootfs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// Stage is the tree of a plan's packages as the cache keeps it, under the digest of all that it follows from. Builds that need the
// same tree wait for the first one to make it; those of other trees do not.
type Stage struct {
	directory string
	digest    string
	lock      *os.File
	plan      plan.Plan
}

// stagesKept is how many trees a cache keeps, those used last. One takes some 150 MB.
const stagesKept = 12

// OpenStage finds the stage of a plan in a cache. It waits while another build makes it. Close gives it to others.
func OpenStage(ctx context.Context, cacheDir string, p plan.Plan, say func(format string, args ...any)) (*Stage, error) {
	s := &Stage{directory: filepath.Join(cacheDir, "stages"), digest: stageDigest(p), plan: p}
	if err := os.MkdirAll(s.directory, 0o755); err != nil {
		return nil, err
	}
	var err error
	for {
		if s.lock, err = os.OpenFile(s.path(".lock"), os.O_RDWR|os.O_CREATE, 0o644); err != nil {
			return nil, err
		}
		err = flock.Wait(ctx, s.lock, func() { say("another build installs the same packages; waiting for it") })
		if err != nil {
			return nil, errors.Join(err, s.lock.Close())
		}
		// Its former owner may have removed it with its tree.
		if flock.StillAt(s.lock, s.lock.Name()) {
			return s, nil
		}
		s.lock.Close()
	}
}

// stageDigest covers the plan's packages and the way in which this version installs them.
func stageDigest(p plan.Plan) string {
	sum := sha256.Sum256([]byte(p.Digests().RootFS + divertScript + strings.Join(tarTree, " ")))
	return hex.EncodeToString(sum[:])
}

func (s *Stage) path(ending string) string { return filepath.Join(s.directory, s.digest+ending) }

// treeEnding is of a tree: a tar archive, compressed.
const treeEnding = ".tar.zst"

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

// Restore puts the tree into Target, which is empty; false where the cache has none. A tree that cannot be read is removed.
func (s *Stage) Restore(ctx context.Context, m machine.Machine) (bool, error) {
	file, err := os.Open(s.path(treeEnding))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	// What is used last is kept longest.
	now := time.Now()
	_ = os.Chtimes(file.Name(), now, now)
	if err := MountTarget(ctx, m, sizeOf(s.plan.RootFS.Packages)); err != nil {
		return false, err
	}
	err = restore(ctx, m, file)
	if err == nil || ctx.Err() != nil {
		return err == nil, err
	}
	// The packages are all there still: the build makes the tree anew.
	if err := errors.Join(os.Remove(file.Name()), m.Run(ctx, machine.Command{Args: []string{"sh", "-c", clearTarget}})); err != nil {
		return false, fmt.Errorf("remove a stage that is no good: %w", err)
	}
	return false, nil
}

// clearTarget leaves Target as it is before a build.
const clearTarget = "umount " + machine.Target + " 2>/dev/null; find " + machine.Target + " -mindepth 1 -delete"

func restore(ctx context.Context, m machine.Machine, file io.Reader) error {
	tree, err := zstd.NewReader(until.Reader(ctx, file))
	if err != nil {
		return err
	}
	defer tree.Close()
	return m.Run(ctx, machine.Command{Args: untarTree, Stdin: tree})
}

// Keep puts the tree in Target into the cache, and removes those that were not used for long.
func (s *Stage) Keep(ctx context.Context, m machine.Machine) (err error) {
	partial := s.path(".partial")
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
func (s *Stage) prune() error {
	entries, err := os.ReadDir(s.directory)
	if err != nil {
		return err
	}
	type tree struct {
		digest string
		used   time.Time
	}
	var trees []tree
	for _, e := range entries {
		digest, isTree := strings.CutSuffix(e.Name(), treeEnding)
		if info, err := e.Info(); err == nil && isTree {
			trees = append(trees, tree{digest, info.ModTime()})
		}
	}
	slices.SortFunc(trees, func(a, b tree) int { return b.used.Compare(a.used) })
	for _, t := range trees[min(stagesKept, len(trees)):] {
		if t.digest != s.digest {
			err = errors.Join(err, s.remove(t.digest))
		}
	}
	return err
}

// remove takes a tree that no build uses now out of the cache.
func (s *Stage) remove(digest string) error {
	other := Stage{directory: s.directory, digest: digest}
	lock, err := os.OpenFile(other.path(".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := flock.Try(lock); errors.Is(err, flock.ErrBusy) {
		return nil
	} else if err != nil {
		return err
	}
	err = os.Remove(other.path(treeEnding))
	_ = os.Remove(other.path(".partial"))
	return errors.Join(err, os.Remove(lock.Name()))
}

// Close gives the stage to other builds.
func (s *Stage) Close() error { return s.lock.Close() }
