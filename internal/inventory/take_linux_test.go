package inventory

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(machinetest.Entries())
	os.Exit(m.Run())
}

// TestTake takes the inventory of a Debian system, the same that the tests of internal/disk have, and compares it with
// what dpkg says. Nothing of the tree changes, not even when a file was read.
func TestTake(t *testing.T) {
	m, _ := machinetest.Start(t)
	machinetest.UnpackTree(t, m, machinetest.Bootstrapped(t, "bookworm", "linux-image-cloud-amd64", "initramfs-tools", "systemd-sysv", "dbus",
		"grub-pc-bin", "grub-efi-amd64-bin", "grub2-common", "diffutils"))
	// Read long ago: a file system with relatime would write when it was read now.
	machinetest.Shell(t, m, "find /target -exec touch --no-dereference -a --date @1000000000 {} +")
	// Not of directories, which find itself reads.
	const times = `find /target ! -type d -printf '%P %s %m %A@ %T@ %C@\n' | sort | sha256sum`
	before := machinetest.Shell(t, m, times)

	start := time.Now()
	have, err := Take(t.Context(), m)
	require.NoError(t, err)
	t.Logf("%d files in %s", have.Files, time.Since(start))
	assert.Equal(t, before, machinetest.Shell(t, m, times))
	again, err := Take(t.Context(), m)
	require.NoError(t, err)
	assert.Equal(t, have, again)

	assert.Equal(t, System{ID: "debian", Version: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)"}, have.System)
	var listed, names string
	sum := have.Unowned
	for _, p := range have.Packages {
		listed += p.Name + " " + p.Architecture + " " + p.Version + " " + p.Source + " " + p.SourceVersion + "\n"
		sum += p.Bytes
		if p.Files == 0 {
			names += p.Name + " "
		}
	}
	assert.Equal(t, machinetest.Shell(t, m, `dpkg-query --admindir=/target/var/lib/dpkg --show \
		--showformat='${Package} ${Architecture} ${Version} ${source:Package} ${source:Version}\n' | LC_ALL=C sort`)+"\n", listed)
	assert.Empty(t, names, "packages without a file: each has a copyright file")
	assert.Equal(t, have.Bytes, sum)
	assert.Equal(t, machinetest.Shell(t, m, "find /target -type f | wc -l"), strconv.Itoa(have.Files))
	assert.Less(t, have.Unowned, have.Bytes/5)
}
