//go:build acceptance

// Package acceptance builds images through the real packer with the installed plugin.
//
// It needs AIRSHIP_PACKER (a packer binary) and PACKER_PLUGIN_PATH, which make acceptance sets, and
// root, to test as root and as another user. Packages come from the host's mirror.
package acceptance

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// run is one start of packer.
type run struct {
	dir  string // holds the template
	name string // of the image
	env  []string
	user *syscall.Credential
}

// newRun copies a template into a directory of its own. Cache is the cache directory.
func newRun(t *testing.T, cache string) run {
	t.Helper()
	packer := os.Getenv("AIRSHIP_PACKER")
	require.NotEmpty(t, packer, "AIRSHIP_PACKER is not set: run make acceptance")
	require.Zero(t, os.Getuid(), "these tests need root")
	dir := t.TempDir()
	template, err := os.ReadFile("testdata/build.pkr.hcl")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "build.pkr.hcl"), template, 0o644))
	profile, err := os.ReadFile("testdata/node.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "node.yaml"), profile, 0o644))
	return run{dir: dir, name: "node", env: append(os.Environ(), "PACKER_CACHE_DIR="+cache)}
}

// newExample copies the example into a directory of its own.
func newExample(t *testing.T, cache string) run {
	t.Helper()
	r := newRun(t, cache)
	r.dir, r.name = t.TempDir(), "control-plane"
	for _, name := range []string{"airship.pkr.hcl", "documents"} {
		tool(t, "cp", "-r", filepath.Join("..", "example", name), r.dir)
	}
	return r
}

// sharedCache is kept between the tests, so that packages are downloaded once.
func sharedCache(t *testing.T) string {
	t.Helper()
	directory, err := os.UserCacheDir()
	require.NoError(t, err)
	return filepath.Join(directory, "packer-plugin-airship", "acceptance")
}

// edit replaces text of the run's profile.
func (r run) edit(t *testing.T, from, to string) {
	t.Helper()
	r.editFile(t, "node.yaml", from, to)
}

// editFile is edit of any file in the run's directory.
func (r run) editFile(t *testing.T, name, from, to string) {
	t.Helper()
	name = filepath.Join(r.dir, name)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	require.NoError(t, os.WriteFile(name, []byte(strings.ReplaceAll(string(text), from, to)), 0o644))
}

// command is packer with the variables that every template here has.
func (r run) command(name string, arguments ...string) *exec.Cmd {
	if r.name == "node" {
		arguments = append([]string{"-var", "documents=" + filepath.Join(r.dir, "node.yaml"), "-var", "output=" + r.output()}, arguments...)
	}
	arguments = append([]string{name}, arguments...)
	cmd := exec.Command(os.Getenv("AIRSHIP_PACKER"), append(arguments, ".")...)
	cmd.Dir, cmd.Env = r.dir, r.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: r.user}
	return cmd
}

func (r run) output() string { return filepath.Join(r.dir, "output") }
func (r run) image() string  { return filepath.Join(r.output(), r.name+".qcow2") }

// build builds, and shows what packer said if that fails.
func (r run) build(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := r.command("build", append([]string{"-color=false"}, arguments...)...).CombinedOutput()
	require.NoError(t, err, "%s", output)
	return string(output)
}

// fails wants packer to fail, and returns what it said without Packer's prefixes and line breaks.
func (r run) fails(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	output, err := r.command(name, arguments...).CombinedOutput()
	require.Error(t, err, "%s", output)
	return string(output)
}

// manifest is what a build says of itself.
type manifest struct {
	Images []struct {
		Name, Format, SHA256, SHA512 string
		Size, VirtualSize            int64
	}
	Verified  bool
	Boots     []struct{ Firmware string }
	Isolation struct{ Kind, Reason, Accelerator string }
}

// manifest beside the image.
func (r run) manifest(t *testing.T) manifest {
	t.Helper()
	return r.manifestOf(t, filepath.Base(r.image()))
}

// manifestOf is the one beside an image of that name.
func (r run) manifestOf(t *testing.T, image string) (m manifest) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.output(), image) + ".manifest.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &m))
	return m
}

// tool runs a program of the host that reads images back, and returns its output.
func tool(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(name, arguments...)
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	require.NoError(t, err, "%s %q: %s", name, arguments, stderr.String())
	return string(output)
}

// hostMirrors are the hosts that this machine's apt sources name, where builds fetch from.
func hostMirrors(t *testing.T) []string {
	t.Helper()
	var mirrors []string
	for line := range strings.Lines(tool(t, "apt-get", "indextargets", "--format", "$(SITE)")) {
		mirrors = append(mirrors, strings.TrimSpace(line))
	}
	require.NotEmpty(t, mirrors)
	return mirrors
}
