package bootcheck

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/plan"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestImage boots the image in AIRSHIP_TEST_IMAGE (a .qcow2 or a raw disk of Debian with cloud-init)
// with both firmwares and without acceleration: a minute or two each. AIRSHIP_TEST_HOSTNAME is its
// host name. It runs only where it is given an image, which building takes longer than this test.
func TestImage(t *testing.T) {
	image := os.Getenv("AIRSHIP_TEST_IMAGE")
	if image == "" {
		t.Log("not run: AIRSHIP_TEST_IMAGE names no image")
		return
	}
	before := fingerprint(t, image)
	for _, firmware := range []Firmware{BIOS, UEFI} {
		t.Run(string(firmware), func(t *testing.T) {
			work := t.TempDir()
			o := testOptions(t, image, firmware, work)
			o.Expect = Expectations{
				Hostname:      os.Getenv("AIRSHIP_TEST_HOSTNAME"),
				Distribution:  "debian",
				Users:         []User{{Name: "root", Shell: "/bin/bash"}},
				NoFailedUnits: true,
				SameGrub:      os.Getenv("AIRSHIP_TEST_SAME_GRUB") != "",
			}
			answers, err := Check(t.Context(), o)
			require.NoError(t, err)
			assert.Equal(t, string(firmware), answers.Firmware)
			assert.NotEmpty(t, answers.HostKeys)
			assert.Positive(t, answers.RootSize)
			t.Logf("%+v", answers)

			left, err := os.ReadDir(work)
			require.NoError(t, err)
			assert.Empty(t, left, "the check leaves nothing")
			assert.Equal(t, before, fingerprint(t, image), "the image is not written to")
		})
	}
}

func testOptions(t *testing.T, image string, firmware Firmware, work string) Options {
	t.Helper()
	binary, err := qemu.Find(t.Context(), "amd64")
	require.NoError(t, err)
	format := "raw"
	if filepath.Ext(image) == ".qcow2" {
		format = "qcow2"
	}
	console, err := os.Create(filepath.Join(t.ArtifactDir(), string(firmware)+".log"))
	require.NoError(t, err)
	t.Cleanup(func() { console.Close() })
	return Options{
		Image: image, Format: format, Firmware: firmware, WorkDir: work,
		Plan: plan.Plan{
			Target: plan.Target{Architecture: "amd64"},
			RootFS: plan.RootFS{Packages: []plan.Package{{Name: "cloud-init"}}},
		},
		Binary: binary, Accelerator: qemu.Accelerator{Name: qemu.TCG},
		Console: console, Progress: t.Logf,
	}
}

// fingerprint is what changes when a file is written to.
func fingerprint(t *testing.T, path string) [2]int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return [2]int64{info.Size(), info.ModTime().UnixNano()}
}
