package disk

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

func examplePlan(t *testing.T) plan.Plan {
	t.Helper()
	profile := &v1alpha1.NodeProfile{}
	profile.Spec.Storage.QcowCapacity = "3G"
	disk, err := plan.NewDisk(profile, "test")
	require.NoError(t, err)
	return plan.Plan{
		Target: plan.Target{Architecture: "amd64", Distribution: "debian", Suite: "bookworm"},
		Epoch:  1780000000,
		System: plan.System{
			GrubTimeout: 1,
			Cmdline:     []string{"console=tty0", "console=ttyS0,115200n8", "quiet", "memmap=64K$0x18000000", "airship.note=two words"},
		},
		Disk: disk,
	}
}

func TestSfdiskScript(t *testing.T) {
	script := sfdiskScript(examplePlan(t).Disk)
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile("testdata/sfdisk-default", []byte(script), 0o644))
	}
	want, err := os.ReadFile("testdata/sfdisk-default")
	require.NoError(t, err)
	assert.Equal(t, string(want), script)
}

func TestCompareTable(t *testing.T) {
	d := plan.Disk{SectorSize: 512, Table: plan.GPT, GUID: "b1ae0edc-0261-8f5b-a6a4-aea126b1196d", Partitions: []plan.Partition{{
		Number: 1, Name: "root", Type: plan.TypeLinux, GUID: "643963cc-ca0e-8dac-8448-0bb60387d48d", Start: 1 << 20, Size: 2 << 20,
	}}}
	good := `{"partitiontable": {"id": "B1AE0EDC-0261-8F5B-A6A4-AEA126B1196D", "sectorsize": 512, "partitions": [
		{"start": 2048, "size": 4096, "type": "0FC63DAF-8483-4772-8E79-3D69D8477DE4", "uuid": "643963CC-CA0E-8DAC-8448-0BB60387D48D", "name": "root"}]}}`
	require.NoError(t, compareTable(d, []byte(good)))
	for _, change := range [][2]string{
		{"4096", "4095"}, {"2048", "2049"}, {"512", "4096"}, {"B1AE", "B1AF"}, {"6439", "6430"}, {"0FC6", "0FC7"}, {`"root"`, `"boot"`}, {"]}}", "{}]}}"}, {"}}", "}"},
	} {
		assert.Error(t, compareTable(d, []byte(strings.Replace(good, change[0], change[1], 1))), change)
	}
}

func TestPatchBootImages(t *testing.T) {
	boot, core := make([]byte, 512), make([]byte, 1500)
	for i := range boot {
		boot[i] = 0xee
	}
	core[1499] = 0x77
	code, patched, err := patchBootImages(boot, core, plan.Extent{Start: 1 << 20, Size: 1 << 20})
	require.NoError(t, err)
	assert.Len(t, code, 0x1b8)
	assert.Equal(t, []byte{0, 8, 0, 0, 0, 0, 0, 0}, code[0x5c:0x64])
	assert.Equal(t, []byte{0xee, 0xee, 0x90, 0x90, 0xee}, code[0x64:0x69])
	assert.Len(t, patched, 1536)
	assert.Equal(t, []byte{1, 8, 0, 0, 0, 0, 0, 0, 2, 0, 0x20, 0x08}, patched[0x1f4:0x200])
	assert.EqualValues(t, 0x77, patched[1499])

	_, _, err = patchBootImages(boot, make([]byte, 2<<20), plan.Extent{Start: 1 << 20, Size: 1 << 20})
	assert.ErrorContains(t, err, "does not fit")
	_, _, err = patchBootImages(boot[:440], core, plan.Extent{Start: 1 << 20, Size: 1 << 20})
	assert.Error(t, err)
}

func TestMountedInside(t *testing.T) {
	a := assembly{plan: examplePlan(t)}
	assert.Equal(t, []string{"/target/boot"}, a.mountedInside("/"))
	assert.Equal(t, []string{"/target/boot/efi"}, a.mountedInside("/boot"))
	assert.Empty(t, a.mountedInside("/boot/efi"))
}

func TestFatEntries(t *testing.T) {
	dirs, files, err := fatEntries("dEFI\x00fEFI/b\x00dEFI/BOOT\x00fEFI/BOOT/x\x00fEFI/a\x00da\x00fa/hidden\x00ftop\x00", []string{"a"})
	require.NoError(t, err)
	assert.Equal(t, []string{"/EFI", "/EFI/BOOT", "/a"}, dirs)
	assert.Equal(t, []string{"/top", "/EFI/a", "/EFI/b", "/EFI/BOOT/x"}, files)
	assert.Equal(t, [][]string{{"/top"}, {"/EFI/a", "/EFI/b"}, {"/EFI/BOOT/x"}}, batches(files))
	assert.Len(t, batches(append(make([]string, 0, 401), strings.Split(strings.Repeat("/a ", 400)+"/a", " ")...)), 3)

	_, _, err = fatEntries("lEFI/link\x00", nil)
	assert.ErrorContains(t, err, "EFI/link is neither a directory nor a plain file")
	_, _, err = fatEntries("fwhat?\x00", nil)
	assert.ErrorContains(t, err, "cannot hold")
}

func FuzzFatEntries(f *testing.F) {
	f.Add("dEFI\x00fEFI/b\x00")
	f.Add("")
	f.Add("l\x00\x00f")
	f.Fuzz(func(t *testing.T, listing string) {
		dirs, files, err := fatEntries(listing, nil)
		if err != nil {
			return
		}
		total := 0
		for _, batch := range batches(files) {
			total += len(batch)
		}
		assert.Equal(t, len(files), total)
		assert.LessOrEqual(t, len(dirs)+total, strings.Count(listing, "\x00")+1)
	})
}

func TestPlatforms(t *testing.T) {
	a := assembly{plan: examplePlan(t)}
	all, err := a.platforms()
	require.NoError(t, err)
	assert.Equal(t, []platform{
		{name: "i386-pc", debian: "grub-pc-bin", modules: []string{"biosdisk", "part_gpt", "ext2", "search_fs_uuid"}},
		{
			name: "x86_64-efi", debian: "grub-efi-amd64-bin", fallback: "BOOTX64.EFI",
			modules: []string{"part_gpt", "ext2", "search_fs_uuid", "fat", "normal", "configfile"},
		},
	}, all)
	assert.Equal(t, "/grub", a.grubPrefix())

	a.plan.Target.Architecture = "arm64"
	all, err = a.platforms()
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, "arm64-efi", all[0].name)
	assert.Equal(t, "BOOTAA64.EFI", all[0].fallback)
}
