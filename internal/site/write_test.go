package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// snapshot is what is in a directory, by file.
func snapshot(t *testing.T, directory string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		all[path] = "(directory)"
		if !entry.IsDir() {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			all[path] = string(data)
		}
		return nil
	}))
	return all
}

func decided(t *testing.T, directory string, output Output) *Changes {
	t.Helper()
	changes, err := read(t, Source{Documents: []string{directory}}).Point(t.Context(), []Image{controlPlane(), worker(), ephemeral()}, everything(), output)
	require.NoError(t, err)
	return changes
}

// A document that someone else changes meanwhile stays as it is, and so do all others.
func TestChangedMeanwhile(t *testing.T) {
	for _, form := range []Form{InPlace, Directory, Patch} {
		for what, change := range map[string]func(file string) error{
			"was changed by someone else since it was read": func(file string) error { return os.WriteFile(file, []byte("# theirs\n"), 0o644) },
			"cannot be read any more":                       os.Remove,
		} {
			directory := copied(t, "site")
			out := filepath.Join(t.TempDir(), "out")
			changes := decided(t, directory, Output{Form: form, Directory: out})
			file := filepath.Join(directory, "hosts", "hosts.yaml")
			require.NoError(t, change(file))
			before := snapshot(t, directory)
			err := changes.Write()
			require.ErrorContains(t, err, file+": "+what)
			require.ErrorContains(t, err, "nothing was written")
			assert.Equal(t, before, snapshot(t, directory))
			assert.NoDirExists(t, out)
		}
	}
	directory := copied(t, "site")
	changes := decided(t, directory, Output{Directory: filepath.Join(directory, "new")})
	theirs := filepath.Join(directory, "new", "airshipimage-ephemeral.yaml")
	writeFile(t, theirs, "theirs")
	require.ErrorContains(t, changes.Write(), "was made by someone else meanwhile")
	assert.Equal(t, "theirs", string(existing(theirs)))
}

// A file that cannot be written leaves all as they were.
func TestCannotBeWritten(t *testing.T) {
	directory := copied(t, "site")
	blocked := filepath.Join(directory, "blocked")
	require.NoError(t, os.WriteFile(blocked, nil, 0o644))
	changes := decided(t, directory, Output{Directory: filepath.Join(blocked, "new")})
	before := snapshot(t, directory)
	err := changes.Write()
	require.ErrorContains(t, err, "airshipimage-ephemeral.yaml: cannot be written: not a directory; nothing was changed")
	assert.Equal(t, before, snapshot(t, directory))

	if os.Getuid() != 0 { // root writes anything
		changes = decided(t, directory, Output{Directory: filepath.Join(directory, "new")})
		name := filepath.Join(directory, "hosts", "hosts.yaml")
		require.NoError(t, os.Chmod(name, 0o444))
		err = changes.Write()
		require.ErrorContains(t, err, name+": cannot be written: permission denied; nothing was changed")
		assert.Equal(t, before, snapshot(t, directory))
	}
}

// When the last of the names cannot be given, the others get back what they had.
func TestPutBack(t *testing.T) {
	directory := copied(t, "site")
	changes := decided(t, directory, Output{Directory: filepath.Join(directory, "a", "b")})
	require.Greater(t, len(changes.Files), 3)
	require.NoError(t, os.Chmod(changes.Files[1].Name, 0o600))
	before := snapshot(t, directory)
	var all []*staged
	for _, change := range changes.Files {
		one, err := stage(change)
		require.NoError(t, err)
		all = append(all, one)
	}
	last := all[len(all)-1]
	last.target = filepath.Join(directory, "catalogues") // a directory takes no file's name
	err := commit(all)
	require.ErrorContains(t, err, last.Name+": cannot be written: ")
	assert.Equal(t, before, snapshot(t, directory))
	info, err := os.Stat(changes.Files[1].Name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// Modes and links stay.
func TestModesAndLinks(t *testing.T) {
	directory := t.TempDir()
	data, err := os.ReadFile("testdata/site/hosts/hosts.yaml")
	require.NoError(t, err)
	file := filepath.Join(directory, "real", "hosts.yaml")
	writeFile(t, file, string(data))
	require.NoError(t, os.Chmod(file, 0o640))
	link := filepath.Join(directory, "site", "hosts.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(link), 0o755))
	require.NoError(t, os.Symlink(file, link))
	changes, err := read(t, Source{Documents: []string{filepath.Dir(link)}}).Point(t.Context(), []Image{worker()}, Request{Targets: []Target{{Kind: "BareMetalHost"}}}, Output{})
	require.NoError(t, err)
	require.NoError(t, changes.Write())
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink)
	info, err = os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	assert.True(t, strings.Contains(string(existing(file)), worker().URL))
}
