//go:build acceptance

package acceptance

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
)

// newExampleOf copies one of the examples into a directory of its own. What make demo left in it stays behind.
func newExampleOf(t *testing.T, name, cache string) run {
	t.Helper()
	r := newRun(t, cache)
	r.dir, r.name = t.TempDir(), name
	tool(t, "cp", "-r", filepath.Join("..", "example", name)+"/.", r.dir)
	require.NoError(t, os.RemoveAll(r.output()))
	return r
}

// built are the images below a run's output directory.
func (r run) built(t *testing.T) (images []string) {
	t.Helper()
	for line := range strings.Lines(tool(t, "find", r.output(), "-name", "*.manifest.json")) {
		images = append(images, strings.TrimSuffix(strings.TrimSpace(line), ".manifest.json"))
	}
	require.NotEmpty(t, images)
	return images
}

// withKey lets a run decrypt the example of encrypted documents.
func (r run) withKey(t *testing.T) run {
	t.Helper()
	r.env = append(r.env,
		"SOPS_AGE_KEY_FILE="+filepath.Join(r.dir, "age.key"),
		"PATH="+filepath.Dir(sopsOnPath(t))+":"+os.Getenv("PATH"))
	return r
}

// sopsOnPath is the tool under the name that the plugin looks for.
func sopsOnPath(t *testing.T) string {
	t.Helper()
	link := filepath.Join(t.TempDir(), "sops")
	require.NoError(t, os.Symlink(sopstest.Tool(t), link))
	return link
}

// TestExamplesValidate wants every example and every layout in it to be valid, its data sources executed.
func TestExamplesValidate(t *testing.T) {
	cases := map[string][]string{"platforms": {""}, "fleet": {""}, "phase": {""}, "plays": {""}, "secrets": {""}, "iso": {""}, "kubernetes/site": {""}, "layouts": {
		"types/type/controlplane/image", "types/type/workers/image",
		"functions/function/images/AirshipImageDebian", "functions/function/images/AirshipImageDebianCP",
		"functions/function/images/AirshipImageDebianWorker",
	}}
	for name, roots := range cases {
		for _, root := range roots {
			t.Run(name+"/"+root, func(t *testing.T) {
				r := newExampleOf(t, name, t.TempDir())
				if name == "secrets" {
					r = r.withKey(t)
				}
				arguments := []string{"-evaluate-datasources"}
				if root != "" {
					arguments = append(arguments, "-var", "root="+root)
				}
				output, err := r.command("validate", arguments...).CombinedOutput()
				require.NoError(t, err, "%s", output)
				output, err = r.command("validate").CombinedOutput()
				require.NoError(t, err, "%s", output)
			})
		}
	}
}

// TestKustomization builds from an overlay; the image has what the base says and what the overlay's patches do.
func TestKustomization(t *testing.T) {
	r := newExampleOf(t, "layouts", sharedCache(t))
	r.build(t, "-var", "isolation=namespace", "-var", "verify_boot=false", "-var", "root=types/type/workers/image")
	root := rawRoot(t, r.built(t)[0])
	assert.Equal(t, "worker01\n", tool(t, "debugfs", "-R", "cat /etc/hostname", root), "the overlay's")
	assert.Contains(t, tool(t, "debugfs", "-R", "cat /etc/passwd", root), "\nops:", "the base's")

	// A mistake names the patch that it was made in.
	r.editFile(t, "types/type/workers/image/nodeprofile.yaml", "vm.max_map_count", "vm max_map_count")
	assert.Contains(t, said(r.fails(t, "validate", "-var", "root=types/type/workers/image")),
		"types/type/workers/image/nodeprofile.yaml:12:15: spec.osKernel.sysctl[1].name: vm max_map_count is not a kernel parameter")
}

// rawRoot is partition 1 of an image, as e2fsprogs' programs take it.
func rawRoot(t *testing.T, image string) string {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "disk.raw")
	tool(t, "qemu-img", "convert", "-O", "raw", image, raw)
	return partition(t, raw, 1)
}

// TestSecrets builds from encrypted documents. The secret is in /etc/shadow and nowhere else: not in what
// packer says, not in a log, not beside the image, not in the cache.
func TestSecrets(t *testing.T) {
	cache := sharedCache(t)
	r := newExampleOf(t, "secrets", cache).withKey(t)
	const secret = "exampleexample$" // the hash's salt
	log := filepath.Join(t.TempDir(), "packer.log")
	r.env = append(r.env, "PACKER_LOG=1", "PACKER_LOG_PATH="+log)
	before := filepath.Join(t.TempDir(), "before")
	require.NoError(t, os.WriteFile(before, nil, 0o600))
	said := r.build(t, "-var", "isolation=namespace", "-var", "verify_boot=false")
	assert.NotContains(t, said, secret)
	logged, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.NotContains(t, string(logged), secret, "the log")
	found := tool(t, "find", r.output(), cache, "-type", "f", "-newer", before, "!", "-name", "*.qcow2",
		"-exec", "grep", "-qFa", "-e", secret, "{}", ";", "-print")
	assert.Empty(t, found, "files with the secret")

	raw := filepath.Join(t.TempDir(), "disk.raw")
	tool(t, "qemu-img", "convert", "-O", "raw", r.built(t)[0], raw)
	assert.Contains(t, tool(t, "debugfs", "-R", "cat /etc/shadow", partition(t, raw, 1)), "ops:$6$"+secret)
	disk, err := os.ReadFile(raw)
	require.NoError(t, err)
	assert.Equal(t, 1, bytes.Count(disk, []byte(secret)))

	// Without the key the template can still be checked, the encrypted values left out.
	closed := newExampleOf(t, "secrets", t.TempDir())
	assert.Contains(t, closed.fails(t, "validate"), "sops")
	closed.editFile(t, "secrets.pkr.hcl", "documents = [", "decrypt   = false\n  documents = [")
	output, err := closed.command("validate", "-evaluate-datasources").CombinedOutput()
	require.NoError(t, err, "%s", output)

	// Builder and provisioner decrypt them; the image is the same.
	later := newExampleOf(t, "secrets", cache).withKey(t)
	later.editFile(t, "secrets.pkr.hcl", "documents = [", "decrypt   = false\n  documents = [")
	said = later.build(t, "-var", "isolation=namespace", "-var", "verify_boot=false")
	assert.NotContains(t, said, secret)
	sum := func(r run) string {
		text, err := os.ReadFile(r.built(t)[0] + ".sha256")
		require.NoError(t, err)
		return string(text)
	}
	assert.Equal(t, sum(r), sum(later))
}
