package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

func TestPackageChanges(t *testing.T) {
	one := func(version string, bytes int64) map[string]RecordedPackage {
		return map[string]RecordedPackage{"a:amd64": {Version: version, Bytes: bytes}}
	}
	for name, c := range map[string]struct {
		old, new map[string]RecordedPackage
		want     []PackageChange
	}{
		"nothing":            {one("1", 5), one("1", 9), nil},
		"added":              {nil, one("1", 5), []PackageChange{{Added, "a", "amd64", "", "1", 5}}},
		"removed":            {one("1", 5), nil, []PackageChange{{Removed, "a", "amd64", "1", "", -5}}},
		"upgraded":           {one("1.9-1", 5), one("1.10-1", 7), []PackageChange{{Upgraded, "a", "amd64", "1.9-1", "1.10-1", 2}}},
		"upgraded by epoch":  {one("9", 0), one("1:1", 0), []PackageChange{{Upgraded, "a", "amd64", "9", "1:1", 0}}},
		"from a tilde":       {one("1~rc1", 0), one("1", 0), []PackageChange{{Upgraded, "a", "amd64", "1~rc1", "1", 0}}},
		"downgraded":         {one("2", 5), one("1", 4), []PackageChange{{Downgraded, "a", "amd64", "2", "1", -1}}},
		"written otherwise":  {one("1.0", 0), one("1.00", 0), []PackageChange{{Changed, "a", "amd64", "1.0", "1.00", 0}}},
		"size not known":     {one("1", 0), one("2", 4), []PackageChange{{Upgraded, "a", "amd64", "1", "2", 0}}},
		"other architecture": {one("1", 0), map[string]RecordedPackage{"a:i386": {Version: "1"}}, []PackageChange{{Removed, "a", "amd64", "1", "", 0}, {Added, "a", "i386", "", "1", 0}}},
	} {
		assert.Equal(t, c.want, packageChanges(c.old, c.new), name)
	}
}

func TestSettings(t *testing.T) {
	secret := "sha256:" + sum
	all := settings(map[string]any{
		"empty": "", "none": nil, "list": []any{}, "map": map[string]any{}, "flag": true, "count": 5, "float": 0.5, "strings": []string{"b", "a"},
		"args": []any{
			map[string]any{"name": "console", "value": "tty0"}, map[string]any{"name": "console", "value": "ttyS0"}, map[string]any{"value": "x"},
		},
		"users": []any{map[string]any{"name": "ops", "password": secret}}, "script": "#!/bin/sh\necho " + secret + "\n", "text": "a\nb\n", "long": strings.Repeat("x", 500),
		secret: secret, "secrets": []any{secret, map[string]any{"name": secret}},
	})
	plain := map[string]Setting{}
	for path, s := range all {
		assert.NotContains(t, path, sum)
		assert.NotContains(t, s.Text, sum)
		if s.Fingerprint != "" {
			assert.Len(t, s.Fingerprint, 16)
			s.Fingerprint = "x"
		}
		plain[path] = s
	}
	hidden := Setting{Secret: true, Fingerprint: "x"}
	assert.Equal(t, map[string]Setting{
		"empty": {}, "list": {Text: "[]"}, "map": {Text: "{}"}, "flag": {Text: "true"}, "count": {Text: "5"}, "float": {Text: "0.5"},
		"strings[a]": {Text: "a"}, "strings[b]": {Text: "b"}, "strings[]": {Fingerprint: "x"},
		"args[console].name": {Text: "console"}, "args[console].value": {Text: "tty0"}, "args[console#2].name": {Text: "console"},
		"args[console#2].value": {Text: "ttyS0"}, "args[2].value": {Text: "x"}, "args[]": {Fingerprint: "x"},
		"users[ops].name": {Text: "ops"}, "users[ops].password": hidden, "script": hidden, "text": {Fingerprint: "x", Lines: 2, Bytes: 4},
		"long": {Fingerprint: "x", Lines: 1, Bytes: 500}, "(secret)": hidden, "secrets[0]": hidden, "secrets[1].name": hidden, "secrets[]": {Fingerprint: "x"},
	}, plain)
	assert.NotEqual(t, all["secrets[0]"].Fingerprint, all["users[ops].password"].Fingerprint, "equal secrets are seen to be equal")
}

func TestSettingChanges(t *testing.T) {
	of := func(value any) map[string]Setting { return settings(map[string]any{"a": value}) }
	named := func(name, value string) any { return map[string]any{"name": name, "value": value} }
	for name, c := range map[string]struct {
		old, new any
		want     []string
	}{
		"nothing":         {"x", "x", nil},
		"number":          {5, "5", nil},
		"changed":         {"x", "y", []string{"changed a: x → y"}},
		"to empty":        {"x", "", []string{"changed a: x → (empty)"}},
		"added":           {nil, "y", []string{"added a:  → y"}},
		"removed":         {"x", nil, []string{"removed a: x → "}},
		"element":         {[]any{"x", "y"}, []any{"x", "z", "y"}, []string{"added a[z]:  → z"}},
		"reordered":       {[]any{"x", "y"}, []any{"y", "x"}, []string{"changed a:  → another order"}},
		"named":           {[]any{named("x", "1"), named("y", "2")}, []any{named("x", "1"), named("y", "3")}, []string{"changed a[y].value: 2 → 3"}},
		"before others":   {[]any{named("y", "2")}, []any{named("x", "1"), named("y", "2")}, []string{"added a[x].name:  → x", "added a[x].value:  → 1"}},
		"secret":          {"sha256:" + sum, "sha256:" + strings.Repeat("0", 64), []string{"changed a:  → changed (secret)"}},
		"becomes secret":  {"x", "sha256:" + sum, []string{"changed a: x → (secret)"}},
		"no longer one":   {"sha256:" + sum, "x", []string{"changed a: (secret) → x"}},
		"secret is new":   {nil, "sha256:" + sum, []string{"added a:  → (secret)"}},
		"text":            {"a\nb\n", "a\nb\nc\n", []string{"changed a: 2 lines, 4\u00a0B → 3 lines, 6\u00a0B"}},
		"text, as long":   {"a\nb\n", "a\nc\n", []string{"changed a:  → changed, 2 lines, 4\u00a0B"}},
		"long line":       {"x", strings.Repeat("x", 2048), []string{"changed a: x → 2\u00a0KiB of text"}},
		"empty list":      {[]any{}, []any{"x"}, []string{"removed a: [] → ", "added a[x]:  → x"}},
		"nested in lists": {[]any{[]any{"x"}}, []any{[]any{"y"}}, []string{"removed a[0][x]: x → ", "added a[0][y]:  → y"}},
	} {
		var got []string
		for _, change := range settingChanges(of(c.old), of(c.new)) {
			row := settingChange(change)
			got = append(got, string(row.Kind)+" "+row.Name+": "+row.Old+" → "+row.New)
			assert.NotContains(t, got[len(got)-1], sum)
		}
		assert.Equal(t, c.want, got, name)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"", "a", "+a"},
		{"a", "", "-a"},
		{"a b c", "a c", "a -b c"},
		{"a c", "a b c", "a +b c"},
		{"a b", "b a", "-a b +a"},
		{"a a b", "a b b", "a -a b +b"},
		{"console=tty0 quiet", "console=ttyS0 quiet", "-console=tty0 +console=ttyS0 quiet"},
	} {
		var got []string
		for _, w := range words(strings.Fields(c.old), strings.Fields(c.new)) {
			got = append(got, map[Kind]string{Added: "+", Removed: "-"}[w.Kind]+w.Text)
		}
		assert.Equal(t, c.want, strings.Join(got, " "))
	}
}

func TestPartitionChanges(t *testing.T) {
	disk := func(partitions ...RecordedPartition) RecordedDisk { return RecordedDisk{Partitions: partitions} }
	root := RecordedPartition{Number: 1, Start: 1 << 30, Size: 1 << 30, Filesystem: "ext4", Mount: "/"}
	other := RecordedPartition{Number: 2, Start: 1 << 20, Size: 4 << 20}
	assert.Empty(t, partitionChanges(disk(root, other), disk(other, root)), "the order of entries")
	assert.Equal(t, []PartitionChange{{Kind: Added, Number: 2, New: other}}, partitionChanges(disk(root), disk(root, other)))
	assert.Equal(t, []PartitionChange{{Kind: Removed, Number: 2, Old: other}}, partitionChanges(disk(root, other), disk(root)))
	moved := root
	moved.Start, moved.Size, moved.Filesystem, moved.Options = 2<<30, 1000, "xfs", "noatime"
	assert.Equal(t, []PartitionChange{{Kind: Changed, Number: 1, Old: root, New: moved, Fields: []FactChange{
		{"start", "1,024\u00a0MiB", "2,048\u00a0MiB"}, {"size", "1,024\u00a0MiB", "1,000\u00a0bytes"}, {"file system", "ext4", "xfs"}, {"options", "", "noatime"},
	}}}, partitionChanges(disk(root), disk(moved)))
}

func TestChangesOfBuilds(t *testing.T) {
	in := small()
	same := NewRecord(in)
	d := Changes(same, NewRecord(in))
	assert.True(t, d.IsEmpty())
	assert.True(t, d.SamePlan)

	in.Images[0].SHA256 = strings.Repeat("0", 64)
	d = Changes(same, NewRecord(in))
	assert.Equal(t, []string{plan.QCOW2}, d.Unequal, "the same plan gave other bytes")
	in.Previous = &same
	assert.Contains(t, rendered(t, in), "other bytes came of it: qcow2")

	in.Plugin, in.Packer, in.Plan.Target.Suite, in.Plan.Disk.Size = "0.2.0", "1", "trixie", 8<<30
	in.Images = append(in.Images[:0:0], Image{Name: "b.vhd", Format: plan.VHD, Size: 1})
	d = Changes(same, NewRecord(in))
	assert.False(t, d.SamePlan)
	assert.Empty(t, d.Unequal)
	assert.Equal(t, []FactChange{
		{"Suite", "bookworm", "trixie"},
		{"Disk", "4\u00a0GiB, GPT, sectors of 512 bytes", "8\u00a0GiB, GPT, sectors of 512 bytes"},
		{"Plugin", "0.1.0", "0.2.0"},
		{"Packer", "", "1"},
	}, d.Facts)
	require.Len(t, d.Images, 2)
	assert.Equal(t, []Kind{Added, Removed}, []Kind{d.Images[0].Kind, d.Images[1].Kind})
}

// A record survives being written, is the same each time and has no secret.
func TestRecord(t *testing.T) {
	in := realistic(t)
	r := NewRecord(in)
	text, err := r.Encode()
	require.NoError(t, err)
	again, err := NewRecord(in).Encode()
	require.NoError(t, err)
	assert.Equal(t, string(text), string(again))
	assert.NotContains(t, strings.ReplaceAll(string(text), `"sha256": "`+sum, ""), sum, "the digest of a password")
	assert.Less(t, len(text), 40_000)
	read, err := Decode(text)
	require.NoError(t, err)
	assert.Equal(t, r, read)
	assert.True(t, Changes(read, r).IsEmpty())
}

func TestDecode(t *testing.T) {
	_, err := Decode([]byte(`{"format":2}`))
	require.EqualError(t, err, "record of the last build: it has format 2, this version reads format 1")
	for _, text := range []string{"", "{", "[]", `{"format":"a"}`, `{"packages":[]}`, `{"format":1}{`} {
		_, err := Decode([]byte(text))
		require.Error(t, err, text)
	}
	r, err := Decode([]byte(`{"format":1,"later":true}`))
	require.NoError(t, err)
	assert.Equal(t, Record{Format: 1}, r)
}

// Whatever can be read can be compared and shown.
func FuzzDecode(f *testing.F) {
	text, err := NewRecord(small()).Encode()
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"format":1,"packages":{"":{}},"settings":{"[]":{},"a[]":{"fingerprint":"x"}},"cmdline":["a",""],"disk":{"partitions":[{},{}]},"images":[{},{}]}`))
	in := small()
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Decode(text)
		if err != nil || len(r.Cmdline) > 100 {
			return
		}
		Changes(NewRecord(in), r)
		in.Previous = &r
		assert.NotContains(t, rendered(t, in), "ZgotmplZ")
	})
}

// Without an inventory the plan's packages are compared, a base's first.
func TestPackagesOfPlan(t *testing.T) {
	in := Input{Plan: plan.Plan{RootFS: plan.RootFS{
		Base:     &plan.Base{Packages: []plan.BasePackage{{Name: "a", Version: "1", Architecture: "all"}, {Name: "b", Version: "1", Architecture: "all"}}},
		Packages: []plan.Package{{Name: "b", Version: "2", Architecture: "all"}},
	}}, Finished: time.Unix(0, 0)}
	assert.Equal(t, map[string]RecordedPackage{"a:all": {Version: "1"}, "b:all": {Version: "2"}}, NewRecord(in).Packages)
	assert.Contains(t, rendered(t, in), "All 2 packages")
}

func TestUserDataIsNotShown(t *testing.T) {
	got := setting(userData, "#cloud-config {password: hunter2}")
	assert.Empty(t, got.Text)
	assert.NotEmpty(t, got.Fingerprint)
}
