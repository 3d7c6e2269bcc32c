// Package machinetest gives tests a toolbox and machines of it.
package machinetest

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine/namespace"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// ToolboxVariable names a complete toolbox tree, readable by everyone, to use instead of making
// one.
const ToolboxVariable = "AIRSHIP_TEST_TOOLBOX"

// Entries are what the TestMain of a test that uses this package gives to userns.Main.
func Entries() map[string]userns.Entry {
	return map[string]userns.Entry{
		namespace.Entry:   namespace.Init,
		toolbox.EntryTask: toolbox.DoTask,
	}
}

// Toolbox is a toolbox tree for m.
func Toolbox(t *testing.T, m userns.Mapping) string {
	t.Helper()
	if tree := os.Getenv(ToolboxVariable); tree != "" {
		return tree
	}
	options, done := toolboxOptions(t)
	defer done()
	options.Owner, options.Inside = toolbox.Mapped(m)
	made, err := toolbox.Ensure(t.Context(), options)
	require.NoError(t, err)
	return made.Dir
}

// Start starts a machine, which ends with the test, and tells its work directory.
func Start(t *testing.T, proxies ...string) (m *namespace.Machine, work string) {
	t.Helper()
	return StartWith(t, namespace.Config{Proxies: proxies})
}

// StartWith is Start of a config without toolbox, work directory and mapping.
func StartWith(t *testing.T, config namespace.Config) (m *namespace.Machine, work string) {
	t.Helper()
	mapping, err := userns.Detect(t.Context())
	require.NoError(t, err)
	work, err = os.MkdirTemp("", "airship-work-")
	require.NoError(t, err)
	config.Toolbox, config.Work, config.Mapping = Toolbox(t, mapping), work, mapping
	m, err = namespace.Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, m.Close())
		require.NoError(t, mapping.Remove(context.WithoutCancel(t.Context()), work))
	})
	return m, work
}
