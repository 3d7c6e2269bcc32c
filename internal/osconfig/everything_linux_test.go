package osconfig

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// fromFile is Saver of a host file.
type fromFile string

func (f fromFile) Save(_ context.Context, _ string, to *os.File) error {
	_, err := to.WriteString(string(f))
	return err
}

func fullProfile(t *testing.T) *document.Profile {
	t.Helper()
	text, err := os.ReadFile("testdata/full.yaml")
	require.NoError(t, err)
	return testProfile(t, string(text))
}

// pretend makes what packages would have brought.
const pretend = `cd /target && mkdir -p etc/cloud/cloud.cfg.d etc/update-motd.d etc/default/grub.d etc/initramfs-tools/hooks etc/cron.daily
	touch usr/bin/cloud-init usr/bin/kubelet usr/sbin/kdump-config etc/update-motd.d/10-uname etc/default/motd-news
	printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' | tee usr/lib/systemd/system/packaged.service >usr/lib/systemd/system/kubelet.service
	install -m 0755 /dev/null etc/cron.daily/apt-compat
	mkdir -p etc/systemd/system/multi-user.target.wants
	ln -sf /usr/lib/systemd/system/packaged.service etc/systemd/system/multi-user.target.wants/packaged.service`

// testEverything applies a profile of everything, and looks at each thing.
func testEverything(t *testing.T, m *recorder) {
	ctx := t.Context()
	profile := fullProfile(t)
	vars, err := VarsYAML(profile.NodeProfile, "", nil)
	require.NoError(t, err)
	downloads, err := Fetch(ctx, []v1alpha1.Fetch{{URL: "https://files.example.org/agent.txt?version=1"}}, fromFile("agent\n"), nil, t.Logf)
	require.NoError(t, err)
	vars = append(vars, "fetch_from_url: [{url: x}]\n"...)
	var progress lines
	options := Options{VarsYAML: vars, Downloads: downloads, Epoch: testEpoch, Progress: progress.add}

	began := time.Now()
	recap, err := Apply(ctx, m, Chroot{Runner: m}, options)
	require.NoError(t, err)
	t.Logf("first run %.1f s: %s\n%s", time.Since(began).Seconds(), recap, strings.Join(progress.all, "\n"))

	for name, want := range map[string]string{
		"etc/sysctl.d/60-airship.conf":    "# Written by the osconfig role from the node profile's sysctl.\nkernel.panic = 3\nnet.ipv4.ip_local_port_range = 32768 60999\n",
		"etc/modules-load.d/airship.conf": "# Written by the osconfig role from the node profile's modules.\nbonding\n8021q\nmlx5_core\n",
		"etc/modprobe.d/airship.conf":     "# Written by the osconfig role from the node profile's modules.\noptions bonding max_bonds=0\nblacklist krbd\nblacklist oldnic\n",
		"etc/systemd/network/99-default.link": "# Written by the osconfig role from the node profile's NIC naming.\n[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=kernel path\n" +
			"AlternativeNamesPolicy=path\nMACAddressPolicy=persistent\n",
		"etc/hosts": "127.0.0.1 localhost\n127.0.1.1 full01\n\n::1 localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n" +
			"ff02::2 ip6-allrouters\n\n10.0.0.9 registry.example.org registry\n",
		"etc/default/locale":                   "LANG=C.UTF-8\n",
		"etc/cloud/cloud.cfg.d/95-airship.cfg": "# Written by the osconfig role. datasource_list stands on one line, as ds-identify reads it.\ndatasource_list: [ NoCloud, ConfigDrive, None ]\nsystem_info:\n  network:\n    renderers: [\"networkd\", \"netplan\", \"network-manager\", \"eni\"]\n# The image has its package sources already.\napt:\n  preserve_sources_list: true\n",
		"etc/default/grub.d/kdump-tools.cfg":   "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=768M\"\n",
		"etc/security/limits.d/99-nofile.conf": "* soft nofile 65536\n",
		"etc/issue":                            "Node \\n \\l\n",
		"etc/update-motd.d/00-motd":            "#!/bin/sh\necho hello\n",
		"srv/site/ntp":                         "server ntp.example.org of a+b\n",
		"etc/deep/down/file":                   "x\n",
		"etc/by-script":                        "first\nsecond\nlast\n",
		"etc/systemd/system/text.timer":        "[Timer]\nOnBootSec=1h\n",
		"var/lib/cloud/seed/config_drive/openstack/latest/user_data":         "## template: jinja\n#cloud-config\nhostname: \"{{ ds.meta_data.hostname }}\"\n",
		"var/lib/cloud/seed/config_drive/openstack/latest/network_data.json": `{"links": [{"ethernet_mac_address": "52:54:00:12:34:56", "id": "eth0", "type": "phy"}], "networks": []}`,
	} {
		assert.Equal(t, want, m.read(t, name), name)
	}
	meta := m.read(t, "var/lib/cloud/seed/config_drive/openstack/latest/meta_data.json")
	assert.Contains(t, meta, `"keys": {"a": "{{ literally }}"}`)
	assert.Contains(t, meta, `"hostname": "full01"`)
	assert.Regexp(t, `"uuid": "[0-9a-f-]{36}"`, meta)
	assert.Contains(t, m.read(t, "etc/systemd/system/kubelet.service.d/10-kubeadm.conf"), "$KUBELET_EXTRA_ARGS --node-labels=a=b --v\n")
	assert.Contains(t, m.read(t, "etc/initramfs-tools/hooks/airship-drivers"), "\nmanual_add_modules mlx5_core\n")

	for name, want := range map[string]string{
		"srv/site": "750 deployer:games", "srv/site/ntp": "640 deployer:root", "etc/deep/down": "755 root:root",
		"etc/kept-private": "600 root:root",
		"etc/by-script":    "600 root:games", "etc/update-motd.d/00-motd": "755 root:root", "etc/cron.daily/apt-compat": "644 root:root",
		"etc/initramfs-tools/hooks/airship-drivers":                  "755 root:root",
		"var/lib/cloud/seed/config_drive/openstack/latest/user_data": "600 root:root",
	} {
		assert.Equal(t, want+"\n", m.output(t, "chroot", "/target", "stat", "--format=%a %U:%G", "/"+name), name)
	}
	assert.Equal(t, "00-motd\n10-site\n", m.output(t, "ls", "/target/etc/update-motd.d"))
	wants := m.output(t, "ls", "/target/etc/systemd/system/multi-user.target.wants")
	assert.Contains(t, wants, "site.service\n")
	assert.NotContains(t, wants, "kubelet.service", "the profile's word goes before the role's")
	assert.NotContains(t, wants, "packaged.service")
	m.output(t, "sh", "-c", "! test -e /target/etc/default/motd-news")

	progress.all = nil
	began = time.Now()
	recap, err = Apply(ctx, m, Chroot{Runner: m}, options)
	require.NoError(t, err)
	t.Logf("second run %.1f s: %s", time.Since(began).Seconds(), recap)
	assert.Zero(t, recap.Changed, "a second run changes nothing: %s", strings.Join(progress.all, "\n"))
	for _, d := range downloads {
		require.NoError(t, d.Close())
	}
}

// testProblems makes mistakes that are seen in the image alone: each is told by its field, all of a task at once.
func testProblems(t *testing.T, m *recorder) {
	for name, c := range map[string]struct {
		spec string
		want []string
	}{
		"files": {
			`files: {directories: [{name: /srv/x, owner: absent}], files: [{name: /etc/a, file_content: "{{ unknown_one }}"}, {name: /etc/b, file_content: "{{ 1 / 0 }}"}]}`,
			[]string{"spec.files.files[0].file_content: 'unknown_one' is undefined", "spec.files.files[1].file_content: division by zero"},
		},
		"owners": {
			`files: {directories: [{name: /srv/x, owner: absent}], files: [{name: /usr/bin, file_content: ""}, {name: /etc/passwd/x, file_content: ""}]}`,
			[]string{
				"spec.files.directories[0]: /srv/x: the image has no user absent", "spec.files.files[0]: /usr/bin: is a directory in the image",
				"spec.files.files[1]: /etc/passwd/x: /etc/passwd is no directory in the image",
			},
		},
		"permissions": {
			`files: {file_permissions: [{name: /absent, permissions: "0600"}]}`,
			[]string{"spec.files.file_permissions[0]: /absent: is not in the image"},
		},
		"units": {
			`services: {systemd: [{name: absent.service, enabled: true}]}`,
			[]string{"spec.services.systemd[0]: the image has no unit absent.service"},
		},
		"script": {
			`files: {user_scripts: [{file_content: "#!/bin/sh\necho one; echo two >&2; exit 7\n"}]}`,
			[]string{"spec.files.user_scripts[0]: ended with exit status 7; the last lines of its output:\n  one\n  two"},
		},
		"interpreter": {
			`files: {user_scripts: [{file_content: "#!/absent/sh\ntrue\n"}]}`,
			[]string{"spec.files.user_scripts[0]: its interpreter /absent/sh: No such file or directory"},
		},
		"no interpreter": {
			"files: {user_scripts: [{file_content: '{{ missing_shebang | trim }}true'}]}\n  extraVars: {missing_shebang: ''}",
			[]string{"spec.files.user_scripts[0]: has no interpreter"},
		},
		"killed": {
			`files: {qcow_container_runtime_scripts: [{file_content: "#!/bin/sh\nkill -9 $$\n"}]}`,
			[]string{"spec.files.qcow_container_runtime_scripts[0]: was killed by signal 9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			profile := testProfile(t, "apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: a}\nspec:\n  "+c.spec+"\n")
			vars, err := VarsYAML(profile.NodeProfile, "", nil)
			require.NoError(t, err)
			_, err = Apply(t.Context(), m, Chroot{Runner: m}, Options{VarsYAML: vars})
			var task *TaskError
			require.ErrorAs(t, err, &task)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), "Traceback")
			_ = profile.Locate(err)
			for _, p := range mistake.All(err) {
				assert.Equal(t, 5, p.Line, p.Error())
			}
		})
	}
}

// testPlays runs an operator's own plays before and after the role, with the profile's variables.
func testPlays(t *testing.T, m *recorder) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		return name
	}
	beforePlay := write("plays/before.yml", "- hosts: all\n  gather_facts: false\n  tasks:\n  - {name: Before, ansible.builtin.copy: {content: '{{ airship_profile }}', dest: /etc/before, mode: '0644'}}\n")
	afterPlay := write("plays/after.yml", "- hosts: target\n  gather_facts: false\n  roles: [site]\n")
	write("roles/site/tasks/main.yml", "- {name: After, ansible.builtin.template: {src: after.j2, dest: /etc/after, mode: '0644'}}\n")
	write("roles/site/templates/after.j2", "{{ site }} {{ sysctl[0].name }} {{ lookup('file', 'beside.txt') }}\n")
	write("plays/files/beside.txt", "beside")
	write("plays/unrelated/secret.txt", "stays here")
	plays := Plays{Before: []string{beforePlay}, After: []string{afterPlay}, RolesPath: []string{filepath.Join(dir, "roles")}}
	require.NoError(t, plays.Check())
	options := Options{
		VarsYAML: []byte("airship_profile: a\nsysctl: [{name: kernel.panic, value: 1}]\n"), ExtraVars: []byte(`{"site": "one"}`),
		Plays: plays, Arguments: []string{"-v"},
	}
	_, err := Apply(t.Context(), m, Chroot{Runner: m}, options)
	require.NoError(t, err)
	assert.Equal(t, "a", m.read(t, "etc/before"))
	assert.Equal(t, "one kernel.panic beside\n", m.read(t, "etc/after"))

	// What a play of the operator's rescues or ignores ends nothing.
	write("roles/site/tasks/main.yml", `- block: [{name: Fails, ansible.builtin.command: "false"}]
  rescue: [{name: Mends, ansible.builtin.command: "true"}]
- {name: Ignored, ansible.builtin.command: "{{ item }}", loop: ["false", "true"], ignore_errors: true}
`)
	_, err = Apply(t.Context(), m, Chroot{Runner: m}, options)
	require.NoError(t, err)

	write("roles/site/tasks/main.yml", "- name: Fails\n  ansible.builtin.command: sh -c 'echo why >&2; exit 3'\n")
	options.Skip = []string{"osconfig"}
	m.output(t, "rm", "/target/etc/sysctl.d/60-airship.conf")
	_, err = Apply(t.Context(), m, Chroot{Runner: m}, options)
	require.EqualError(t, err, filepath.Join(dir, "roles/site/tasks/main.yml")+`:1: task "Fails": non-zero return code:`+"\nwhy")
	m.output(t, "sh", "-c", "! test -e /target/etc/sysctl.d/60-airship.conf")

	write("plays/after.yml", "- hosts: target\n  roles: [absent]\n")
	_, err = Apply(t.Context(), m, Chroot{Runner: m}, options)
	require.ErrorContains(t, err, "the role 'absent' was not found")

	err = Plays{Before: []string{filepath.Join(dir, "none.yml")}, RolesPath: []string{beforePlay}}.Check()
	require.ErrorContains(t, err, "playbook_files_before: "+filepath.Join(dir, "none.yml")+": there is no such file")
	require.ErrorContains(t, err, "roles_path: "+beforePlay+" is not a directory")
}
