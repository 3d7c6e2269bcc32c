//go:build acceptance

package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAnsibleExample runs the playbook of an example with the variables that its template hands over. Packer's
// provisioner ansible, whose plugin is not to be had here, is taken out of the template, and the builder with it.
func TestAnsibleExample(t *testing.T) {
	r := newExampleOf(t, "ansible", t.TempDir())
	template := filepath.Join(r.dir, "ansible.pkr.hcl")
	text, err := os.ReadFile(template)
	require.NoError(t, err)
	provisioner := regexp.MustCompile(`(?s)\n  provisioner "ansible" \{.*?\n  \}\n`).Find(text)
	variables := regexp.MustCompile(`extra_arguments = \["--extra-vars", "(.*)"\]`).FindSubmatch(provisioner)
	require.NotNil(t, variables, "%s", provisioner)
	rest := strings.Replace(string(text), string(provisioner), "", 1)
	rest = regexp.MustCompile(`(?s)\n    ansible = \{.*?\n    \}`).ReplaceAllString(rest, "")
	rest = strings.Replace(rest, `"source.airship.node"`, `"source.null.node"`, 1) + "\nsource \"null\" \"node\" { communicator = \"none\" }\n"
	require.NoError(t, os.WriteFile(template, []byte(rest), 0o644))
	output, err := r.command("validate").CombinedOutput()
	require.NoError(t, err, "%s", output)
	r.build(t)

	// It writes below /etc: here that is a directory of the test's, with what Ansible needs to know its user.
	etc := t.TempDir()
	tool(t, "cp", "/etc/passwd", "/etc/group", etc)
	for _, directory := range []string{"sysctl.d", "security/limits.d", "update-motd.d"} {
		require.NoError(t, os.MkdirAll(filepath.Join(etc, directory), 0o755))
	}
	_, err = exec.LookPath("ansible-playbook")
	require.NoError(t, err, "run .ci/setup test")
	play := exec.Command("unshare", "--mount", "sh", "-euc", `mount --bind "$1" /etc; shift; exec "$@"`, "sh", etc,
		"ansible-playbook", "--inventory", "node,", "--connection", "local",
		"--extra-vars", strings.Replace(string(variables[1]), "${path.root}", r.dir, 1), filepath.Join(r.dir, "site.yml"))
	play.Env = append(os.Environ(), "HOME="+t.TempDir())
	played, err := play.CombinedOutput()
	require.NoError(t, err, "%s", played)

	for name, want := range map[string]string{
		"sysctl.d/60-node.conf":                 "net.ipv4.ip_forward = 1\nvm.max_map_count = 262144\n",
		"security/limits.d/99-nofile-soft.conf": "* soft nofile 65536\n",
		"security/limits.d/99-nofile-hard.conf": "* hard nofile 1048576\n",
		"issue":                                 "Airship node NODE \\l\n", // Jinja that was left to Ansible
		"update-motd.d/00-motd":                 "#!/bin/sh\necho \"Built for baremetal\"\n",
	} {
		got, err := os.ReadFile(filepath.Join(etc, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(got), name)
	}
}
