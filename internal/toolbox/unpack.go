package toolbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/airshipit/packer-plugin-airship/internal/repository/deb"
)

// Deb is a package file.
type Deb struct {
	// Name is the package's, for messages: files in the store are named by their hash.
	Name string `json:"name"`
	// Path of the .deb.
	Path string `json:"path"`
}

// Unpack unpacks debs into the empty directory tree, as many at a time as there are processors. The first one
// is unpacked before all others: it is base-files, which has the links of the merged /usr that others' files
// may lie behind. It runs as root, or as root of a user namespace; owners that the namespace does not map stay
// root. Nothing is written outside tree, whatever the packages hold.
func Unpack(ctx context.Context, debs []Deb, tree string) error {
	root, err := os.OpenRoot(tree)
	if err != nil {
		return err
	}
	directories := make([][]directory, len(debs))
	unpackOne := func(ctx context.Context, i int) error {
		var err error
		directories[i], err = unpackDeb(ctx, debs[i], root)
		return err
	}
	err = eachDeb(ctx, debs, unpackOne)
	if err == nil {
		err = finishDirectories(root, slices.Concat(directories...))
	}
	return errors.Join(err, root.Close())
}

// eachDeb calls unpackOne for the first of debs, then for all others at once: the largest begin first, so that
// none of them is left running alone.
func eachDeb(ctx context.Context, debs []Deb, unpackOne func(context.Context, int) error) error {
	if len(debs) == 0 {
		return errors.New("no packages to unpack")
	}
	sizes := make([]int64, len(debs))
	order := make([]int, len(debs))
	for i, d := range debs {
		info, err := os.Stat(d.Path)
		if err != nil {
			return err
		}
		order[i], sizes[i] = i, info.Size()
	}
	if err := unpackOne(ctx, 0); err != nil {
		return err
	}
	slices.SortStableFunc(order[1:], func(a, b int) int { return cmp.Compare(sizes[b], sizes[a]) })
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range order[1:] {
		group.Go(func() error { return unpackOne(ctx, i) })
	}
	return group.Wait()
}

func unpackDeb(ctx context.Context, d Deb, root *os.Root) ([]directory, error) {
	var directories []directory
	err := d.read(func(data io.Reader) error {
		var err error
		directories, err = writeArchive(ctx, root, data)
		return err
	})
	return directories, err
}

// read hands the package's data archive, a tar stream, to unpack.
func (d Deb) read(unpack func(io.Reader) error) error {
	file, err := deb.Open(d.Path)
	if err != nil {
		return err
	}
	data, err := file.Data()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if err = unpack(data); err != nil {
		err = fmt.Errorf("unpack %s: %w", d.Name, err)
	}
	return errors.Join(err, data.Close(), file.Close())
}

// finishDirectories gives every directory the owner, mode and time of the first package that lists it, as dpkg
// would. It comes last: writing a file changes its directory's time.
func finishDirectories(root *os.Root, all []directory) error {
	done := make(map[string]bool, len(all))
	for _, d := range all {
		if done[d.name] {
			continue
		}
		done[d.name] = true
		if err := finishDirectory(root, d); err != nil {
			return err
		}
	}
	return nil
}

func finishDirectory(root *os.Root, d directory) error {
	info, err := root.Lstat(d.name)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil // a link of the merged /usr: what it leads to has an entry of its own
	}
	file, err := root.Open(d.name)
	if err != nil {
		return err
	}
	if err := errors.Join(setMode(file, d.header), file.Close()); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	return root.Chtimes(d.name, time.Time{}, d.header.ModTime)
}
