package networkdata_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/networkdata"
)

// answer is what cloud-init makes of network data: netplan's file, or why it fails.
type answer struct{ Netplan, Error string }

// cloudInit asks Debian's cloud-init, as it is packaged, in one process.
func cloudInit(t *testing.T, files ...any) []answer {
	t.Helper()
	python := pythonWithCloudInit(t)
	var in, out, stderr bytes.Buffer
	for _, file := range files {
		require.NoError(t, json.NewEncoder(&in).Encode(file))
	}
	run := exec.CommandContext(t.Context(), python, "testdata/accept.py")
	run.Stdin, run.Stdout, run.Stderr = &in, &out, &stderr
	require.NoError(t, run.Run(), stderr.String())
	var answers []answer
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a answer
		require.NoError(t, json.Unmarshal(lines.Bytes(), &a))
		answers = append(answers, a)
	}
	require.Len(t, answers, len(files))
	return answers
}

// pythonWithCloudInit is the distribution's Python, for which the package is; else the PATH's.
func pythonWithCloudInit(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import cloudinit.sources.helpers.openstack").Run() == nil {
			return python
		}
	}
	require.Fail(t, "no python3 with cloud-init's modules; install Debian's package cloud-init")
	return ""
}

// good reads every file of testdata/good.
func good(t *testing.T) map[string]any {
	t.Helper()
	paths, err := filepath.Glob("testdata/good/*")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	files := map[string]any{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		files[filepath.Base(path)], err = networkdata.Parse(string(text))
		require.NoError(t, err, path)
	}
	return files
}

func TestCloudInitAcceptsWhatIsGood(t *testing.T) {
	files := good(t)
	names := slices.Sorted(maps.Keys(files))
	var written []any
	for _, name := range names {
		require.NoError(t, networkdata.Check("", files[name]), name)
		text, err := networkdata.JSON(files[name])
		require.NoError(t, err)
		var file any
		require.NoError(t, json.Unmarshal(text, &file))
		written = append(written, file)
	}
	for i, a := range cloudInit(t, written...) {
		assert.Empty(t, a.Error, names[i])
		assert.Contains(t, a.Netplan, "ethernets:", names[i])
	}
}

// What Check lets pass after one change to a good file, cloud-init makes a network of, too.
func TestCloudInitAcceptsWhatPasses(t *testing.T) {
	var passed []any
	refused := 0
	for _, file := range good(t) {
		for _, changed := range changes(file) {
			if networkdata.Check("", changed) != nil {
				refused++
				continue
			}
			passed = append(passed, changed)
		}
	}
	require.Greater(t, len(passed), 100)
	require.Greater(t, refused, 400)
	for i, a := range cloudInit(t, passed...) {
		text, err := json.Marshal(passed[i])
		require.NoError(t, err)
		assert.Empty(t, a.Error, string(text))
	}
}

// The reasons to refuse what the schema allows are cloud-init's: it fails on these.
func TestCloudInitRefuses(t *testing.T) {
	var files []any
	texts := []string{
		`links: null`,
		`links: [{id: a}]`,
		`links: [{id: a, type: phy}]`,
		`links: [{id: a, type: phy, ethernet_mac_address: 52-54-00-12-34-56}]`,
		`links: [{id: a, type: bond}]`,
		`links: [{id: a, type: bond, bond_links: [b]}]`,
		`links: [{id: a, type: vlan, vlan_link: b, vlan_id: 1, vlan_mac_address: 52:54:00:12:34:56}]`,
		`links: [{id: a, name: a, type: phy}, {id: b, type: vlan, vlan_link: a, vlan_id: 1}]`,
		`{links: [{id: a, name: a, type: phy}], networks: [{link: a, type: ipv4}]}`,
		`{links: [{id: a, name: a, type: phy}], networks: [{link: a, type: ipv6, ip_address: "2001:db8::1/ffff::"}]}`,
		`{links: [{id: a, name: a, type: phy}], networks: [{type: ipv4_dhcp}]}`,
		`services: [{type: dns}]`,
	}
	for _, text := range texts {
		file, err := networkdata.Parse(text)
		require.NoError(t, err)
		require.Error(t, networkdata.Check("", file), text)
		files = append(files, file)
	}
	for i, a := range cloudInit(t, files...) {
		assert.NotEmpty(t, a.Error, texts[i])
	}
}

// changes are copies of a value with one place removed or replaced.
func changes(value any) []any {
	var all []any
	others := []any{nil, "", "10.0.0.1", "2001:db8::5/64", 0, 70000, 1.5, []any{}, map[string]any{}, []any{"a"}}
	var walk func(here any, put func(any) any)
	walk = func(here any, put func(any) any) {
		for _, other := range others {
			all = append(all, put(other))
		}
		switch v := here.(type) {
		case map[string]any:
			for key := range v {
				without := maps.Clone(v)
				delete(without, key)
				all = append(all, put(without))
				walk(v[key], func(inner any) any {
					with := maps.Clone(v)
					with[key] = inner
					return put(with)
				})
			}
		case []any:
			for i := range v {
				all = append(all, put(slices.Delete(slices.Clone(v), i, i+1)))
				walk(v[i], func(inner any) any {
					with := slices.Clone(v)
					with[i] = inner
					return put(with)
				})
			}
		}
	}
	walk(value, func(other any) any { return other })
	return all
}
