package bootcheck

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const machineID = "48b7a957d5b9463ea4f32f19d8471751"

func TestCheckBoots(t *testing.T) {
	report := framed(t, map[string]string{"state": "running", "hostname": "n1", "staticHostname": "n1", "machineID": machineID, "firmware": "bios"})
	prompt := "Linux version 6\nn1 login: "
	for _, test := range []struct {
		name            string
		console, report string
		end             []byte
		withoutInit     bool
		timeout         time.Duration
		problem         string // empty: passes
		boots           int
	}{
		{name: "answers", console: prompt, report: report, end: resets, boots: 1},
		{name: "answers and then hangs", console: prompt, report: report, end: hangs, timeout: 5 * time.Second, boots: 1},
		{name: "panics", console: "Linux version 6\nKernel panic - not syncing: no\n", end: hangs, problem: "the guest's kernel panics", boots: 2},
		{name: "gives up", console: "Linux version 6\n", end: resets, problem: "turned itself off without a report", boots: 2},
		{name: "cannot ask", console: "Linux version 6\n", report: "sh: python3: not found", end: resets, problem: "python3: not found", boots: 2},
		{name: "hangs", console: prompt, end: hangs, timeout: 5 * time.Second, problem: "did not report within 5s", boots: 1},
		{name: "finds no root", console: "Linux version 6\nALERT! UUID=5a does not exist.\n(initramfs) ", end: hangs, problem: "the guest does not start: (initramfs)", boots: 1},
		{name: "waits in vain for a disk", console: "Linux version 6\n[ TIME ] Timed out waiting for device d.\nYou are in emergency mode.\n", end: hangs, problem: "it may have had too little of this host's time", boots: 2},
		{name: "waits in vain for its root", console: "Linux version 6\nGave up waiting for root file system device.  Common problems:\n(initramfs) \n", end: hangs, problem: "it may have had too little of this host's time", boots: 2},
		{name: "is refused", console: "Linux version 6\nerror: bad shim signature.\nerror: you need to load the kernel first.\n", end: hangs, problem: "Secure Boot: GRUB refuses the kernel: bad shim signature", boots: 1},
		{name: "has a prompt alone", console: prompt, end: hangs, withoutInit: true, boots: 1},
		{name: "has not even a prompt", console: "Linux version 6\n", end: hangs, withoutInit: true, timeout: 5 * time.Second, problem: "did not report within 5s", boots: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			work := t.TempDir()
			o := testOptions(t, bootSector(t, test.console, test.report, test.end), BIOS, work)
			o.Timeout = test.timeout
			o.Expect = Expectations{Hostname: "n1", NoFailedUnits: true}
			if test.withoutInit {
				o.Plan.RootFS.Packages = nil
				o.Plan.System.Cmdline = []string{"console=ttyS0,115200n8"}
			}
			boots := 0
			o.Progress = func(format string, args ...any) {
				if strings.Contains(fmt.Sprintf(format, args...), "firmware after") {
					boots++
				}
			}
			answers, err := Check(t.Context(), o)
			assert.Equal(t, test.boots, boots, "boots")
			if test.problem != "" {
				var boot *BootError
				require.ErrorAs(t, err, &boot)
				require.ErrorContains(t, err, "boot check (bios): ")
				require.ErrorContains(t, err, test.problem)
				require.ErrorContains(t, err, "Linux version 6", "the console's last lines")
			} else {
				require.NoError(t, err)
				assert.Equal(t, "n1", answers.Prompt)
				assert.Equal(t, !test.withoutInit, answers.Asked)
			}
			left, err := os.ReadDir(work)
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}

func TestCheckSaysWhatDiffers(t *testing.T) {
	report := framed(t, map[string]string{"state": "running", "hostname": "debian", "staticHostname": "n1", "machineID": machineID, "firmware": "uefi"})
	o := testOptions(t, bootSector(t, "Linux version 6\n", report, resets), BIOS, t.TempDir())
	o.Expect = Expectations{Hostname: "n1"}
	answers, err := Check(t.Context(), o)
	var m Mismatches
	require.ErrorAs(t, err, &m)
	assert.Equal(t, Mismatches{
		"host name: asked for n1, the node says debian",
		"firmware: started with bios, the node says uefi",
	}, m)
	assert.Equal(t, "debian", answers.Hostname)
}

// Firmware with Secure Boot is the same to a node, which says whether it is on.
func TestJudgeOfSecureBoot(t *testing.T) {
	for _, test := range []struct {
		firmware Firmware
		said     string
		problem  string
	}{
		{UEFISecure, "on", ""},
		{UEFI, "off", ""},
		{UEFI, "on", ""},
		{UEFISecure, "off", "Secure Boot: the firmware has it on, the node says off"},
		{UEFISecure, "", "Secure Boot: the firmware has it on, the node says nothing"},
		{BIOS, "", "firmware: started with bios, the node says uefi"},
	} {
		answers := Answers{Asked: true, Firmware: "uefi", SecureBoot: test.said, MachineID: machineID}
		err := judge(Options{Firmware: test.firmware}, answers)
		if test.problem == "" {
			require.NoError(t, err, test)
			continue
		}
		var m Mismatches
		require.ErrorAs(t, err, &m)
		assert.Equal(t, Mismatches{test.problem}, m)
	}
}

func TestCheckRefuses(t *testing.T) {
	o := testOptions(t, "/no/such/image.raw", BIOS, t.TempDir())
	boots := 0
	o.Progress = func(string, ...any) { boots++ }
	_, err := Check(t.Context(), o)
	require.ErrorContains(t, err, "/no/such/image.raw")
	assert.Zero(t, boots, "what QEMU refuses is not tried again")

	o.Plan.RootFS.Packages = nil
	_, err = Check(t.Context(), o)
	require.ErrorContains(t, err, "add cloud-init to the profile's packages")

	o = testOptions(t, "/no/such/image.raw", "coreboot", t.TempDir())
	_, err = Check(t.Context(), o)
	require.ErrorContains(t, err, `firmware "coreboot" is unknown`)
}

func TestCheckOfAnEmptyDisk(t *testing.T) {
	image := filepath.Join(t.TempDir(), "empty.raw")
	require.NoError(t, os.WriteFile(image, make([]byte, 1<<20), 0o600))
	for firmware, problem := range map[Firmware]string{
		BIOS: "the guest does not start: Boot failed: not a bootable disk",
		UEFI: "the guest does not start: UEFI Interactive Shell",
	} {
		t.Run(string(firmware), func(t *testing.T) {
			o := testOptions(t, image, firmware, t.TempDir())
			o.Timeout = 2 * time.Minute
			_, err := Check(t.Context(), o)
			require.ErrorContains(t, err, problem)
		})
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := testOptions(t, bootSector(t, "Linux version 6\n", "", hangs), BIOS, t.TempDir())
	o.Progress = func(format string, args ...any) {
		if strings.Contains(fmt.Sprintf(format, args...), "kernel after") {
			cancel()
		}
	}
	began := time.Now()
	_, err := Check(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	assert.Less(t, time.Since(began), 30*time.Second)
}
