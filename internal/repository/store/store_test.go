package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
)

// helloSHA256 is `printf hello | sha256sum`.
const helloSHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestPutThenOpen(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	_, there := s.Path(helloSHA256)
	require.False(t, there)
	_, err = s.Open(helloSHA256)
	require.ErrorIs(t, err, fs.ErrNotExist)

	for range 2 { // the second finds it there
		sum, err := s.Put(t.Context(), strings.NewReader("hello"))
		require.NoError(t, err)
		require.Equal(t, helloSHA256, sum)
	}
	path, there := s.Path(helloSHA256)
	require.True(t, there)
	require.Equal(t, filepath.Join(s.dir, "sha256", "2c", helloSHA256), path)
	file, err := s.Open(helloSHA256)
	require.NoError(t, err)
	defer file.Close()
	data, err := io.ReadAll(file)
	require.NoError(t, err)
	require.Equal(t, "hello", string(data))
	require.Empty(t, partials(t, s))
}

func TestPutOfNothing(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	_, err = s.Put(t.Context(), strings.NewReader(""))
	require.NoError(t, err)
	requireSound(t, s, 1)
}

func TestPutBrokenOff(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	broken := io.MultiReader(strings.NewReader("hel"), failingReader{})
	_, err = s.Put(t.Context(), broken)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Put(ctx, strings.NewReader("hello"))
	require.ErrorIs(t, err, context.Canceled)
	requireSound(t, s, 0)
	require.Empty(t, partials(t, s))
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestPathTakesHashesAlone(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	for _, name := range []string{
		"", "ab", "../../../../etc/passwd", strings.ToUpper(helloSHA256), helloSHA256 + "0",
		"../" + helloSHA256[3:],
	} {
		_, there := s.Path(name)
		require.False(t, there, name)
		_, err := s.Open(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
}

// A file may be renamed or removed between a rival's open and its lock; the rival must then not
// take the old file for the one of that name.
func TestLockedFileIsTheNamedOne(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	name := strings.Repeat("a", 64)
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			for range 2000 {
				part, err := s.acquire(t.Context(), name, false)
				if errors.Is(err, flock.ErrBusy) {
					continue
				}
				if err != nil {
					return err
				}
				if !flock.StillAt(part.file, part.path) {
					return errors.New("locked a file that is not there any more")
				}
				part.discard()
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}

func TestCommittedPartialLeavesItsNameToOthers(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	name := strings.Repeat("a", 64)
	first, err := s.acquire(t.Context(), name, false)
	require.NoError(t, err)
	require.NoError(t, first.commit(helloSHA256))
	second, err := s.acquire(t.Context(), name, false)
	require.NoError(t, err)
	defer second.discard()
	first.discard()
	require.Equal(t, []string{name}, partials(t, s))
}

func TestOpenSweepsAbandonedPartials(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	write := func(name string, age time.Duration) string {
		path := filepath.Join(s.partialDir(), name)
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o644))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(-age)))
		return path
	}
	young := strings.Repeat("a", 64)
	held := strings.Repeat("b", 64)
	write(young, time.Hour)
	write(strings.Repeat("c", 64), 8*24*time.Hour)
	write("put-gone", 0)
	part, err := s.acquire(t.Context(), held, false)
	require.NoError(t, err)
	defer part.release()
	require.NoError(t, os.Chtimes(part.path, time.Time{}, time.Now().Add(-8*24*time.Hour)))
	_, err = Open(s.dir)
	require.NoError(t, err)
	require.Equal(t, []string{young, held}, partials(t, s))
}
