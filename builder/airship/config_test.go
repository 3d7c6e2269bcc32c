package airship

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const resolved = `profile_yaml = <<-EOT
apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: node}
spec: {}
EOT
`

// prepare decodes options as Packer does: HCL by ConfigSpec to a cty value.
func prepare(t *testing.T, options string) (*Builder, error) {
	t.Helper()
	file, diagnostics := hclparse.NewParser().ParseHCL([]byte(options), "test.pkr.hcl")
	require.False(t, diagnostics.HasErrors(), diagnostics)
	b := &Builder{}
	value, diagnostics := hcldec.Decode(file.Body, b.ConfigSpec(), nil)
	require.False(t, diagnostics.HasErrors(), diagnostics)
	_, _, err := b.Prepare(value)
	return b, err
}

func TestPrepare(t *testing.T) {
	for name, c := range map[string]struct {
		options string
		wrong   []string
	}{
		"a profile":        {options: resolved},
		"not known yet":    {options: `profile_yaml = "<unknown>"`},
		"everything":       {options: resolved + "format = \"qcow2\"\nqcow2_compression = \"zstd\"\nboot_timeout = \"5m\"\naccelerator = \"tcg\"\nverify_boot = false\nisolation = \"qemu\"\nmemory = 2048\ncpus = 2"},
		"values not known": {options: resolved + `format = "<unknown>"` + "\n" + `ca_bundle = "<unknown>"`},
		"no profile":       {options: "", wrong: []string{"the profile is missing"}},
		"all mistakes at once": {
			options: "format = \"vmdk\"\nqcow2_compression = \"lzma\"\naccelerator = \"xen\"\nboot_timeout = \"-1s\"\nca_bundle = \"/nonexistent.pem\"\n" +
				"isolation = \"chroot\"\nmemory = -1\ncpus = -1",
			wrong: []string{
				`qcow2_compression is "lzma"`, `accelerator is "xen"`,
				"boot_timeout is -1s", "ca_bundle: ", "the profile is missing",
				`isolation is "chroot": want one of ["auto" "qemu" "namespace"]`, "memory is -1: want at least 1024 MiB", "cpus is -1",
			},
		},
		"a live ISO":       {options: "documents = [\"testdata/iso.yaml\"]"},
		"an ISO as a disk": {options: "documents = [\"testdata/iso.yaml\"]\nformat = \"qcow2\"", wrong: []string{"formats: qcow2 is of build-qcow; build-iso gives iso"}},
		"compressed raw":   {options: resolved + "format = \"raw\"\nqcow2_compression = \"zlib\"", wrong: []string{"qcow2_compression is for the format qcow2"}},
		"a format twice":   {options: resolved + "formats = [\"raw\", \"raw\"]", wrong: []string{"formats has raw twice"}},
		"too odd for Google": {
			options: strings.Replace(resolved, "spec: {}", "spec: {storage: {qcow_capacity: 10500M}}", 1) + "formats = [\"gce\", \"vhd\"]",
			wrong:   []string{"spec.storage.qcow_capacity: the format gce: "},
		},
		"an image that is not known yet": {options: "profile_yaml = \"<unknown>\"\nformats = [\"iso\"]"},
		"formats of two actions": {
			options: "profile_yaml = \"<unknown>\"\nformats = [\"iso\", \"raw\"]", wrong: []string{"formats: raw is of build-qcow; build-iso gives iso"},
		},
		"an unknown format": {options: resolved + "formats = [\"qcow\"]", wrong: []string{"formats: unknown format qcow; did you mean qcow2?"}},
		"an unknown action": {options: resolved + "action = \"build-disk\"", wrong: []string{"action is build-disk, which is unknown"}},
		"a directory":       {options: resolved + "vm_name = \"out/node\"", wrong: []string{"vm_name is \"out/node\": want a file's name"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := prepare(t, c.options)
			if c.wrong == nil {
				require.NoError(t, err)
			}
			for _, wrong := range c.wrong {
				assert.ErrorContains(t, err, wrong)
			}
		})
	}
}

func TestOutputPath(t *testing.T) {
	b, err := prepare(t, resolved)
	require.NoError(t, err)
	assert.Equal(t, "output-node", b.config.outputDirectory())
	b, err = prepare(t, resolved+`output_directory = "images"`)
	require.NoError(t, err)
	assert.Equal(t, "images", b.config.outputDirectory())
	assert.True(t, b.config.verifyBoot())
}

// Packer's version is a part of the plan, as the image names it.
func TestPackerInPlan(t *testing.T) {
	b, err := prepare(t, resolved+`packer_core_version = "1.16.0"`)
	require.NoError(t, err)
	assert.Equal(t, "1.16.0", (&build{config: &b.config}).options(nil).Packer)
}

func TestLockFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock.json")
	lock, err := readLockFile(name)
	require.NoError(t, err)
	assert.Nil(t, lock, "a lock file that is not there yet")

	written := lockFile{}
	written.Toolbox.Suite = "trixie"
	written.Lock.Format = 1
	written.Lock.Toolbox, err = written.Toolbox.Digest()
	require.NoError(t, err)
	require.NoError(t, writeLockFile(name, written))
	lock, err = readLockFile(name)
	require.NoError(t, err)
	assert.Equal(t, written, *lock)

	for what, text := range map[string]string{
		"empty":         `{"lock": {}}`,
		"unknown field": `{"lcok": {}}`,
		"cut short":     `{"lock": {`,
		"other tools":   `{"lock": {"format": 1, "toolbox": "00"}, "toolbox": {"suite": "sid"}}`,
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		_, err := readLockFile(name)
		assert.ErrorContains(t, err, "delete it to resolve the packages anew", what)
	}
}
