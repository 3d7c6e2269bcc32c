package bootcheck

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answer runs a line of the guest's scripts on the host, which needs python3, and reads what it gives.
func answer(t *testing.T, line string, into any) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "python3", "-B", "-c", "import ask, firmware, json, limits, modules, paths\nprint(json.dumps("+line+"))")
	cmd.Dir = "ask"
	out, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, into))
}

func TestAskSysctls(t *testing.T) {
	var got map[string]*string
	answer(t, `ask.sysctls(["kernel.ostype", "no.such.name", "kernel.ostype.x", "kernel", "vm.compact_memory"])`, &got)
	assert.Equal(t, map[string]*string{
		"kernel.ostype": text("Linux"), "no.such.name": nil, "kernel.ostype.x": nil, "kernel": text("Is a directory"),
	}, got)
}

func TestAskLimits(t *testing.T) {
	var got map[string]Rlimit
	answer(t, `limits.parsed("""Limit                     Soft Limit           Hard Limit           Units
Max cpu time              420                  unlimited            seconds
Max open files            1024                 1048576              files
Max nice priority         0                    25
Max realtime timeout      unlimited            unlimited            us
""")`, &got)
	assert.Equal(t, map[string]Rlimit{"cpu": {"420", "unlimited"}, "nofile": {"1024", "1048576"}, "nice": {"0", "25"}}, got)

	// Every item that is judged is in what this kernel says, too.
	answer(t, `limits.parsed(open("/proc/self/limits").read())`, &got)
	for item := range limitUnits {
		assert.Contains(t, got, item)
	}
	var none map[string]Rlimit
	answer(t, `limits.limits("no such user")`, &none)
	assert.Nil(t, none)
}

func TestAskModules(t *testing.T) {
	var kept []string
	answer(t, `modules.blacklisted("""# comment
blacklist krbd
options bonding blacklist x
blacklist i40e_vf
alias blacklist pcspkr
""", ["krbd", "i40e-vf", "pcspkr", "x"])`, &kept)
	assert.Equal(t, []string{"krbd", "i40e-vf"}, kept)

	var got LoadedModule
	answer(t, `modules.state("br-netfilter", {"br_netfilter"}, set())`, &got)
	assert.Equal(t, LoadedModule{State: "loaded"}, got)
	answer(t, `modules.state("ext4", {"br_netfilter"}, {"ext4"})`, &got)
	assert.Equal(t, LoadedModule{State: "builtin"}, got)
	answer(t, `modules.state("printk", set(), set())`, &got)
	assert.Equal(t, LoadedModule{State: "builtin"}, got, "it is no module, but in every kernel")
}

func TestAskFirmware(t *testing.T) {
	dir := t.TempDir()
	variable := filepath.Join(dir, "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Boot0000-8be4df61-93ca-11d2-aa0d-00e098032b8c"), nil, 0o600))
	for value, want := range map[string]string{"\x06\x00\x00\x00\x01": "on", "\x06\x00\x00\x00\x00": "off", "": "off", "none": "off"} {
		_ = os.Remove(variable)
		if value != "none" {
			require.NoError(t, os.WriteFile(variable, []byte(value), 0o600))
		}
		var got string
		answer(t, `firmware.secure_boot("`+dir+`")`, &got)
		assert.Equal(t, want, got, "%q", value)
	}
	for text, want := range map[string]string{"none [integrity] confidentiality\n": "integrity", "[none] integrity confidentiality\n": "none"} {
		path := filepath.Join(dir, "lockdown")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		var got string
		answer(t, `firmware.lockdown("`+path+`")`, &got)
		assert.Equal(t, want, got)
		answer(t, `firmware.lockdown("`+path+`.none")`, &got)
		assert.Empty(t, got)
	}
}

// What the scripts answer is what Go reads: each name is known, each question that fails is named.
func TestAskAll(t *testing.T) {
	q := questionsFor(Options{Expect: Expectations{
		Users: []User{{Name: "root"}}, Sysctls: map[string]string{"kernel.ostype": ""}, Blacklist: []string{"krbd"},
		Limits: []Limit{{User: "no such user"}, {User: "root"}}, Units: []UnitFile{{Name: "site.service"}},
		Paths: []Path{{Path: "/"}, {Path: "/none"}}, Motd: true,
	}})
	questions, err := json.Marshal(q)
	require.NoError(t, err)
	var said json.RawMessage
	answer(t, `setattr(ask, "wait", lambda deadline: None) or ask.ask(json.loads("""`+strings.ReplaceAll(string(questions), `\`, `\\`)+`"""))`, &said)
	decoder := json.NewDecoder(bytes.NewReader(said))
	decoder.DisallowUnknownFields()
	var got Answers
	require.NoError(t, decoder.Decode(&got))
	require.Len(t, got.Paths, 1)
	assert.Equal(t, "directory", got.Paths[0].Type)
	assert.Equal(t, text("Linux"), got.Sysctls["kernel.ostype"])
	assert.NotEmpty(t, got.OpenFiles)
	// Which programs this host has is its own affair.
	for name := range got.Errors {
		assert.Contains(t, []string{
			"state", "pending", "failed", "blacklist", "limits", "units", "motd", "mounts", "users", "machineID", "staticHostname", "os",
		}, name, got.Errors[name])
	}
}

func TestAskPaths(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("hello\n"), 0o640))
	require.NoError(t, os.Symlink("/no/such/place", filepath.Join(dir, "link")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "directory"), 0o700))
	require.NoError(t, os.Chmod(filepath.Join(dir, "directory"), os.ModeSticky|0o750))
	asked, err := json.Marshal([]string{dir + "/file", dir + "/link", dir + "/directory", dir + "/file/below", dir + "/none", "/dev/null"})
	require.NoError(t, err)
	var got []Path
	answer(t, "paths.paths("+string(asked)+")", &got)
	uid, gid := os.Getuid(), os.Getgid()
	require.Len(t, got, 4)
	assert.Equal(t, []Path{
		{Path: dir + "/file", Type: "file", Mode: "0640", UID: uid, GID: gid, SHA256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"},
		{Path: dir + "/link", Type: "link", Mode: "0777", UID: uid, GID: gid, Link: "/no/such/place"},
		{Path: dir + "/directory", Type: "directory", Mode: "1750", UID: uid, GID: gid},
	}, got[:3])
	assert.Equal(t, "character device", got[3].Type)
}
