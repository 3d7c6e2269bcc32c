//go:build slow

package bootcheck

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	assembly "github.com/airshipit/packer-plugin-airship/internal/disk"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// secureDisk is a disk of a suite's packages with Secure Boot, and what it was planned with.
type secureDisk struct {
	plan  plan.Plan
	image string
	// kernel is the place of a byte in the middle of the kernel, from the disk's start.
	kernel int64
}

func buildSecureDisk(t *testing.T, suite string) secureDisk {
	t.Helper()
	profile := &v1alpha1.NodeProfile{}
	profile.Name = "signed"
	spec := &profile.Spec
	spec.Platform, spec.Architecture, spec.Distribution, spec.Suite = "vm", "amd64", "debian", suite
	spec.Storage.QcowCapacity = "4G"
	spec.OSKernel.SecureBoot = true
	spec.OSKernel.KernelBasePkg = "linux-image-cloud-amd64"
	layout, err := plan.NewDisk(profile, "test")
	require.NoError(t, err)
	request, err := plan.NewRequest(profile, plan.Form{}, layout)
	require.NoError(t, err)
	p := plan.Plan{Target: request.Target, Epoch: 1780000000, System: plan.NewSystem(profile), Disk: layout}
	p.System.GrubTimeout = 1
	p.RootFS.Packages = []plan.Package{{Name: "cloud-init"}}

	m, work := machinetest.Start(t)
	packages := append(request.Include, "cloud-init", "dbus", "iproute2", "netplan.io")
	machinetest.UnpackTree(t, m, machinetest.Bootstrapped(t, suite, packages...))
	for name, text := range map[string]string{
		"/etc/fstab":        p.Disk.Fstab(),
		"/etc/default/grub": plan.GrubDefault(p.Target, p.System),
		"/etc/hostname":     "signed\n",
		// Without it cloud-init generates en_US.UTF-8, and fails.
		"/etc/default/locale": "LANG=C.UTF-8\n",
	} {
		require.NoError(t, m.WriteFile(t.Context(), machine.Target+name, 0o644, []byte(text)))
	}
	require.NoError(t, assembly.Assemble(t.Context(), m, p, t.Logf))
	made := secureDisk{plan: p, image: filepath.Join(work, "signed.raw"), kernel: kernelByte(t, m, p)}
	path, err := m.PowerOff(t.Context())
	require.NoError(t, err)
	copySparse(t, path, made.image)
	return made
}

// kernelByte finds the block in the middle of the kernel on /boot.
func kernelByte(t *testing.T, m machine.Machine, p plan.Plan) int64 {
	t.Helper()
	boot, found := p.Disk.Partition("/boot")
	require.True(t, found)
	kernel := machinetest.Shell(t, m, "cd /target/boot; echo vmlinuz-*")
	blocks := strings.Fields(machinetest.Output(t, m, "debugfs", "-R", "blocks /"+kernel, fmt.Sprintf("%s?offset=%d", machine.Disk, boot.Start)))
	block, err := strconv.ParseInt(blocks[len(blocks)/2], 10, 64)
	require.NoError(t, err)
	return boot.Start + block*4096 + 1000
}

func copySparse(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, exec.CommandContext(t.Context(), "cp", "--sparse=always", from, to).Run())
}

// check boots an image of d's.
func (d secureDisk) check(t *testing.T, image string, firmware Firmware) (Answers, error) {
	t.Helper()
	o := testOptions(t, image, firmware, t.TempDir())
	o.Plan = d.plan
	o.Timeout = 15 * time.Minute
	o.Expect = Expectations{Hostname: "signed", Distribution: "debian", Suite: d.plan.Target.Suite, NoFailedUnits: true}
	return Check(t.Context(), o)
}

// esp are the files of the disk's ESP by their paths.
func (d secureDisk) esp(t *testing.T) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "mcopy", "-s", "-n", "-i", d.espImage(), "::EFI", dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	files := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		files[name], err = os.ReadFile(path)
		return err
	}))
	return files
}

// espImage is the ESP as mtools name it.
func (d secureDisk) espImage() string {
	esp, _ := d.plan.Disk.ESP()
	return fmt.Sprintf("%s@@%d", d.image, esp.Start)
}

// tampered is a copy of the disk with one byte changed: of the kernel, or in the middle of a file on the ESP.
func (d secureDisk) tampered(t *testing.T, what string) string {
	t.Helper()
	copied := d
	copied.image = filepath.Join(t.TempDir(), "tampered.raw")
	copySparse(t, d.image, copied.image)
	if what == "kernel" {
		file, err := os.OpenFile(copied.image, os.O_RDWR, 0)
		require.NoError(t, err)
		one := make([]byte, 1)
		_, err = file.ReadAt(one, d.kernel)
		require.NoError(t, err)
		one[0] ^= 1
		_, err = file.WriteAt(one, d.kernel)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		return copied.image
	}
	data := d.esp(t)[what]
	require.NotEmpty(t, data)
	data[len(data)/2] ^= 1
	copyIn := exec.CommandContext(t.Context(), "mcopy", "-o", "-i", copied.espImage(), "-", "::"+what)
	copyIn.Stdin = bytes.NewReader(data)
	out, err := copyIn.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return copied.image
}

// signers are the issuers of a program's signatures.
func signers(t *testing.T, program []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program.efi")
	require.NoError(t, os.WriteFile(path, program, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "sbverify", "--list", path).Output()
	require.NoError(t, err)
	return string(out)
}

// TestSecureBoot boots disks with Secure Boot on, and sees what becomes of those in which somebody changed a byte.
// Some ten minutes without acceleration, longer where the host is busy.
func TestSecureBoot(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			d := buildSecureDisk(t, suite)
			files := d.esp(t)
			for _, directory := range []string{"debian", "BOOT"} {
				shim := "shimx64.efi"
				if directory == "BOOT" {
					shim = "BOOTX64.EFI"
				}
				assert.Contains(t, signers(t, files["EFI/"+directory+"/"+shim]), "Microsoft Corporation UEFI CA 2011")
				assert.Contains(t, signers(t, files["EFI/"+directory+"/grubx64.efi"]), "Debian Secure Boot CA")
				assert.Contains(t, signers(t, files["EFI/"+directory+"/mmx64.efi"]), "Debian Secure Boot CA")
			}
			assert.Contains(t, string(files["EFI/debian/grub.cfg"]), "configfile $prefix/grub.cfg")
			assert.Len(t, files, 7)

			t.Run("on", func(t *testing.T) {
				answers, err := d.check(t, d.image, UEFISecure)
				require.NoError(t, err)
				assert.Equal(t, "uefi", answers.Firmware)
				assert.Equal(t, "on", answers.SecureBoot)
				assert.Equal(t, "integrity", answers.Lockdown)
			})
			if suite != "bookworm" {
				return
			}
			t.Run("BIOS", func(t *testing.T) {
				answers, err := d.check(t, d.image, BIOS)
				require.NoError(t, err)
				assert.Empty(t, answers.SecureBoot)
				assert.Equal(t, "none", answers.Lockdown)
			})
			for what, says := range map[string]string{
				"kernel":               "Secure Boot: GRUB refuses the kernel: bad shim signature",
				"EFI/BOOT/grubx64.efi": "Secure Boot: shim refuses GRUB: Verification failed: (0x1A) Security Violation",
				"EFI/BOOT/BOOTX64.EFI": "Secure Boot: the firmware refuses shim: BdsDxe: failed to load Boot0001",
			} {
				t.Run("tampered "+filepath.Base(what), func(t *testing.T) {
					_, err := d.check(t, d.tampered(t, what), UEFISecure)
					var boot *BootError
					require.ErrorAs(t, err, &boot)
					assert.Contains(t, boot.Problem, says)
				})
			}
		})
	}
}
