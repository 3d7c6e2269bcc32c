//go:build acceptance

package acceptance

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// remoteProfile is a small NodeProfile for a stock machine; SPEC takes more of it.
const remoteProfile = `apiVersion: airshipit.org/v1alpha1
kind: NodeProfile
metadata: {name: remote}
spec:
  osKernel:
    kernel_base_pkg: linux-image-cloud-amd64
    sysctl: [{name: kernel.panic, value: 7}]
SPEC`

func remoteSpec(lines ...string) string {
	text := ""
	for _, line := range lines {
		text += "  " + line + "\n"
	}
	return strings.Replace(remoteProfile, "SPEC", text, 1)
}

// TestRemote configures a machine that this plugin did not make, by a login that needs sudo: its packages, its
// configuration, its record. The second run changes nothing.
func TestRemote(t *testing.T) {
	s := newStock(t, withAdmin)
	profile := remoteSpec(
		"software: {packages: [bc], unapproved_packages: [netplan.io]}",
		"networking: {hostname: remote01}",
		"users: {user_management: [{name: ops, shell: /bin/bash, password: '"+remoteHash+"'}]}",
		"files: {files: [{name: /etc/site, file_content: 'of {{ airship_platform }}', owner: ops, permissions: '0640'}]}",
	)
	const status = "dpkg-query -W -f '${db:Status-Status}' "
	require.Equal(t, "installed", s.run(t, status+"netplan.io"))
	r := newStockRun(t, s, "admin", profile)
	log := filepath.Join(t.TempDir(), "packer.log")
	r.env = append(r.env, "PACKER_LOG=1", "PACKER_LOG_PATH="+log)
	said := r.build(t, "-var", `skip_roles=["finalise"]`)
	t.Log(said)
	assert.NotContains(t, said, remoteSalt)
	logged, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.NotContains(t, string(logged), remoteSalt, "Packer's log")

	assert.Equal(t, "kernel.panic = 7\n", s.run(t, "tail -n 1 /etc/sysctl.d/60-airship.conf"))
	assert.Equal(t, "of baremetal 640 ops:root remote01\n", s.run(t, `echo "$(cat /etc/site) $(stat -c '%a %U:%G' /etc/site) $(cat /etc/hostname)"`))
	assert.Contains(t, s.run(t, "cat /etc/shadow"), "\nops:"+remoteHash+":")
	assert.Equal(t, "installed", s.run(t, status+"bc"))
	assert.NotEqual(t, "installed", s.run(t, status+"netplan.io || :"), "unapproved")
	record := s.run(t, "cat /etc/imagebuilder/meta/build.yaml")
	for _, want := range []string{"plugin: ", "packer: ", "ansible-core: ", "name: remote\n", "suite: bookworm\n", "date: \"20"} {
		assert.Contains(t, record, want)
	}
	assert.Empty(t, s.run(t, "grep -rlF '"+remoteSalt+"' /etc /tmp /var /root /home | grep -v '^/etc/shadow' || :"), "the hash is elsewhere")
	assert.Empty(t, s.run(t, "find /tmp /root /home -name '*ansible*' -o -name '.osconfig*'"), "what Ansible left")

	again := r.build(t, "-var", `skip_roles=["finalise"]`)
	assert.Contains(t, again, " 0 changed", again)

	finished := r.build(t)
	assert.Contains(t, finished, "Taking off what belongs to this machine alone")
	assert.Empty(t, tool(t, "sh", "-c", "cd '"+s.tree+"' && cat etc/machine-id && ls etc/ssh | grep _key || :"))
}

const (
	remoteSalt = "remoteremote"
	remoteHash = "$6$" + remoteSalt + "$e3kfHE0x6MQVdU8iYHWzuwl0T5wz.lVAhcnzZkbI6vKYGPjXsPgn7bMNUqmtXUmCCb3Dn06mJKzY5Ck1NWH3b0"
)

// TestRemoteRefuses wants one clear error for each thing that keeps a machine from being configured.
func TestRemoteRefuses(t *testing.T) {
	s := newStock(t, withAdmin, withPlain)
	empty := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(empty.Close)
	for name, c := range map[string]struct {
		user string
		spec []string
		want []string
	}{
		"sudo with a password": {user: "plain", want: []string{"sudo on the machine asks the login's user plain for a password"}},
		"another suite": {
			user: "admin", spec: []string{"suite: trixie"},
			want: []string{"the machine's suite is bookworm, the profile's is trixie"},
		},
		"a package that is not there": {
			user: "admin", spec: []string{"software: {packages: [bc, no-such-package]}"},
			want: []string{`task "Install the packages"`, "node.yaml:8:29: spec.software.packages[1]: Unable to locate package no-such-package"},
		},
		"everything of one task": {
			user: "admin", spec: []string{`files: {files: [{name: /etc/a, file_content: "{{ no_such_thing }}"}, {name: /etc/b, file_content: "{{ nor_this }}"}]}`},
			want: []string{
				`task "Write the configuration"`, "node.yaml:8:48: spec.files.files[0].file_content: 'no_such_thing' is undefined",
				"spec.files.files[1].file_content: 'nor_this' is undefined",
			},
		},
		"an unapproved package that is needed": {
			user: "admin", spec: []string{"software: {packages: [openssh-server], unapproved_packages: [openssh-client]}"},
			want: []string{"node.yaml:8:25: spec.software.packages[0]: needs one of the unapproved packages openssh-client"},
		},
		"a script": {
			user: "admin", spec: []string{`files: {user_scripts: [{name: setup, file_content: "#!/bin/sh\necho this is why >&2\nexit 4\n"}]}`},
			want: []string{`task "Run the scripts"`, "spec.files.user_scripts[0]", "ended with exit status 4", "this is why"},
		},
		"a download": {
			user: "admin", spec: []string{"files: {fetch_from_url: [{url: '" + empty.URL + "/agent.deb'}]}"},
			want: []string{"node.yaml:8:34: spec.files.fetch_from_url[0].url: " + empty.URL + "/agent.deb", "404"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := said(newStockRun(t, s, c.user, remoteSpec(c.spec...)).fails(t, "build", "-var", `skip_roles=["finalise"]`))
			for _, want := range c.want {
				assert.Contains(t, text, want)
			}
			assert.NotContains(t, text, "Traceback")
		})
	}
	t.Run("a lost connection", func(t *testing.T) { lostConnection(t, s) })
}

// lostConnection ends the machine's SSH server while a script runs on it.
func lostConnection(t *testing.T, s *stock) {
	r := newStockRun(t, s, "root", remoteSpec(`files: {user_scripts: [{file_content: "#!/bin/sh\ntouch /root/began\nsleep 300\n"}]}`))
	cmd := r.command("build", "-color=false", "-var", `skip_roles=["finalise"]`)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(s.tree, "root/began"))
		return err == nil
	}, 3*time.Minute, 100*time.Millisecond)
	s.stop()
	began := time.Now()
	require.Error(t, cmd.Wait())
	assert.Less(t, time.Since(began), 2*time.Minute, "it waits for a machine that is gone")
	assert.Contains(t, said(output.String()), "the connection to the machine was lost")
}

// TestRemotePython wants a machine without Python to be told, and to get one where that is asked for.
func TestRemotePython(t *testing.T) {
	s := newStock(t, withAdmin, withoutPython)
	r := newStockRun(t, s, "admin", remoteSpec())
	assert.Contains(t, said(r.fails(t, "build")), "there is no /usr/bin/python3, which Ansible needs: set install_python = true")
	text := r.build(t, "-var", "install_python=true", "-var", `skip_roles=["finalise"]`)
	assert.Contains(t, text, "Installing Python on the machine")
	assert.Equal(t, "kernel.panic = 7\n", s.run(t, "tail -n 1 /etc/sysctl.d/60-airship.conf"))

	s.run(t, withoutSudo)
	assert.Contains(t, said(r.fails(t, "build")), "the login's user admin is not root and the machine has no sudo")
}
