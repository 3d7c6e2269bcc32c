package bootcheck

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(machinetest.Entries())
	os.Exit(m.Run())
}

// TestObserve looks into a real machine's target, whose links must not lead out of it.
func TestObserve(t *testing.T) {
	m, _ := machinetest.Start(t)
	require.NoError(t, m.Run(t.Context(), machine.Command{Args: []string{"sh", "-euc", `
		cd /target
		mkdir -p etc/real
		printf 'hello\n' >etc/real/file
		chown 7:8 etc/real/file
		chmod 4750 etc/real/file
		ln -s /etc/real etc/site
		ln -s /usr/bin etc/out
	`}}))
	got, err := Observe(t.Context(), m, []string{"/etc/site/file", "/etc/site", "/etc/none", "/etc/out/python3"})
	require.NoError(t, err)
	assert.Equal(t, []Path{
		{Path: "/etc/site/file", Type: "file", Mode: "4750", UID: 7, GID: 8, SHA256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"},
		{Path: "/etc/site", Type: "link", Mode: "0777", Link: "/etc/real"},
	}, got)
}
