package plan

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// golden compares text with testdata/name; AIRSHIP_UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}

func TestDefaultDisk(t *testing.T) {
	disk, err := NewDisk(&v1alpha1.NodeProfile{}, "seed")
	require.NoError(t, err)
	text, err := json.MarshalIndent(disk, "", "  ")
	require.NoError(t, err)
	golden(t, "disk-default.json", string(text)+"\n")
	golden(t, "disk-default.fstab", disk.Fstab())

	other, err := NewDisk(&v1alpha1.NodeProfile{}, "another seed")
	require.NoError(t, err)
	assert.NotEqual(t, disk.GUID, other.GUID)
	seen := map[string]bool{disk.GUID: true}
	for _, p := range disk.Partitions {
		ids := []string{p.GUID}
		if p.Filesystem != nil {
			ids = append(ids, p.Filesystem.UUID)
		}
		for _, id := range ids {
			assert.False(t, seen[id], "%s is used twice", id)
			seen[id] = true
		}
	}
}

// part is a partition in one line.
func part(mount, start, end, fs string, flags ...string) v1alpha1.Partition {
	p := v1alpha1.Partition{Mount: mount, PartStart: start, PartEnd: end, Flags: flags}
	if fs != "" {
		p.Filesystem = &v1alpha1.Filesystem{Type: fs}
	}
	return p
}

func profileOf(architecture, capacity string, partitions ...v1alpha1.Partition) *v1alpha1.NodeProfile {
	return &v1alpha1.NodeProfile{Spec: v1alpha1.NodeProfileSpec{
		Architecture: architecture,
		Storage:      v1alpha1.Storage{QcowCapacity: capacity, Partitions: partitions},
	}}
}

// on is the layout of a platform.
func on(platform string, partitions ...v1alpha1.Partition) *v1alpha1.NodeProfile {
	profile := profileOf("amd64", "", partitions...)
	profile.Spec.Platform = platform
	return profile
}

// mounted is a root with mount options.
func mounted(options string) v1alpha1.Partition {
	p := part("/", "600MiB", "100%", "ext4")
	p.Filesystem.Fstab.Options = options
	return p
}

func fstabOf(p v1alpha1.Partition, dump, fsck int) v1alpha1.Partition {
	p.Filesystem.Fstab.Dump, p.Filesystem.Fstab.Fsck = dump, fsck
	return p
}

func mountedESP(options string) v1alpha1.Partition {
	p := part("/boot/efi", "5MiB", "600MiB", "vfat", "esp")
	p.Filesystem.Fstab.Options = options
	return p
}

func TestDiskPositions(t *testing.T) {
	esp := part("/boot/efi", "0%", "100MB", "vfat", "esp")
	esp.MountOrder = 1
	disk, err := NewDisk(profileOf("", "1024M", part("/", "100MB", "50%", "ext4"), esp, part("/srv data", "50%", "100%", "ext4")), "")
	require.NoError(t, err)
	var got [][2]int64
	for _, p := range disk.Partitions {
		got = append(got, [2]int64{p.Start >> 20, (p.Start + p.Size) >> 20})
	}
	assert.Equal(t, [][2]int64{{95, 512}, {1, 95}, {512, 1023}}, got)
	assert.Equal(t, "srv-data", disk.Partitions[2].Name)
	assert.Contains(t, disk.Fstab(), ` /srv\040data ext4 defaults 0 0`)
}

func TestDiskMistakes(t *testing.T) {
	root := part("/", "600MiB", "100%", "ext4")
	esp := part("/boot/efi", "5MiB", "600MiB", "vfat", "esp")
	bios := part("none", "1MiB", "5MiB", "", "bios_grub")
	early := esp
	early.MountOrder = -1
	tests := map[string]struct {
		profile *v1alpha1.NodeProfile
		want    []string // FIELD: PROBLEM, shortened
	}{
		"overlap":           {profileOf("", "", root, bios, part("/boot/efi", "4MiB", "601MiB", "vfat", "esp")), []string{"[2].part_start: partition 3 (/boot/efi, 4 MiB to 601 MiB) overlaps partition 1 (/, 600 MiB to 19455 MiB)", "[2].part_start: partition 3 (/boot/efi, 4 MiB to 601 MiB) overlaps partition 2 (none, 1 MiB to 5 MiB)"}},
		"beyond the disk":   {profileOf("", "1G", bios, part("/", "5MiB", "2GiB", "ext4")), []string{"[1].part_end: partition 2 (/) ends at 2048 MiB, but the disk of 1024 MiB has room up to 1023 MiB"}},
		"in the backup":     {profileOf("", "1G", bios, part("/", "5MiB", "1GiB", "ext4")), []string{"[1].part_end: partition 2 (/) ends at 1024 MiB, but"}},
		"in the first MiB":  {profileOf("", "", esp, part("/", "600MiB", "100%", "ext4"), part("none", "512KiB", "2MiB", "", "bios_grub")), []string{"[2].part_start: 512KiB lies in the first MiB"}},
		"end before start":  {profileOf("", "", bios, part("/", "8GiB", "5GiB", "ext4")), []string{"[1].part_end: partition 2 (/) ends at 5120 MiB, not behind its start at 8192 MiB"}},
		"no root":           {profileOf("", "", bios, esp), []string{"partitions: no partition is mounted at /"}},
		"two roots":         {profileOf("", "", bios, part("/", "5MiB", "1GiB", "ext4"), part("/", "1GiB", "2GiB", "ext4")), []string{"[2].mount: partition 2 is mounted at / already"}},
		"unknown fs":        {profileOf("", "", bios, part("/", "5MiB", "1GiB", "etx4")), []string{`[1].filesystem.type: unknown file system etx4; did you mean ext4?`}},
		"far fs":            {profileOf("", "", bios, part("/", "5MiB", "1GiB", "zfs")), []string{`[1].filesystem.type: unknown file system zfs`}},
		"fs missing":        {profileOf("", "", bios, part("/", "5MiB", "1GiB", "")), []string{"[1].filesystem: is required"}},
		"fs with none":      {profileOf("", "", bios, root, part("none", "5MiB", "500MiB", "ext4")), []string{"[2].filesystem: a partition with mount none has no file system"}},
		"unknown flag":      {profileOf("", "", root, part("none", "1MiB", "5MiB", "", "bios-grub"), esp), []string{`[1].flags[0]: unknown flag bios-grub; did you mean bios_grub?`}},
		"both flags":        {profileOf("", "", root, part("/boot/efi", "5MiB", "600MiB", "vfat", "esp", "bios_grub")), []string{"[1].flags: a partition is bios_grub or esp", "[1].mount: a bios_grub partition holds"}},
		"flag twice":        {profileOf("", "", root, bios, part("none", "5MiB", "9MiB", "", "bios_grub")), []string{"[2].flags: partition 2 (none) has the flag bios_grub already"}},
		"bios_grub small":   {profileOf("", "", root, part("none", "1MiB", "1.75MiB", "", "bios_grub")), []string{"[1].part_end: 0.75 MiB is too small for bios_grub"}},
		"esp not vfat":      {profileOf("", "", root, part("/boot/efi", "5MiB", "600MiB", "ext4", "esp")), []string{"[1].filesystem.type: firmware reads an esp partition as vfat alone"}},
		"esp not mounted":   {profileOf("", "", root, part("none", "5MiB", "600MiB", "", "esp")), []string{"[1].mount: an esp partition must be mounted"}},
		"/boot/efi no esp":  {profileOf("", "", root, bios, part("/boot/efi", "5MiB", "600MiB", "vfat")), []string{"[2].flags: the partition of /boot/efi needs the flag esp"}},
		"too small for fs":  {profileOf("", "", bios, root, part("/srv", "5MiB", "10MiB", "ext4"), part("/a", "10MiB", "20MiB", "vfat")), []string{"[2].part_end: 5 MiB is too small for ext4: it needs at least 16 MiB", "[3].part_end: 10 MiB is too small for vfat"}},
		"vfat root":         {profileOf("", "", bios, part("/", "5MiB", "1GiB", "vfat")), []string{"[1].filesystem.type: vfat keeps neither owners nor links"}},
		"vfat for packages": {profileOf("", "", bios, root, part("/var", "5MiB", "100MiB", "vfat"), part("/home/data", "100MiB", "200MiB", "vfat"), part("/opt", "200MiB", "300MiB", "vfat"), part("/boot", "300MiB", "400MiB", "vfat")), []string{"[2].filesystem.type: vfat keeps neither owners nor links, which packages need in /var: use ext4 (vfat is for", "[3].filesystem.type: vfat", "[4].filesystem.type: vfat", "[5].filesystem.type: vfat"}},
		"links of /var":     {profileOf("", "", bios, root, part("/var/run/x", "5MiB", "100MiB", "ext4"), part("/var/lock", "100MiB", "200MiB", "ext4")), []string{"[2].mount: /var/run/x is needed before", "[3].mount: /var/lock is needed before"}},
		"unreadable":        {profileOf("", "lots", bios, root), []string{`qcow_capacity: "lots" is not a size`}},
		"no unit":           {profileOf("", "", bios, part("/", "5", "-1MiB", "ext4")), []string{`[1].part_start: "5" is not a position`, `[1].part_end: "-1MiB" is not a position`}},
		"missing position":  {profileOf("", "", bios, part("/", "5MiB", "", "ext4")), []string{"[1].part_end: is required"}},
		"huge":              {profileOf("", "17T", bios, root), []string{"qcow_capacity: 17T is more than 16T"}},
		"tiny":              {profileOf("", "1M", bios, root), []string{"qcow_capacity: 1M is too small"}},
		"default too small": {profileOf("", "1G"), []string{"qcow_capacity: 1G is too small: this layout needs more than 1300 MiB"}},
		"cannot boot":       {profileOf("", "", root), []string{"partitions: the disk cannot boot: a PC boots by BIOS or by UEFI; the one needs a partition with the flag bios_grub, the other"}},
		"cannot boot azure": {on("azure", root), []string{"partitions: the disk cannot boot: azure boots generation 1 by BIOS and generation 2 by UEFI"}},
		"cannot boot gcp":   {on("gcp", root), []string{"partitions: the disk cannot boot: gcp boots an image that is marked UEFI_COMPATIBLE"}},
		"not aligned":       {profileOf("", "", bios, part("/", "5.5MiB", "1049599KiB", "ext4")), []string{"[1].part_start: 5.5MiB is not a whole MiB, to which partitions are aligned: write 6MiB", "[1].part_end: 1049599KiB is not a whole MiB, to which partitions are aligned: write 1025MiB"}},
		"too many":          {profileOf("", "", slices.Repeat([]v1alpha1.Partition{root}, 129)...), []string{"partitions: 129 partitions are more than the 128"}},
		"mount options": {profileOf("", "", bios, mounted("noatme,,errors=remount-r0,umask=0077,commit,ro=1,x-systemd.automount,strange"), mountedESP("noatime,data=ordered")), []string{
			"[1].filesystem.fstab.options: unknown mount option noatme; did you mean noatime?",
			"[1].filesystem.fstab.options: noatme,,errors=remount-r0,umask=0077,com… has nothing before or behind a comma",
			"[1].filesystem.fstab.options: errors=remount-r0 is unknown; did you mean remount-ro?",
			"[1].filesystem.fstab.options: umask= is an option of vfat; ext4 would not be mounted with it",
			"[1].filesystem.fstab.options: the option commit needs a value: commit=",
			"[1].filesystem.fstab.options: the option ro takes no value",
			"[2].filesystem.fstab.options: data= is an option of ext4; vfat would not be mounted with it",
		}},
		"dump and fsck":       {profileOf("", "", bios, fstabOf(mounted(""), 2, 3)), []string{"[1].filesystem.fstab.dump: 2 is neither 0 nor 1", "[1].filesystem.fstab.fsck: 3 is not 0"}},
		"smaller than a MiB":  {profileOf("", "", bios, root, part("none", "5MB", "5.1MB", "")), []string{"[2].part_end: partition 3 (none) is smaller than 1 MiB"}},
		"options with spaces": {profileOf("", "", bios, mounted("ro, noatime")), []string{`[1].filesystem.fstab.options: "ro, noatime" is not a list`}},
		"cannot boot arm64":   {profileOf("arm64", "", root, bios), []string{"partitions: the disk cannot boot: arm64 needs a vfat partition"}},
		"mount order":         {profileOf("", "", root, bios, early), []string{"[2].mount_order: -1 mounts /boot/efi before / (0), which holds it"}},
		"relative mount":      {profileOf("", "", root, bios, part("srv/", "5MiB", "600MiB", "ext4")), []string{`[2].mount: "srv/" is not a clean absolute path`}},
		"reserved mount":      {profileOf("", "", root, bios, part("/run/x", "5MiB", "600MiB", "ext4")), []string{"[2].mount: /run/x is needed before"}},
		"all of them at once": {profileOf("", "x", part("", "", "", ""), part("none", "", "", "ext4", "swap")), []string{"qcow_capacity", "[0].mount: is required", "[0].filesystem: is required", "[1].flags[0]", "[1].filesystem", "partitions: no partition", "partitions: the disk cannot boot"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := NewDisk(test.profile, "seed")
			require.Error(t, err)
			mistakes := mistake.All(err)
			var got []string
			for _, m := range mistakes {
				got = append(got, strings.TrimPrefix(strings.TrimPrefix(m.Field, "spec.storage.partitions["), "spec.storage.")+": "+m.Problem)
			}
			require.Len(t, mistakes, len(test.want), "%q", got)
			for i, want := range test.want {
				assert.Contains(t, got[i], strings.TrimPrefix(want, "["))
			}
		})
	}
}

// TestDiskVfat has vfat where nothing of a package needs more.
func TestDiskVfat(t *testing.T) {
	root := part("/", "600MiB", "100%", "ext4")
	for _, mount := range []string{"/boot/efi", "/efi", "/boot"} {
		_, err := NewDisk(profileOf("", "", root, part(mount, "1MiB", "500MiB", "vfat", "esp"), part("/data", "500MiB", "600MiB", "vfat")), "")
		require.NoError(t, err, mount)
	}
}

func TestMountOptionsThatPass(t *testing.T) {
	for _, options := range []string{
		"", "defaults,errors=remount-ro,noatime", "x-systemd.makefs,X-mount.mkdir", "context=\"a:b,c\",noatime",
		"data=writeback,commit=5", "an_option_of_tomorrow",
	} {
		_, err := NewDisk(profileOf("", "", mounted(options), part("none", "1MiB", "5MiB", "", "bios_grub")), "")
		require.NoError(t, err, options)
	}
}

func FuzzPosition(f *testing.F) {
	for _, seed := range []string{"1MiB", "100%", "33.3%", "5 GB", "1e9MiB", "", "-1B", "999999999999999999TiB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const size = 19 << 30
		if position, err := parsePosition(text, size); err == nil {
			assert.GreaterOrEqual(t, position, int64(0))
			assert.True(t, !strings.HasSuffix(text, "%") || position <= size)
		}
		if capacity, err := parseCapacity(text); err == nil {
			assert.Zero(t, capacity%mebibyte)
			assert.LessOrEqual(t, capacity, maxCapacity)
		}
	})
}

// stored is a layout with an area storage of its own.
func stored(storage v1alpha1.Storage) *v1alpha1.NodeProfile {
	return &v1alpha1.NodeProfile{Spec: v1alpha1.NodeProfileSpec{Architecture: "amd64", Storage: storage}}
}

// named is a partition with a name, a type and a label.
func named(p v1alpha1.Partition, name, kind, label string) v1alpha1.Partition {
	p.Name, p.Type = name, kind
	if label != "" {
		filesystem := *p.Filesystem
		filesystem.Label = label
		p.Filesystem = &filesystem
	}
	return p
}

// sized is a partition by its size.
func sized(mount, size, fs string, flags ...string) v1alpha1.Partition {
	p := part(mount, "", "", fs, flags...)
	p.Size = size
	return p
}

func TestDiskSizes(t *testing.T) {
	disk, err := NewDisk(profileOf("amd64", "10G",
		sized("none", "4MiB", "", "bios_grub"), sized("/boot/efi", "0.5GiB", "vfat", "esp"), sized("none", "1GiB", "swap"),
		sized("/var", "20%", "xfs"), named(part("/", "", "100%", "btrfs"), "os", "root", "system"),
	), "")
	require.NoError(t, err)
	var got [][2]int64
	for _, p := range disk.Partitions {
		got = append(got, [2]int64{p.Start >> 20, (p.Start + p.Size) >> 20})
	}
	assert.Equal(t, [][2]int64{{1, 5}, {5, 517}, {517, 1541}, {1541, 3589}, {3589, 10239}}, got)
	assert.Equal(t, "os", disk.Partitions[4].Name)
	assert.Equal(t, "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", disk.Partitions[4].Type)
	assert.Equal(t, "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", disk.Partitions[2].Type)
	assert.True(t, disk.GrowRoot)
	fstab := disk.Fstab()
	assert.Contains(t, fstab, " / btrfs defaults 0 0\n")
	assert.Contains(t, fstab, "UUID="+disk.Partitions[2].Filesystem.UUID+" none swap defaults 0 0\n")
	assert.Equal(t, "system", disk.Partitions[4].Filesystem.Label)
}

func TestMBR(t *testing.T) {
	disk, err := NewDisk(stored(v1alpha1.Storage{PartitionTable: "mbr", Partitions: []v1alpha1.Partition{
		part("/boot", "1MiB", "500MiB", "ext4", "boot"), part("none", "500MiB", "600MiB", "swap"), part("/", "600MiB", "100%", "ext4"),
	}}), "seed")
	require.NoError(t, err)
	assert.Regexp(t, "^[0-9a-f]{8}$", disk.GUID)
	assert.Equal(t, disk.GUID+"-02", disk.Partitions[1].GUID)
	assert.Equal(t, []string{"83", "82", "83"}, []string{disk.Partitions[0].Type, disk.Partitions[1].Type, disk.Partitions[2].Type})
	assert.True(t, disk.Partitions[0].Active)
	gap, bios := disk.BIOSBoot("amd64")
	assert.True(t, bios)
	assert.Equal(t, Extent{Start: 512, Size: 1<<20 - 512}, gap)

	whole, err := NewDisk(stored(v1alpha1.Storage{PartitionTable: "mbr"}), "seed")
	require.NoError(t, err)
	assert.Len(t, whole.Partitions, 3)
	_, uefi := whole.ESP()
	assert.True(t, uefi)
	var active []string
	for _, p := range whole.Partitions {
		if p.Active {
			active = append(active, p.Mount.Path)
		}
	}
	assert.Equal(t, []string{"/boot"}, active, "where no partition has the flag boot")
}

func TestLargeSectors(t *testing.T) {
	disk, err := NewDisk(stored(v1alpha1.Storage{SectorSize: 4096}), "seed")
	require.NoError(t, err)
	assert.Len(t, disk.Partitions, 4)
	_, bios := disk.BIOSBoot("amd64")
	assert.False(t, bios)
}

func TestStorageMistakes(t *testing.T) {
	root, esp := part("/", "600MiB", "100%", "ext4"), part("/boot/efi", "5MiB", "600MiB", "vfat", "esp")
	bios := part("none", "1MiB", "5MiB", "", "bios_grub")
	grow := true
	both := part("/", "600MiB", "100%", "ext4")
	both.Size = "1GiB"
	for name, c := range map[string]struct {
		storage v1alpha1.Storage
		want    string
	}{
		"table":             {v1alpha1.Storage{PartitionTable: "msdos"}, "partitionTable: unknown partition table msdos; known: gpt, mbr"},
		"sectors":           {v1alpha1.Storage{SectorSize: 2048}, "sectorSize: 2048 is neither 512 nor 4096"},
		"large mbr sectors": {v1alpha1.Storage{SectorSize: 4096, PartitionTable: "mbr"}, "sectorSize: disks with sectors of 4096 bytes boot by UEFI alone"},
		"large BIOS":        {v1alpha1.Storage{SectorSize: 4096, Partitions: []v1alpha1.Partition{bios, root}}, "partitions: the disk cannot boot: with sectors of 4096 bytes it needs UEFI"},
		"large mbr":         {v1alpha1.Storage{PartitionTable: "mbr", QcowCapacity: "3T"}, "qcow_capacity: 3T is more than the 2 TiB that an mbr can address"},
		"five in an mbr":    {v1alpha1.Storage{PartitionTable: "mbr", Partitions: []v1alpha1.Partition{root, esp, part("none", "1MiB", "2MiB", ""), part("none", "2MiB", "3MiB", ""), part("none", "3MiB", "4MiB", "")}}, "partitions: 5 partitions are more than the 4 of an mbr"},
		"bios_grub in mbr":  {v1alpha1.Storage{PartitionTable: "mbr", Partitions: []v1alpha1.Partition{bios, root}}, "[0].flags[0]: bios_grub is a gpt's"},
		"boot in gpt":       {v1alpha1.Storage{Partitions: []v1alpha1.Partition{part("/", "600MiB", "100%", "ext4", "boot"), esp}}, "[0].flags[0]: boot is an mbr's"},
		"name in mbr":       {v1alpha1.Storage{PartitionTable: "mbr", Partitions: []v1alpha1.Partition{named(root, "os", "", "")}}, "[0].name: partitions of an mbr have no names"},
		"esp as mbr type":   {v1alpha1.Storage{PartitionTable: "mbr", Partitions: []v1alpha1.Partition{root, named(part("none", "1MiB", "100MiB", ""), "", "esp", "")}}, "[1].type: want the flag esp in its place"},
		"GUID in mbr":       {v1alpha1.Storage{PartitionTable: "mbr", Partitions: []v1alpha1.Partition{named(root, "", TypeLinux, "")}}, "[0].type: a GUID is a gpt's type"},
		"unknown type":      {v1alpha1.Storage{Partitions: []v1alpha1.Partition{named(root, "", "hom", ""), esp}}, "[0].type: unknown type hom; did you mean home?"},
		"esp by type":       {v1alpha1.Storage{Partitions: []v1alpha1.Partition{bios, root, named(part("/data", "5MiB", "600MiB", "ext4"), "", "esp", "")}}, "[2].type: want the flag esp in its place"},
		"type beside flag":  {v1alpha1.Storage{Partitions: []v1alpha1.Partition{root, named(esp, "", "linux", "")}}, "[1].type: stands beside the flag esp"},
		"long name":         {v1alpha1.Storage{Partitions: []v1alpha1.Partition{named(root, strings.Repeat("n", 37), "", ""), esp}}, "[0].name: "},
		"name twice":        {v1alpha1.Storage{Partitions: []v1alpha1.Partition{named(root, "one", "", ""), named(esp, "one", "", "")}}, "[1].name: partition 1 (/) has the name one already"},
		"label twice":       {v1alpha1.Storage{Partitions: []v1alpha1.Partition{named(root, "", "", "ONE"), named(esp, "", "", "ONE")}}, "[1].filesystem.label: partition 1 (/) has the label ONE already"},
		"long label":        {v1alpha1.Storage{Partitions: []v1alpha1.Partition{named(root, "", "", "a-label-of-seventeen"), esp}}, "[0].filesystem.label: a-label-of-seventeen has 20 characters; a label of ext4 has at most 16"},
		"lower-case vfat":   {v1alpha1.Storage{Partitions: []v1alpha1.Partition{root, named(esp, "", "", "esp")}}, "[1].filesystem.label: vfat's labels are upper case: want ESP"},
		"slash in label":    {v1alpha1.Storage{Partitions: []v1alpha1.Partition{named(root, "", "", "a/b"), esp}}, "[0].filesystem.label: a/b: want letters"},
		"small xfs":         {v1alpha1.Storage{Partitions: []v1alpha1.Partition{root, part("/boot/efi", "5MiB", "100MiB", "vfat", "esp"), part("/srv", "100MiB", "300MiB", "xfs")}}, "[2].part_end: 200 MiB is too small for xfs: it needs at least 300 MiB"},
		"mounted swap":      {v1alpha1.Storage{Partitions: []v1alpha1.Partition{root, bios, part("/srv", "100MiB", "300MiB", "swap")}}, "[2].mount: swap is not mounted: want none"},
		"swap of ext4":      {v1alpha1.Storage{Partitions: []v1alpha1.Partition{root, bios, part("swap", "100MiB", "300MiB", "ext4")}}, "[2].filesystem.type: want swap, as mount says"},
		"grow":              {v1alpha1.Storage{GrowRoot: &grow, Partitions: []v1alpha1.Partition{part("/", "600MiB", "2GiB", "ext4"), esp, part("/srv", "2GiB", "100%", "ext4")}}, "growRoot: the root cannot grow: partition 3 (/srv, 2048 MiB to 19455 MiB) lies behind it"},
		"size and end":      {v1alpha1.Storage{Partitions: []v1alpha1.Partition{both, esp}}, "[0].size: stands beside part_end; keep one"},
		"not a size":        {v1alpha1.Storage{Partitions: []v1alpha1.Partition{esp, sized("/", "large", "ext4")}}, `[1].size: "large" is not a size`},
		"xfs option":        {v1alpha1.Storage{Partitions: []v1alpha1.Partition{bios, {Mount: "/", PartStart: "5MiB", PartEnd: "100%", Filesystem: &v1alpha1.Filesystem{Type: "xfs", Fstab: v1alpha1.Fstab{Options: "compress=zstd"}}}}}, "[1].filesystem.fstab.options: compress= is an option of btrfs"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewDisk(stored(c.storage), "seed")
			require.ErrorContains(t, err, c.want)
		})
	}
}
