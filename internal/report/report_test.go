package report

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/airshipit/packer-plugin-airship/internal/bootcheck"
	"github.com/airshipit/packer-plugin-airship/internal/inventory"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// golden compares text with a file; AIRSHIP_UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if os.Getenv("AIRSHIP_UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}

func TestGolden(t *testing.T) {
	page := rendered(t, small())
	// Style and script are files of their own.
	_, body, found := strings.Cut(page, "<body>")
	require.True(t, found)
	body, _, found = strings.Cut(body, "<script>")
	require.True(t, found)
	golden(t, "testdata/small.html", body)
	assert.Equal(t, page, rendered(t, small()), "another page of the same input")
}

const evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"

// hostile has markup wherever a text can be.
func hostile(t *testing.T) Input {
	t.Helper()
	in := realistic(t)
	in.Plan.Profile, in.Plan.System.Hostname, in.Plan.Target.Suite = evil, evil, evil
	in.Plan.System.Cmdline = []string{"a=" + evil, evil}
	in.Plan.Disk.Partitions[0].Name, in.Plan.Disk.Partitions[0].Mount.Path, in.Plan.Disk.Partitions[0].Filesystem.Type = evil, "/"+evil, evil
	in.Plan.Disk.Partitions[1].Type, in.Plan.Disk.Partitions[1].Name = evil, evil
	in.Plan.Variables = map[string]any{evil: []any{map[string]any{"name": evil, "value": evil}, evil}}
	in.Isolation, in.Plugin, in.Packer = evil, evil, evil
	in.Images[0].Name, in.Images[0].Format, in.Images[0].SHA256 = evil, evil, evil
	in.Stages[0].Name = evil
	in.Suites[0].Source, in.Suites[0].Suite, in.Suites[0].InRelease = evil, evil, evil
	in.Inventory.Packages[0] = inventory.Package{Name: evil, Version: evil, Architecture: evil, Bytes: 1 << 40, Files: 1}
	in.Inventory.Directories[0] = inventory.Directory{Path: "/" + evil, Bytes: 1 << 40, Files: 1}
	text := evil
	in.Boots = []Boot{
		{Firmware: evil, Reason: evil, Answers: bootcheck.Answers{
			Asked: true, State: evil, Hostname: evil, StaticHostname: "x" + evil, Cmdline: evil, Kernel: evil, SecureBoot: evil, Lockdown: evil, Firmware: evil,
			Pending: []string{evil}, Failed: []bootcheck.Unit{{Name: evil, Log: []string{evil, "\x1b[31mred"}}}, OS: bootcheck.OS{Distribution: evil, Suite: evil},
			Meta: map[string]string{evil: evil}, Users: map[string]*bootcheck.Login{evil: {Home: evil, Shell: evil, Password: evil}, "none": nil},
			Sysctls: map[string]*string{evil: &text, "none": nil}, Mounts: []bootcheck.Mount{{Target: evil, Source: evil, Type: evil, Options: evil}},
			Modules: map[string]bootcheck.LoadedModule{evil: {State: evil, Why: evil, Parameters: map[string]string{evil: evil}}}, Blacklist: []string{evil},
			Limits: map[string]map[string]bootcheck.Rlimit{evil: {evil: {Soft: evil, Hard: evil}}, "none": nil}, Units: map[string]string{evil: evil},
			Paths: []bootcheck.Path{{Path: evil, Type: evil, Mode: evil, Link: evil}}, Motd: &bootcheck.Motd{Status: -9, Lines: []string{evil, "\x1b[31mred\x1b[0m"}},
			Live: &bootcheck.LiveSystem{Root: evil, Files: map[string]string{evil: evil}}, HostKeys: []string{evil}, Grub: []string{evil}, Errors: map[string]string{evil: evil},
		}},
		{Firmware: bootcheck.UEFI, Verified: true, Answers: bootcheck.Answers{Prompt: evil}},
	}
	last := NewRecord(in)
	last.Packages, last.Settings, last.Images, last.Cmdline = nil, map[string]Setting{"was" + evil: {Text: evil}}, nil, []string{"was" + evil}
	last.Disk.Partitions, last.Plugin, last.Packer, last.Plan.Output = nil, "was"+evil, "was"+evil, "was"
	in.Previous = &last
	return in
}

func TestEscaping(t *testing.T) {
	for name, in := range map[string]Input{"disk": hostile(t), "iso": liveISO(t)} {
		if name == "iso" {
			in.Plan.ISO.Label, in.Plan.ISO.GUID, in.Plan.ISO.ESP, in.Plan.ISO.Files = evil, evil, evil, map[string]string{evil: evil}
			in.Contents[0].Path = evil
		}
		page := rendered(t, in)
		assert.NotContains(t, page, "<script>alert")
		assert.NotContains(t, page, "<img")
		assert.NotContains(t, page, "\x1b")
		assert.Equal(t, 1, strings.Count(page, "<script>"))
		assert.NotContains(t, page, "ZgotmplZ", "html/template took a place for a dangerous one")
		root, err := html.Parse(strings.NewReader(page))
		require.NoError(t, err)
		for node := range root.Descendants() {
			for _, a := range node.Attr {
				assert.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src", "%s has %s", node.Data, a.Key)
			}
		}
	}
}

// large is a build with many packages and directories.
func large(packages int) Input {
	in := small()
	in.Previous = nil
	last := NewRecord(in)
	in.Inventory = inventory.Inventory{Files: 400_000, Unowned: 1 << 30}
	for i := range packages {
		in.Inventory.Packages = append(in.Inventory.Packages, inventory.Package{
			Name: fmt.Sprintf("libsome-long-name-of-a-package%04d-dev", i), Version: fmt.Sprintf("1:%d.10.%d+dfsg1-1+deb12u3", i, i), Architecture: "amd64",
			Bytes: int64(i * 1_000), Files: i,
		})
		in.Inventory.Directories = append(in.Inventory.Directories, inventory.Directory{Path: fmt.Sprintf("/usr/share/doc/libsome%04d", i), Bytes: int64(i * 900), Files: i})
		in.Inventory.Bytes += int64(i * 1_000)
	}
	in.Inventory.Bytes += 1 << 30
	in.Previous = &last
	return in
}

func TestLargePage(t *testing.T) {
	page := rendered(t, large(2000))
	assert.Less(t, len(page), 1_000_000)
	assert.Contains(t, page, "All 2000 packages")
}

// What is not known leaves no empty box.
func TestMissingParts(t *testing.T) {
	for name, in := range map[string]Input{
		"nothing":          {},
		"no sizes":         {Images: []Image{{Name: "a", Format: plan.Directory}}, Stages: []Stage{{"a", 0}}, Boots: []Boot{{Firmware: bootcheck.BIOS}}},
		"iso without size": {Plan: plan.Plan{Action: "build-iso", ISO: plan.ISO{Label: "a"}}},
		"archive":          {Plan: plan.Plan{Action: "build-root"}},
		"packages of plan": {Plan: plan.Plan{RootFS: plan.RootFS{Packages: []plan.Package{{Name: "a", Version: "1"}}}}},
		"all empty": {
			Inventory: inventory.Inventory{Packages: []inventory.Package{{Name: "a"}}, Directories: []inventory.Directory{{Path: "/a"}, {Path: ""}}},
			Plan:      plan.Plan{Disk: plan.Disk{Size: 1, Partitions: []plan.Partition{{}}}}, Previous: &Record{}, Used: map[int]int64{0: 1 << 40},
			Contents: []Content{{}}, Suites: []plan.LockedSuite{{}}, Stages: []Stage{{}}, Boots: []Boot{{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			page := rendered(t, in)
			for _, text := range []string{"NaN", "Inf", "<nil>", "map[", "<dd></dd>", "<p></p>", "<ul>\n</ul>", "<tbody>\n</tbody>", "0001-01-01"} {
				assert.NotContains(t, page, text)
			}
		})
	}
	page := rendered(t, Input{})
	for _, id := range []string{"disk", "iso", "archive", "packages", "directories", "time", "boot", "sources"} {
		assert.NotContains(t, page, `id="`+id+`"`)
	}
	assert.Contains(t, page, "first build")
}

// The headings' ids are what the contents lead to, and each is there once.
func TestSections(t *testing.T) {
	for name, in := range map[string]Input{"disk": realistic(t), "iso": liveISO(t), "archive": archived(t), "nothing": {}} {
		root, err := html.Parse(strings.NewReader(rendered(t, in)))
		require.NoError(t, err, name)
		ids, links := map[string]int{}, []string{}
		for node := range root.Descendants() {
			for _, a := range node.Attr {
				switch {
				case a.Key == "id":
					ids[a.Val]++
				case a.Key == "href" || a.Key == "aria-labelledby":
					links = append(links, strings.TrimPrefix(a.Val, "#"))
				}
			}
			if node.Data == "th" {
				assert.True(t, has(node, "scope"), "%s: a header without a scope", name)
			}
			if node.Data == "svg" {
				assert.True(t, has(node, "aria-hidden") || has(node, "aria-label") || node.FirstChild != nil && node.FirstChild.Data == "title", "%s: a drawing without a name", name)
			}
		}
		for _, link := range links {
			assert.Equal(t, 1, ids[link], "%s: %s", name, link)
		}
	}
}

func has(node *html.Node, key string) bool {
	for _, a := range node.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}
