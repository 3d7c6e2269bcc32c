package machinetest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// authority is the CABundle of a Contract's machine.
const authority = "PRIVATE AUTHORITY\n"

// authorities are trusted in the machine and in a target that has such a list.
func authorities(t *testing.T, m machine.Machine) {
	own := Output(t, m, "cat", machine.Authorities)
	assert.True(t, strings.HasSuffix(own, "\nPRIVATE AUTHORITY"), "added")
	assert.Contains(t, own, "-----BEGIN CERTIFICATE-----", "to the toolbox's")

	const file = machine.Target + machine.Authorities
	trusted := func() string { return Output(t, m, "cat", file) }
	open := func() (close func()) {
		undo, err := m.OpenTarget(t.Context())
		require.NoError(t, err)
		return func() { require.NoError(t, undo(t.Context())) }
	}
	without := Shell(t, m, "cd /target; mkdir -p etc usr/sbin proc sys dev run tmp; "+listing)
	open()()
	assert.Equal(t, without, Shell(t, m, listing), "a target without authorities gets none")

	Shell(t, m, `cd /target; mkdir -p etc/ssl/certs; printf ONE >etc/ssl/certs/ca-certificates.crt
		chmod 640 etc/ssl/certs/*; chown 3:4 etc/ssl/certs/*; touch -d @1000000000.123456789 etc/ssl/certs/* etc/ssl/certs`)
	before := Shell(t, m, listing)
	undo := open()
	assert.Equal(t, "ONE\nPRIVATE AUTHORITY", trusted())
	undo()
	assert.Equal(t, before, Shell(t, m, listing), "without a trace")

	undo = open()
	Shell(t, m, "printf TWO > "+file+".new && mv -f "+file+".new "+file) // as update-ca-certificates(8) does
	undo()
	assert.Equal(t, "TWO", trusted(), "a provisioner's own stays")
	assert.Equal(t, "ca-certificates.crt", Output(t, m, "ls", "-A", machine.Target+"/etc/ssl/certs"))

	Shell(t, m, "ln -sf /etc/passwd "+file)
	open()()
	assert.Equal(t, "/etc/passwd", Output(t, m, "readlink", file), "a link may lead out of the target")
	Shell(t, m, "rm -r /target/*")
}
