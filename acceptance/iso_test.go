//go:build acceptance

package acceptance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestISO builds the example of a live ISO and looks into it with tools that are not ours; in test-all it is booted as a
// CD by BIOS and by UEFI, too. internal/bootcheck boots one and looks at it from outside.
func TestISO(t *testing.T) {
	r := newExampleOf(t, "iso", sharedCache(t))
	t.Log(r.build(t, "-var", "isolation=namespace", "-var", "verify_boot="+bootsToo))
	images := r.built(t)
	require.Len(t, images, 1)
	iso := images[0]
	m := r.manifestOf(t, strings.TrimPrefix(iso, r.output()+"/"))
	assert.Equal(t, bootsToo == "true", m.Verified)
	assert.Len(t, m.Boots, 2)

	assert.Equal(t, "config-2\n", tool(t, "blkid", "-o", "value", "-s", "LABEL", iso))
	listing := tool(t, "xorriso", "-indev", iso, "-find", "/", "-type", "f", "-exec", "echo")
	for _, want := range []string{"/live/vmlinuz", "/live/initrd.img", "/live/filesystem.squashfs", "/AIRSHIP", "/openstack/latest/meta_data.json", "/openstack/latest/user_data", "/openstack/latest/network_data.json"} {
		assert.Contains(t, listing, "'"+want+"'\n")
	}
	for line := range strings.Lines(listing) {
		name := strings.Trim(strings.TrimSpace(line), "'")
		known := false
		for _, prefix := range []string{"/live/", "/boot/", "/EFI/", "/openstack/latest/", "/AIRSHIP"} {
			known = known || strings.HasPrefix(name, prefix)
		}
		assert.True(t, known, "%s is on the ISO", name)
	}
	report := tool(t, "xorriso", "-indev", iso, "-report_el_torito", "plain", "-report_system_area", "plain")
	assert.Regexp(t, `El Torito boot img : +1 +BIOS`, report)
	assert.Regexp(t, `El Torito boot img : +2 +UEFI`, report)
	assert.Contains(t, report, "grub2-mbr")
	assert.Contains(t, report, "GPT")
}
