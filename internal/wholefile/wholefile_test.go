package wholefile

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWrite(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock.json")
	require.NoError(t, Write(name, []byte("first, the longer one")))
	require.NoError(t, Write(name, []byte("second")))
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, "second", string(text))
}

func TestWriteThatFailsLeavesNothing(t *testing.T) {
	directory := t.TempDir()
	name := filepath.Join(directory, "taken")
	require.NoError(t, os.MkdirAll(filepath.Join(name, "inside"), 0o755))
	require.ErrorContains(t, Write(name, nil), "write "+name)
	left, err := os.ReadDir(directory)
	require.NoError(t, err)
	assert.Len(t, left, 1)
}

// What killed processes left goes; what another process writes, and files of other names, stay.
func TestPartial(t *testing.T) {
	directory := t.TempDir()
	name := filepath.Join(directory, "lock.json")
	killed, current, other := Partial(name), Partial(name), filepath.Join(directory, ".lock.json.swp")
	long := time.Now().Add(-2 * abandoned)
	for _, file := range []string{killed, current, other} {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
	}
	require.NoError(t, os.Chtimes(killed, long, long))
	require.NoError(t, os.Chtimes(other, long, long))
	require.NoError(t, Write(name, []byte("text")))
	assert.NoFileExists(t, killed)
	assert.FileExists(t, current)
	assert.FileExists(t, other)
}
