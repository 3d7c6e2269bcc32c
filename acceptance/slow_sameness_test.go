//go:build acceptance && slow

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSameNode applies one profile in two ways: the builder airship makes an image of it, and Packer's builder
// null reaches a Debian 12 over SSH that somebody else made. Booted, both nodes must have the same /etc.
func TestSameNode(t *testing.T) {
	text, err := os.ReadFile("testdata/same.yaml")
	require.NoError(t, err)
	profile := strings.Replace(string(text), "STOCK_PACKAGES", strings.Join(stockPackages, ", "), 1)

	image := newSameRun(t, profile)
	t.Log(image.build(t))

	s := newStock(t)
	// The archive's copy may be older than what the builder installs.
	s.run(t, "apt-get -qq update && apt-get -qq -y dist-upgrade")
	// Finalised, a machine has no host keys any more, and nobody logs in again.
	t.Log(newStockRun(t, s, "root", profile).build(t, "-var", `skip_roles=["finalise"]`))
	before := filepath.Join(t.TempDir(), "etc")
	tool(t, "cp", "-a", filepath.Join(s.tree, "etc"), before)
	t.Log(newStockRun(t, s, "root", profile).build(t))
	compareEtc(t, before, filepath.Join(s.tree, "etc"), finalisedAllowed)

	nodes := bootAndReadEtc(t, imageNode(t, image.image(), 1), stockNode(t, s))
	assert.Equal(t, "running", nodes[0].state, "the image")
	assert.Equal(t, "running", nodes[1].state, "the stock machine")
	compareEtc(t, nodes[0].etc, nodes[1].etc, sameAllowed)
	checkAccounts(t, nodes[0].etc, nodes[1].etc)
}

// sameAllowed are the differences between a node of the builder airship and one that was a stock Debian. What
// the provisioner is for is not among them.
var sameAllowed = []allowance{
	{"machine-id", content, "systemd makes it at the first boot"},
	{"ssh/ssh_host_*", content, "sshd makes them at the first boot"},
	{"apt/apt.conf.d/99mmdebstrap", presence, "whoever made the stock machine left it"},
	{"apt/sources.list", presence, "a machine keeps its own sources where the profile names none"},
	{"apt/sources.list.d/*.sources", presence, "as above"},
	{"default/grub.d/99-airship.cfg", presence, "clouds' files there would go before /etc/default/grub"},
	{"fstab", content, "whoever makes the disk writes it"},
	{"initramfs-tools/conf.d/resume", presence, "only the builder makes an initramfs on a host with swap of its own"},
	{"imagebuilder/meta/build.yaml", content, "it says how each was made"},
	// checkAccounts compares what is in these but for numbers and dates.
	{"passwd", content, "packages' accounts are numbered in the order of installation"},
	{"group", content, "as above"},
	{"gshadow", content, "as above, in its order"},
	{"shadow", content, "the dates of changes: of the plan, and of the day"},
	{"chrony/chrony.keys", owner, "a package's account"},
}

// checkAccounts wants the same accounts in two trees, with the same homes, shells and passwords.
func checkAccounts(t *testing.T, a, b string) {
	t.Helper()
	for name, columns := range map[string][]int{"passwd": {0, 5, 6}, "shadow": {0, 1}, "group": {0, 3}} {
		read := func(tree string) (lines []string) {
			text, err := os.ReadFile(filepath.Join(tree, name))
			require.NoError(t, err)
			for line := range strings.Lines(string(text)) {
				fields := strings.Split(strings.TrimSpace(line), ":")
				var kept []string
				for _, column := range columns {
					kept = append(kept, fields[column])
				}
				lines = append(lines, strings.Join(kept, ":"))
			}
			return lines
		}
		assert.ElementsMatch(t, read(a), read(b), name)
	}
}

// finalisedAllowed are what a second run changes that finalises the machine.
var finalisedAllowed = []allowance{
	{"machine-id", mode, "finalised"},
	{"ssh/ssh_host_*", presence, "a node makes its own"},
	{"*-", presence, "copies that programs made before they changed an account"},
}

// newSameRun is a run of testdata/same.pkr.hcl with a profile's text.
func newSameRun(t *testing.T, profile string) run {
	t.Helper()
	r := newRun(t, sharedCache(t))
	r.dir = t.TempDir()
	template, err := os.ReadFile("testdata/same.pkr.hcl")
	require.NoError(t, err)
	for name, text := range map[string]string{"same.pkr.hcl": string(template), "node.yaml": profile} {
		require.NoError(t, os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644))
	}
	return r
}
