package wholefile

import (
	"os"
	"path/filepath"
	"testing"

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
