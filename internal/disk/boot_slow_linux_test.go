//go:build slow

package disk

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// reportUnit tells the console what update-grub would change, and how the system was started, before
// getty hangs up the terminal.
const reportUnit = `[Unit]
Description=Tell the test what the booted system finds
After=local-fs.target
Before=serial-getty@ttyS0.service

[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart=/bin/sh -c 'echo report begins; cat /proc/cmdline; echo differences; grub-mkconfig 2>/dev/null | diff -u /boot/grub/grub.cfg -; echo end of differences; grub-editenv list; findmnt --real --list --noheadings --output TARGET,SOURCE,FSTYPE,OPTIONS; echo report ends'

[Install]
WantedBy=multi-user.target
`

// imageFile copies the image out of m, holes and all.
func imageFile(t *testing.T, m machine.Machine) string {
	t.Helper()
	dir := t.TempDir()
	tar := exec.CommandContext(t.Context(), "tar", "--extract", "--sparse", "--directory", dir)
	archive, err := tar.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, tar.Start())
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args:   []string{"tar", "--create", "--sparse", "--directory", machine.Output, filepath.Base(machine.Disk)},
		Stdout: archive,
	}))
	require.NoError(t, archive.Close())
	require.NoError(t, tar.Wait())
	return filepath.Join(dir, filepath.Base(machine.Disk))
}

// boot starts the image in QEMU on a throw-away overlay.
func boot(t *testing.T, image string, firmware ...string) (report string) {
	t.Helper()
	return bootDrive(t, append([]string{"-snapshot", "-drive", "if=virtio,format=raw,file=" + image}, firmware...)...)
}

// bootDrive starts what QEMU's arguments name, and returns the report once a login prompt was seen as well.
func bootDrive(t *testing.T, arguments ...string) (report string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "qemu-system-x86_64", append([]string{
		"-machine", "q35", "-cpu", "max,-cx16", "-accel", "tcg", "-m", "1024", "-nodefaults", "-no-reboot",
		"-display", "none", "-serial", "stdio",
	}, arguments...)...)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	defer command.Wait() //nolint:errcheck // killed below
	defer cancel()

	start := time.Now()
	var all strings.Builder
	reader := bufio.NewReader(out)
	for !strings.Contains(all.String(), "report ends") || !strings.Contains(all.String(), "login:") {
		next, err := reader.ReadByte()
		require.NoError(t, err, "the console ended:\n%s", all.String())
		if next != '\r' {
			all.WriteByte(next)
		}
	}
	t.Logf("login prompt after %.0fs", time.Since(start).Seconds())
	_, rest, found := strings.Cut(all.String(), "report begins\n")
	require.True(t, found)
	report, _, _ = strings.Cut(rest, "report ends")
	return report
}

// changed are the lines that a unified diff adds or removes.
var changed = regexp.MustCompile(`(?m)^[+-](?:[^+-].*)?\n`)

func TestBoot(t *testing.T) {
	p := examplePlan(t)
	m, run := start(t, p)
	unit := machine.Target + "/etc/systemd/system/report.service"
	require.NoError(t, m.WriteFile(t.Context(), unit, 0o644, []byte(reportUnit)))
	run("sh", "-euc", "cd /target/etc/systemd/system; mkdir -p multi-user.target.wants; ln -s ../report.service multi-user.target.wants/report.service")
	require.NoError(t, Assemble(t.Context(), m, p, t.Logf))
	image := imageFile(t, m)

	vars := filepath.Join(t.TempDir(), "vars.fd")
	require.NoError(t, exec.Command("cp", "/usr/share/OVMF/OVMF_VARS_4M.fd", vars).Run())
	tests := map[string]struct {
		firmware []string
		differs  string // what update-grub on the node adds to grub.cfg
	}{
		"BIOS": {},
		"UEFI": {
			firmware: []string{
				"-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd",
				"-drive", "if=pflash,format=raw,file=" + vars,
			},
			// Up to Debian 12 the entry is there where the running firmware offers it.
			differs: "+menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {\n+\tfwsetup\n+}\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			report := boot(t, image, test.firmware...)
			t.Log(report)
			_, diff, _ := strings.Cut(report, "differences\n")
			diff, _, _ = strings.Cut(diff, "end of differences")
			assert.Equal(t, test.differs, strings.Join(changed.FindAllString(diff, -1), ""))
			assert.Contains(t, report, `console=ttyS0,115200n8 quiet memmap=64K$0x18000000 "airship.note=two words"`)
			for _, mount := range p.Disk.Mounts() {
				assert.Regexp(t, `(?m)^`+mount.Mount.Path+` .* `+mount.Filesystem.Type+` .*noatime`, report)
			}
		})
	}
}
