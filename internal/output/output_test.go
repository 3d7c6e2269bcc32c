package output

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var sums = map[string][]byte{"node.qcow2.sha256": []byte("sum")}

func wanted(directory string) Wanted {
	return Wanted{Directory: directory, Files: []string{"node.qcow2", "node.vhd"}, Trees: []string{"node"}, Beside: []string{"node.qcow2.sha256"}}
}

func TestDeliver(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	set, err := Reserve(wanted(dir))
	require.NoError(t, err)
	_, err = set.File("node.qcow2").WriteString("disk")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(set.File("node").Name(), "etc"), nil, 0o600))
	require.Nil(t, set.File("other"))
	require.NoFileExists(t, filepath.Join(dir, "node.qcow2"))
	files, err := set.Deliver(sums)
	require.NoError(t, err)
	assert.Equal(t, []string{dir + "/node.qcow2", dir + "/node.vhd", dir + "/node", dir + "/node.qcow2.sha256"}, files)
	require.NoError(t, set.Discard(), "a cleanup after delivery")
	assert.Equal(t, []string{"node", "node.qcow2", "node.qcow2.sha256", "node.vhd"}, names(t, dir))
	assert.FileExists(t, dir+"/node/etc")
}

func TestDiscard(t *testing.T) {
	dir := t.TempDir()
	set, err := Reserve(wanted(dir))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(set.File("node").Name(), "etc"), nil, 0o600))
	require.NoError(t, set.Discard())
	assert.Empty(t, names(t, dir))
}

func TestExistingFilesAreKept(t *testing.T) {
	for _, name := range []string{"node.qcow2", "node.vhd", "node", "node.qcow2.sha256"} {
		w := wanted(t.TempDir())
		precious := filepath.Join(w.Directory, name)
		require.NoError(t, os.WriteFile(precious, []byte("precious"), 0o600))
		_, err := Reserve(w)
		require.ErrorContains(t, err, precious+" exists: ")
		assert.Len(t, names(t, w.Directory), 1)

		w.Replace = true
		set, err := Reserve(w)
		require.NoError(t, err)
		require.NoError(t, set.Discard())
		text, err := os.ReadFile(precious)
		require.NoError(t, err)
		assert.Equal(t, "precious", string(text), "a build that failed replaced a file")
	}
}

func TestWhatAppearsMeanwhileIsKept(t *testing.T) {
	dir := t.TempDir()
	set, err := Reserve(wanted(dir))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "node.vhd"), []byte("precious"), 0o600))
	_, err = set.Deliver(sums)
	require.ErrorContains(t, err, "exists")
	require.NoError(t, set.Discard())
	assert.Equal(t, []string{"node.vhd"}, names(t, dir))
}

func TestReplaced(t *testing.T) {
	w := wanted(t.TempDir())
	w.Replace = true
	for _, text := range []string{"old", "new"} {
		set, err := Reserve(w)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(set.File("node").Name(), text), nil, 0o600))
		_, err = set.Deliver(sums)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"new"}, names(t, filepath.Join(w.Directory, "node")))
	assert.Len(t, names(t, w.Directory), 4)
}

func TestTwoBuildsOfOneImage(t *testing.T) {
	w := wanted(t.TempDir())
	w.Replace = true
	first, err := Reserve(w)
	require.NoError(t, err)
	for _, name := range []string{"node.qcow2", "node.vhd", "node.qcow2.sha256"} {
		other := w
		other.Files, other.Trees, other.Beside = []string{"other.qcow2"}, nil, []string{name}
		_, err = Reserve(other)
		require.ErrorContains(t, err, "another build is writing "+filepath.Join(w.Directory, name))
	}
	assert.Len(t, names(t, w.Directory), 4, "the second's own file stayed")
	require.NoError(t, first.Discard())
}

func TestLeftoverOfAKilledBuildIsUsedAgain(t *testing.T) {
	w := wanted(t.TempDir())
	killed, err := Reserve(w)
	require.NoError(t, err)
	_, err = killed.File("node.qcow2").WriteString("half a disk")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(killed.File("node").Name(), "half"), nil, 0o600))
	require.NoError(t, killed.close())

	set, err := Reserve(w)
	require.NoError(t, err)
	info, err := set.File("node.qcow2").Stat()
	require.NoError(t, err)
	assert.Zero(t, info.Size())
	_, err = set.Deliver(sums)
	require.NoError(t, err)
	assert.Len(t, names(t, w.Directory), 4)
	assert.Empty(t, names(t, filepath.Join(w.Directory, "node")))
}

func names(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestDiscardItsDirectory(t *testing.T) {
	own, given := filepath.Join(t.TempDir(), "own"), t.TempDir()
	for _, dir := range []string{own, given} {
		set, err := Reserve(wanted(dir))
		require.NoError(t, err)
		require.NoError(t, set.Discard())
	}
	assert.NoDirExists(t, own)
	assert.DirExists(t, given)
}

func TestDeliveryThatFails(t *testing.T) {
	w := wanted(t.TempDir())
	set, err := Reserve(w)
	require.NoError(t, err)
	// The second file is gone.
	require.NoError(t, os.Remove(set.File("node.vhd").Name()))
	_, err = set.Deliver(sums)
	require.ErrorContains(t, err, "deliver "+w.Directory+"/node.vhd")
	require.NoError(t, set.Discard())
	assert.Empty(t, names(t, w.Directory), "a part was delivered")
}

// What is replaced is there again after a delivery that failed, and a second try delivers.
func TestDeliveryThatFailsOverOthers(t *testing.T) {
	w := wanted(t.TempDir())
	w.Replace = true
	deliver := func(text string, try func(*Set) error) {
		set, err := Reserve(w)
		require.NoError(t, err)
		for _, name := range w.Files {
			_, err := set.File(name).WriteString(text)
			require.NoError(t, err)
		}
		require.NoError(t, os.WriteFile(filepath.Join(set.File("node").Name(), text), nil, 0o600))
		require.NoError(t, try(set))
		require.NoError(t, set.Discard())
	}
	look := func(text string) {
		assert.Len(t, names(t, w.Directory), 4, text)
		assert.Equal(t, []string{text}, names(t, filepath.Join(w.Directory, "node")))
		for _, name := range w.Files {
			got, err := os.ReadFile(filepath.Join(w.Directory, name))
			require.NoError(t, err)
			assert.Equal(t, text, string(got), name)
		}
		got, err := os.ReadFile(filepath.Join(w.Directory, "node.qcow2.sha256"))
		require.NoError(t, err)
		assert.Equal(t, "sum", string(got))
	}
	whole := func(set *Set) error {
		_, err := set.Deliver(map[string][]byte{"node.qcow2.sha256": []byte("sum")})
		return err
	}
	deliver("old", whole)
	look("old")
	deliver("half", func(set *Set) error {
		// The last one is in the way.
		hidden := set.File("node.qcow2.sha256").Name()
		require.NoError(t, os.Rename(hidden, hidden+".away"))
		require.ErrorContains(t, whole(set), "deliver "+filepath.Join(w.Directory, "node.qcow2.sha256"))
		return os.Remove(hidden + ".away")
	})
	look("old")
	deliver("new", func(set *Set) error {
		hidden := set.File("node.qcow2.sha256").Name()
		require.NoError(t, os.Rename(hidden, hidden+".away"))
		require.Error(t, whole(set))
		assert.Equal(t, []string{"old"}, names(t, filepath.Join(w.Directory, "node")))
		require.NoError(t, os.Rename(hidden+".away", hidden))
		return whole(set)
	})
	look("new")
}

// A directory in a file's place is somebody's, whatever may be replaced.
func TestDirectoryInAFilesPlace(t *testing.T) {
	w := wanted(t.TempDir())
	w.Replace = true
	for _, name := range []string{"node.vhd", "node.qcow2.sha256"} {
		precious := filepath.Join(w.Directory, name, "precious")
		require.NoError(t, os.MkdirAll(precious, 0o755))
		_, err := Reserve(w)
		require.ErrorContains(t, err, name+" is a directory, and a file is to be written there")
		assert.DirExists(t, precious)
		require.NoError(t, os.RemoveAll(filepath.Dir(precious)))
	}
	set, err := Reserve(w)
	require.NoError(t, err)
	precious := filepath.Join(w.Directory, "node.vhd", "precious")
	require.NoError(t, os.MkdirAll(precious, 0o755))
	_, err = set.Deliver(sums)
	require.ErrorContains(t, err, "is a directory")
	assert.DirExists(t, precious)
	require.NoError(t, set.Discard())
}

// A file that cannot be kept gets no name.
func TestFileThatIsNotKept(t *testing.T) {
	w := wanted(t.TempDir())
	w.Replace = true
	require.NoError(t, os.WriteFile(filepath.Join(w.Directory, "node.vhd"), []byte("old"), 0o600))
	set, err := Reserve(w)
	require.NoError(t, err)
	require.NoError(t, set.File("node.vhd").Close()) // fsync fails
	_, err = set.Deliver(sums)
	require.ErrorContains(t, err, "write "+w.Directory+"/node.vhd")
	got, err := os.ReadFile(filepath.Join(w.Directory, "node.vhd"))
	require.NoError(t, err)
	assert.Equal(t, "old", string(got))
}

func TestPathsBeside(t *testing.T) {
	w := wanted(filepath.Join(t.TempDir(), "out"))
	w.Beside = []string{filepath.Join(t.TempDir(), "missing", "metadata.yaml")}
	_, err := Reserve(w)
	require.ErrorContains(t, err, "metadata.yaml")
	assert.NoDirExists(t, w.Directory)

	w.Beside = []string{filepath.Join(t.TempDir(), "metadata.yaml")}
	set, err := Reserve(w)
	require.NoError(t, err)
	files, err := set.Deliver(map[string][]byte{w.Beside[0]: []byte("a: b\n")})
	require.NoError(t, err)
	assert.Contains(t, files, w.Beside[0])
	text, err := os.ReadFile(w.Beside[0])
	require.NoError(t, err)
	assert.Equal(t, "a: b\n", string(text))
}

func TestReset(t *testing.T) {
	set, err := Reserve(wanted(t.TempDir()))
	require.NoError(t, err)
	_, err = set.File("node.vhd").WriteString("first attempt")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(set.File("node").Name(), "etc"), nil, 0o600))
	require.NoError(t, set.Reset("node.vhd"))
	require.NoError(t, set.Reset("node"))
	_, err = set.File("node.vhd").WriteString("second")
	require.NoError(t, err)
	text, err := os.ReadFile(set.File("node.vhd").Name())
	require.NoError(t, err)
	assert.Equal(t, "second", string(text))
	assert.Empty(t, names(t, set.File("node").Name()))
	require.NoError(t, set.Discard())
}
