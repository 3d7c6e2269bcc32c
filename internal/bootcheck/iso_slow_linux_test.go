//go:build slow

package bootcheck

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var asStick = []string{"-device", "qemu-xhci", "-device", "usb-storage,drive=iso,bootindex=1,removable=on"}

var liveBoots = []liveBoot{
	{name: "optical drive in BIOS", device: asDrive},
	{name: "optical drive of AHCI in UEFI", uefi: true, device: []string{"-device", "ide-cd,drive=iso,bootindex=1"}},
	{name: "USB stick in BIOS", device: asStick},
	{name: "USB stick in UEFI", uefi: true, device: asStick},
}

// TestLiveChecked is the boot check itself on an ISO.
func TestLiveChecked(t *testing.T) {
	image, p, _ := liveISO(t, false)
	for _, firmware := range []Firmware{BIOS, UEFI} {
		t.Run(string(firmware), func(t *testing.T) {
			o := testOptions(t, image, firmware, t.TempDir())
			o.Plan, o.Expect = p, FromPlan(p)
			answers, err := Check(t.Context(), o)
			require.NoError(t, err)
			require.NotNil(t, answers.Live)
			assert.Equal(t, "overlay", answers.Live.Root)
			t.Logf("%+v", answers)
		})
	}
}

// TestLiveSecureBoot is the boot check of an ISO with signed boot loaders.
func TestLiveSecureBoot(t *testing.T) {
	image, p, _ := liveISO(t, true)
	o := testOptions(t, image, UEFISecure, t.TempDir())
	o.Plan, o.Expect = p, FromPlan(p)
	o.Timeout = 20 * time.Minute // firmware in system management mode is slow to emulate
	answers, err := Check(t.Context(), o)
	require.NoError(t, err)
	require.NotNil(t, answers.Live)
	assert.Equal(t, "on", answers.SecureBoot)
	assert.Equal(t, "integrity", answers.Lockdown)
}
