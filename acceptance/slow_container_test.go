//go:build acceptance && slow

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestContainerMore is what TestContainer has no time for.
func TestContainerMore(t *testing.T) {
	require.Zero(t, os.Getuid(), "these tests need root")
	p := newPodman(t)
	p.build(t)

	// All that Airship's second entry point takes comes on stdin.
	t.Run("Airship's second entry point", func(t *testing.T) {
		volume := writable(t)
		arguments := append([]string{"run", "--rm", "-i", "--read-only", "--user=65534", "--unsetenv=HOME"}, options(writable(t))...)
		arguments = append(append(arguments, namespaces...), "--volume="+volume+":/config", "--env=PKR_VAR_verify_boot=false", testContainer)
		cmd := p.command(arguments...)
		cmd.Stdin = strings.NewReader("osconfig:\n  sysctl: [{name: kernel.panic, value: '7'}]\nqcow: {qcow_capacity: 8G}\noutputFileName: node.qcow2\n")
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", output)
		image := filepath.Join(volume, "node.qcow2")
		tool(t, "qemu-img", "check", "-q", image)
		assert.Equal(t, sumOfMD5(t, image)+"\n", tool(t, "cat", image+".md5sum"))
	})

	// As kustomize and airshipctl start a function where nobody gave it more: no new rights, no device, a filter. Only software
	// emulation is left.
	t.Run("a function without any right", func(t *testing.T) {
		volume := writable(t)
		arguments := append([]string{"run", "--rm", "-i", "--user=nobody", "--security-opt=no-new-privileges"}, options(writable(t))...)
		arguments = append(arguments, "--volume="+volume+":/config", "--env=PKR_VAR_isolation=auto", testContainer)
		cmd := p.command(arguments...)
		cmd.Stdin = strings.NewReader(list("{}", "/srv/images:/config"))
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", output)
		assert.Contains(t, string(output), "Building in a virtual machine")
		assert.Contains(t, string(output), "volume: \"/srv/images:/config\"")
		assert.FileExists(t, filepath.Join(volume, "common.tar.zst"))
	})
}
