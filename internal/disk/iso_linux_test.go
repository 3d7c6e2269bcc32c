package disk

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

func liveProfile() *v1alpha1.NodeProfile {
	profile := &v1alpha1.NodeProfile{}
	profile.Name = "seed"
	profile.Spec.CloudInit.UserData = "#cloud-config\n{}\n"
	return profile
}

// startLive is start for an ISO.
func startLive(t *testing.T) (m machine.Machine, run func(args ...string) string) {
	t.Helper()
	m, _ = machinetest.Start(t)
	machinetest.UnpackTree(t, m, machinetest.LiveTree(t))
	return m, func(args ...string) string {
		var out bytes.Buffer
		require.NoError(t, m.Run(t.Context(), machine.Command{Args: args, Stdout: &out}), "%s", &out)
		return out.String()
	}
}

func TestAssembleISOTwice(t *testing.T) {
	profile := liveProfile()
	p := machinetest.LivePlan(t, profile)
	files, err := plan.ConfigDrive(profile)
	require.NoError(t, err)
	m, run := startLive(t)
	// What makes a large tree, and nothing of it can differ in kind.
	run("sh", "-euc", "rm -rf /target/usr/lib/modules /target/usr/lib/python3* /target/usr/share/doc /target/usr/share/locale; touch -d @1700000000 /target/usr")

	made, err := AssembleISO(t.Context(), m, p, files, t.Logf)
	require.NoError(t, err)
	verifyISO(t, p, run)
	first := run("sha256sum", machine.Disk)

	// The same tree, read at other times, in an image that is made a second time.
	run("sh", "-euc", "cp -a /target/usr/share /target/share; rm -rf /target/usr/share; mv /target/share /target/usr; touch -d @1700000000 /target/usr")
	again, err := AssembleISO(t.Context(), m, p, files, t.Logf)
	require.NoError(t, err)
	assert.Equal(t, made, again)
	assert.Greater(t, made.Files[plan.LiveSquashFS], int64(10<<20))
	assert.Less(t, made.Files[plan.LiveSquashFS], made.Size)
	assert.Contains(t, made.Files, "/openstack/latest/user_data")
	assert.Equal(t, first, run("sha256sum", machine.Disk))

	// What must not become an ISO, each said before the long work.
	_, err = AssembleISO(t.Context(), m, p, map[string][]byte{"openstack/latest/user_data": []byte("other")}, t.Logf)
	assert.ErrorContains(t, err, "the files for the ISO are not those of its plan")
	a := isoAssembly{assembly: assembly{machine: m, plan: p, report: t.Logf}, most: 1 << 20}
	require.NoError(t, a.copyFiles(t.Context()))
	assert.ErrorContains(t, a.squash(t.Context()), "the compressed root filesystem has more than 1048576 bytes")
	run("sh", "-euc", "mkdir -p /target/var/lib/cloud/seed/nocloud; touch /target/var/lib/cloud/seed/nocloud/user-data")
	_, err = AssembleISO(t.Context(), m, p, files, t.Logf)
	assert.ErrorContains(t, err, "cloud-init would take /var/lib/cloud/seed/nocloud/user-data of the root filesystem")
	run("rm", "-r", "/target/usr/lib/grub/i386-pc", "/target/usr/lib/grub/x86_64-efi")
	_, err = AssembleISO(t.Context(), m, p, files, t.Logf)
	assert.ErrorContains(t, err, "the image lacks grub-pc-bin, grub-efi-amd64-bin: add the missing to the profile's software.packages")
}

// verifyISO checks what is on the image.
func verifyISO(t *testing.T, p plan.Plan, run func(args ...string) string) {
	t.Helper()
	report := run("xorriso", "-indev", "stdio:"+machine.Disk, "-report_el_torito", "plain", "-report_system_area", "plain")
	t.Log(report)
	assert.Regexp(t, `El Torito boot img : +1 +BIOS +y`, report)
	assert.Regexp(t, `El Torito boot img : +2 +UEFI +y`, report)
	assert.Contains(t, run("blkid", "-p", "-o", "export", machine.Disk), "LABEL="+p.ISO.Label+"\n")
	assert.Regexp(t, `System area summary: .*grub2-mbr.*GPT`, report)
	assert.Regexp(t, `MBR partition +: +\d +0x80 +0x00`, report, "for BIOSes that want an active partition")

	var listing []string
	for line := range strings.Lines(run("xorriso", "-indev", "stdio:"+machine.Disk, "-find", "/", "-type", "f")) {
		listing = append(listing, strings.Trim(strings.TrimSpace(line), "'"))
	}
	assert.ElementsMatch(t, []string{
		"/AIRSHIP", "/boot/grub/eltorito.img", "/boot/grub/grub.cfg",
		"/live/filesystem.squashfs", "/live/initrd.img", "/live/vmlinuz",
		"/openstack/latest/meta_data.json", "/openstack/latest/user_data",
	}, listing, "nothing else is on it but the catalogue of boot images")

	table := run("sfdisk", "--dump", machine.Disk)
	t.Log(table)
	assert.Contains(t, table, "label-id: "+strings.ToUpper(p.ISO.GUID)+"\n")
	esp := regexp.MustCompile(`start= *(\d+), size= *(\d+), type=` + plan.TypeESP).FindStringSubmatch(table)
	require.NotNil(t, esp)
	slice := machine.Output + "/slice"
	run("dd", "if="+machine.Disk, "of="+slice, "bs=512", "skip="+esp[1], "count="+esp[2], "status=none")
	t.Log(run("fsck.vfat", "-n", "-v", slice))
	assert.Contains(t, run("mdir", "-/", "-b", "-i", slice, "::"), "::/EFI/BOOT/BOOTX64.EFI\n")
	assert.Contains(t, run("mdir", "-i", slice, "::"), "Volume Serial Number is "+p.ISO.ESP+"\n")

	run("sh", "-euc", "xorriso -osirrox on -indev stdio:"+machine.Disk+" -extract /live/filesystem.squashfs "+slice+"-squash 2>/dev/null")
	inside := run("unsquashfs", "-ll", slice+"-squash")
	assert.Contains(t, inside, "squashfs-root/usr/bin/cloud-init\n")
	assert.NotContains(t, inside, "squashfs-root/boot/vmlinuz")
	assert.Regexp(t, `squashfs-root/boot\n`, inside)
	run("rm", slice, slice+"-squash")
}

func TestNewestKernel(t *testing.T) {
	names := strings.Fields("config-6.1.0-9-amd64 vmlinuz-6.1.0-9-amd64 vmlinuz-6.1.0-10-amd64 initrd.img-6.1.0-10-amd64 grub")
	version, err := newestKernel(names)
	require.NoError(t, err)
	assert.Equal(t, "6.1.0-10-amd64", version)
	_, err = newestKernel(names[:2])
	assert.EqualError(t, err, "the kernel 6.1.0-9-amd64 has no initramfs in /boot")
	_, err = newestKernel(nil)
	assert.EqualError(t, err, "the image has no kernel in /boot")
}

func TestESPSize(t *testing.T) {
	size, err := espSize([]string{"1"})
	require.NoError(t, err)
	assert.EqualValues(t, 4<<20, size)
	size, err = espSize([]string{"4000000", "1000000"})
	require.NoError(t, err)
	assert.EqualValues(t, 6<<20, size)
}
