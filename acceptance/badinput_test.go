//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// said is what packer printed, on one line and without its prefixes.
func said(output string) string {
	output = strings.ReplaceAll(output, "==> airship.node:", "")
	return strings.Join(strings.Fields(output), " ")
}

// TestValidate finds mistakes in documents before anything is downloaded.
func TestValidate(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"unknown field":   {"qcow_capacity: 6G", "qcow_capacty: 6G", "node.yaml:21:5: spec.storage.qcow_capacty: unknown field; did you mean qcow_capacity?"},
		"wrong type":      {"GRUB_TIMEOUT: 1", "GRUB_TIMEOUT: soon", "node.yaml:14:21: spec.osKernel.grub.GRUB_TIMEOUT:"},
		"disk too small":  {"6G", "1G", "node.yaml:21:20: spec.storage.qcow_capacity:"},
		"unknown suite":   {"spec:\n", "spec:\n  suite: bookwurm\n", "did you mean bookworm?"},
		"plain password":  {"$6$planted", "planted", "node.yaml:"},
		"overlap and all": {"qcow_capacity: 6G", "partitions: [{mount: /, part_start: 1MiB, part_end: 3GiB, filesystem: {type: ext4}}, {mount: none, part_start: 2GiB, part_end: 2049MiB, flags: [bios_grub]}]", "spec.storage.partitions[1]"},
		"no root":         {"qcow_capacity: 6G", "partitions: [{mount: none, part_start: 1MiB, part_end: 5MiB, flags: [bios_grub]}]", "spec.storage.partitions"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun(t, t.TempDir())
			r.edit(t, c.from, c.to)
			assert.Contains(t, said(r.fails(t, "validate")), c.want)
		})
	}
	r := newRun(t, t.TempDir())
	output, err := r.command("validate").CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// TestBuildRefuses wants one clear error and no file, from what only the network and the disk tell.
func TestBuildRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, r *run)
		want   []string
		// arguments of packer, besides the usual ones.
		arguments []string
	}{
		"no QEMU": {
			change: func(t *testing.T, r *run) {
				// The plugin starts no other program of the host before it looks for QEMU.
				r.env = append(r.env, "PATH="+t.TempDir())
			},
			arguments: []string{"-var", "isolation=qemu"},
			want:      []string{`isolation = "qemu" does not work here: QEMU is not installed`, "qemu-system-x86 (Debian"},
		},
		"an accelerator of another system": {
			change:    func(*testing.T, *run) {},
			arguments: []string{"-var", "isolation=qemu", "-var", "accelerator=hvf"},
			want:      []string{"accelerator hvf does not exist on linux"},
		},
		"too much memory": {
			change:    func(*testing.T, *run) {},
			arguments: []string{"-var", "isolation=qemu", "-var", "accelerator=tcg", "-var", "memory=9000000"},
			want:      []string{"memory is 9000000 MiB: this host has only"},
		},
		"too little memory": {
			change:    func(*testing.T, *run) {},
			arguments: []string{"-var", "isolation=qemu", "-var", "memory=100"},
			want:      []string{"memory is 100: want at least 1024 MiB"},
		},
		"another architecture in a namespace": {
			change: func(t *testing.T, r *run) {
				r.edit(t, "spec:\n", "spec:\n  architecture: arm64\n")
			},
			want: []string{"arm64 is foreign to this amd64 host", `isolation = "qemu"`},
		},
		"no such packages": {
			change: func(t *testing.T, r *run) {
				r.edit(t, "openssh-server, netplan.io", "openshs-server, netplan.oi, sudo=9")
			},
			want: []string{
				"node.yaml:9:", ": spec.software.packages[1]: package openshs-server:", "did you mean openssh-server?",
				"spec.software.packages[2]: package netplan.oi:", "package sudo: version 9 is asked for;",
			},
		},
		"no such suite": {
			change: func(t *testing.T, r *run) {
				r.edit(t, "  software:\n", "  software:\n    repos: [{name: extra, suite: bookworm-nonesuch, components: main, register_repo_with_rootfs: true}]\n")
			},
			want: []string{"source extra", "there is no suite bookworm-nonesuch"},
		},
		"a proxy that refuses": {
			change: func(_ *testing.T, r *run) {
				r.env = append(r.env, "http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9", "no_proxy=")
			},
			want: []string{"127.0.0.1:9", "http_proxy"},
		},
		"output exists": {
			change: func(t *testing.T, r *run) {
				require.NoError(t, os.MkdirAll(r.output(), 0o755))
				require.NoError(t, os.WriteFile(r.image(), []byte("precious"), 0o644))
			},
			want: []string{"node.qcow2 exists", "-force"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun(t, sharedCache(t))
			c.change(t, &r)
			output := said(r.fails(t, "build", append([]string{"-color=false"}, c.arguments...)...))
			for _, want := range c.want {
				assert.Contains(t, output, want)
			}
			if name == "output exists" {
				kept, err := os.ReadFile(r.image())
				require.NoError(t, err)
				assert.Equal(t, "precious", string(kept))
				return
			}
			assertNoOutput(t, r)
		})
	}
}

// TestFullDisk has a cache that the toolbox does not fit into.
func TestFullDisk(t *testing.T) {
	small := filepath.Join(t.TempDir(), "small")
	require.NoError(t, os.Mkdir(small, 0o755))
	require.NoError(t, syscall.Mount("tmpfs", small, "tmpfs", 0, "size=40m"))
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(small, 0)) })
	r := newRun(t, small)
	output := said(r.fails(t, "build", "-color=false"))
	assert.Contains(t, output, small)
	assert.Contains(t, output, "no space left")
	assertNoOutput(t, r)
}
