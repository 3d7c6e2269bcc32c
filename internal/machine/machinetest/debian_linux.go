package machinetest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Debian unpacks a Debian system of a suite into m's target: mmdebstrap's smallest variant with packages (separated by
// commas). It is made once and kept in the user's cache directory, below airship-test.
func Debian(t *testing.T, m machine.Machine, suite, packages string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	archive := filepath.Join(cache, "airship-test", fmt.Sprintf("%s-%.12x.tar", suite, sha256.Sum256([]byte(packages))))
	if _, err := os.Stat(archive); err != nil {
		bootstrap(t, archive, suite, packages)
	}
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // only read
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args: []string{
			"tar", "--extract", "--preserve-permissions", "--xattrs", "--xattrs-include=*", "--numeric-owner",
			"--exclude=./dev/*", "--directory", machine.Target,
		},
		Stdin: file,
	}))
}

// bootstrap makes the archive of a system in a machine of its own.
func bootstrap(t *testing.T, archive, suite, packages string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(archive), 0o755))
	file, err := os.CreateTemp(filepath.Dir(archive), suite+"-")
	require.NoError(t, err)
	defer os.Remove(file.Name()) //nolint:errcheck // gone once it has its name
	m, _ := Start(t)
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args: []string{
			"mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--include=" + packages,
			suite, "-", Mirror(t).Main,
		},
		Stdout: file,
	}))
	require.NoError(t, file.Close())
	require.NoError(t, os.Rename(file.Name(), archive))
}
