package machinetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Wants is what the machine of a Contract is started with.
type Wants struct {
	Proxies  []string
	CABundle []byte
}

// Contract holds a kind of machine to what every kind promises, whatever it is made of. It starts one
// machine, which no other test may use, and ends it.
func Contract(t *testing.T, start func(*testing.T, Wants) machine.Machine) {
	t.Helper()
	t.Setenv(hostVariable, "secret")
	server := serveOnLoopback(t)
	m := start(t, Wants{
		Proxies:  []string{"http_proxy=" + server.URL, "no_proxy=localhost,.example"},
		CABundle: []byte(authority),
	})
	for _, term := range []struct {
		name string
		hold func(*testing.T, machine.Machine)
	}{
		{"files", files},
		{"read-only", readOnly},
		{"devices", devices},
		{"run", run},
		{"environment", func(t *testing.T, m machine.Machine) { environment(t, m, server) }},
		{"bulk", bulk},
		{"killed with the context", killed},
		{"orphans", orphans},
		{"write file", writeFile},
		{"access", access},
		{"doors", doors},
		{"network", func(t *testing.T, m machine.Machine) { network(t, m, server) }},
		{"authorities", authorities},
		{"target", func(t *testing.T, m machine.Machine) { makeTarget(t, m); Target(t, m) }},
		// The last: it turns the machine off.
		{"disk", disk},
	} {
		t.Run(term.name, func(t *testing.T) { term.hold(t, m) })
	}
	t.Run("off", func(t *testing.T) {
		require.Error(t, m.Run(t.Context(), machine.Command{Args: []string{"true"}}))
		_, err := m.Dial(t.Context(), machine.Toolbox)
		require.Error(t, err)
		require.NoFileExists(t, m.Access().KeyFile)
		require.NoError(t, m.Close())
		require.NoError(t, m.Close(), "twice")
	})
}
