//go:build acceptance && slow

package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withClouds gives a run the plugins of two clouds, beside this one and in a directory of their own: at every
// command Packer reads and starts each plugin that is installed. It has no account of either.
func (r run) withClouds(t *testing.T) run {
	t.Helper()
	plugins := t.TempDir()
	tool(t, "cp", "-rs", os.Getenv("PACKER_PLUGIN_PATH")+"/.", plugins)
	r.env = append(r.env, "PACKER_PLUGIN_PATH="+plugins, "HOME="+t.TempDir())
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "ARM_") || strings.HasPrefix(name, "GOOGLE_") {
			r.env = append(r.env, name+"=")
		}
	}
	for name, variable := range map[string]string{"azure": "AIRSHIP_AZURE", "googlecompute": "AIRSHIP_GOOGLECOMPUTE"} {
		binary := os.Getenv(variable)
		require.NotEmpty(t, binary, "%s is not set: run make acceptance", variable)
		install := exec.Command(os.Getenv("AIRSHIP_PACKER"), "plugins", "install", "--path", binary, "github.com/hashicorp/"+name)
		install.Env = r.env
		output, err := install.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	return r
}

// TestCloudTemplate checks one profile for bare metal and two clouds, with the clouds' real plugins. Nothing is
// built: that takes accounts. The azure plugin talks gob, so in this test all plugins do.
func TestCloudTemplate(t *testing.T) {
	r := newExampleOf(t, "cloud", t.TempDir()).withClouds(t)
	for _, arguments := range [][]string{nil, {"-evaluate-datasources"}} {
		validate := r.command("validate", arguments...)
		validate.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET // nothing in it: no network
		output, err := validate.CombinedOutput()
		require.NoError(t, err, "%q: %s", arguments, output)
	}

	builds := []string{"airship.baremetal", "azure-arm.node", "googlecompute.node"}
	inspected, err := r.command("inspect").CombinedOutput()
	require.NoError(t, err, "%s", inspected)
	_, sources, _ := strings.Cut(string(inspected), "sources:")
	sources, _, _ = strings.Cut(sources, "provisioners:")
	assert.Equal(t, builds, strings.Fields(sources))

	// Both plugins read their options.
	wrong := said(r.fails(t, "validate", "-evaluate-datasources", "-var", "azure_location=", "-var", "google_project="))
	assert.Contains(t, wrong, "Specify either a location to create the resource group in or an existing build_resource_group_name")
	assert.Contains(t, wrong, "a project_id must be specified")

	// A mistake in the profile ends each of the three builds before it begins, in a cloud or not.
	r.edit(t, "vm.max_map_count", "vm max_map_count")
	for _, only := range append(builds, "*") {
		assert.Contains(t, said(r.fails(t, "validate", "-only="+only)),
			"node.yaml:17:16: spec.osKernel.sysctl[1].name: vm max_map_count is not a kernel parameter", only)
	}
}

// TestImportTemplate checks the template that hands images made here to the clouds' own importers, with their real
// plugins; and that these read their options.
func TestImportTemplate(t *testing.T) {
	r := newExampleOf(t, "import", t.TempDir()).withClouds(t)
	for _, arguments := range [][]string{nil, {"-evaluate-datasources"}} {
		output, err := r.command("validate", arguments...).CombinedOutput()
		require.NoError(t, err, "%q: %s", arguments, output)
	}
	// As its head says, for the files alone: without them nothing would need the accounts, and nothing is left that is not asked for.
	head := tool(t, "sed", "-n", "s/^#   packer build \\(.*\\) \\. .*/\\1/p", filepath.Join(r.dir, "import.pkr.hcl"))
	arguments := strings.Fields(strings.ReplaceAll(head, "'", ""))
	require.Len(t, arguments, 2)
	output, err := r.command("validate", append(arguments, "-evaluate-datasources", "-var", "google_bucket=", "-var", "azure_storage_account=")...).CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.NotContains(t, string(output), "did not match", "%s", output)
	wrong := said(r.fails(t, "validate", "-evaluate-datasources", "-var", "google_bucket="))
	assert.Contains(t, wrong, "bucket must be set")
	wrong = said(r.fails(t, "validate", "-evaluate-datasources", "-var", "azure_storage_account="))
	assert.Contains(t, wrong, "storage_account")
}
