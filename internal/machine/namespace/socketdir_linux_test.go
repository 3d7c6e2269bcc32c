package namespace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSocketDir(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 90))
	require.NoError(t, os.Mkdir(long, 0o700))
	short, err := os.MkdirTemp("/tmp", "")
	require.NoError(t, err)
	defer os.RemoveAll(short)

	dir, err := socketDir(short, long)
	require.NoError(t, err)
	assert.Equal(t, short, filepath.Dir(dir))
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	dir, err = socketDir(long, short)
	require.NoError(t, err)
	assert.Equal(t, short, filepath.Dir(dir), "the first is too long")
	left, err := os.ReadDir(long)
	require.NoError(t, err)
	assert.Empty(t, left)

	_, err = socketDir(long)
	assert.ErrorContains(t, err, "too long")
}
