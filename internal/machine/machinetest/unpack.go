package machinetest

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
)

// Unpack unpacks packages of the toolbox's suite, and what they depend on, into m's target, which has the
// toolbox's own already.
func Unpack(t *testing.T, m machine.Machine, names ...string) {
	t.Helper()
	o, done := toolboxOptions(t)
	defer done()
	release, err := repository.Update(t.Context(), o.Fetcher, o.Store, repository.Source{
		Name: "test", URI: o.Mirror, Suite: toolbox.Suite, Components: []string{"main"}, Distribution: repository.Debian,
	}, runtime.GOARCH)
	require.NoError(t, err)
	index, err := repository.NewIndex(release)
	require.NoError(t, err)
	present, err := toolbox.Packages(toolbox.Suite, runtime.GOARCH)
	require.NoError(t, err)
	known, err := repository.Closure(index, present)
	require.NoError(t, err)
	had := map[string]bool{}
	for _, p := range known {
		had[p.Name] = true
	}
	packages, err := repository.Closure(index, names)
	require.NoError(t, err)
	for _, p := range packages {
		if had[p.Name] {
			continue
		}
		require.NoError(t, o.Fetcher.Fetch(t.Context(), []store.Item{{
			Name: p.Name, URL: repository.Source{URI: o.Mirror}.URL(p.Filename), SHA256: p.SHA256, Size: p.Size,
		}}))
		path, _ := o.Store.Path(p.SHA256)
		deb, err := os.Open(path)
		require.NoError(t, err)
		require.NoError(t, m.Run(t.Context(), machine.Command{
			Args:  []string{"sh", "-c", "cat >/scratch/a.deb && dpkg-deb --extract /scratch/a.deb " + machine.Target + " && rm /scratch/a.deb"},
			Stdin: deb,
		}), p.Name)
		require.NoError(t, deb.Close())
	}
}
