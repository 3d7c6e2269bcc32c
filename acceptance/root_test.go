//go:build acceptance

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// newRootRun has the template of a common root filesystem.
func newRootRun(t *testing.T) run {
	t.Helper()
	r := newRun(t, sharedCache(t))
	r.dir, r.name = t.TempDir(), "root"
	for _, name := range []string{"root.pkr.hcl", "root.yaml"} {
		tool(t, "cp", filepath.Join("testdata", name), r.dir)
	}
	return r
}

// TestRoot makes a root filesystem in all its formats, twice, and has tools that are not ours read each; then a node
// that starts from it.
func TestRoot(t *testing.T) {
	r := newRootRun(t)
	said := r.build(t, "-only=airship.root")
	t.Log(said)
	out := r.output()
	assert.Contains(t, said, "the build common of common is "+out+"/base.tar.zst")
	tool(t, "sh", "-euc", "cd '"+out+"' && sha256sum --check --quiet *.sha256 && sha512sum --check --quiet *.sha512")

	want := tool(t, "sh", "-euc", "zstd -qdc '"+out+"/base.tar.zst' | tar --list --verbose --numeric-owner --full-time")
	assert.Regexp(t, `-rw-r----- 0/1000 +6 .* \./etc/common file\n`, want)
	assert.Regexp(t, `-rwsr-xr-x 0/0 .* \./usr/bin/sudo\n`, want)
	assert.NotContains(t, want, "./boot/vmlinuz", "nobody asked for a kernel")

	t.Run("squashfs", func(t *testing.T) {
		listing := tool(t, "unsquashfs", "-lln", out+"/base.squashfs")
		assert.Regexp(t, `-rw-r----- 0/1000 +6 .* squashfs-root/etc/common file\n`, listing)
		assert.Equal(t, strings.Count(want, "\n"), strings.Count(listing, "squashfs-root"))
	})
	t.Run("directory", func(t *testing.T) {
		copied := tool(t, "sh", "-euc", "cd '"+out+"/base' && tar --create --sort=name . | tar --list --verbose --numeric-owner --full-time")
		assert.Equal(t, want, copied)
		assert.Contains(t, tool(t, "getcap", out+"/base/usr/bin/ping"), "cap_net_raw")
	})
	t.Run("oci", func(t *testing.T) {
		layout := t.TempDir()
		tool(t, "skopeo", "--insecure-policy", "copy", "--quiet", "oci-archive:"+out+"/base.oci.tar", "dir:"+layout)
		var image struct{ Architecture, Os string }
		require.NoError(t, json.Unmarshal([]byte(tool(t, "skopeo", "inspect", "--config", "oci-archive:"+out+"/base.oci.tar")), &image))
		assert.Equal(t, "amd64", image.Architecture)
		assert.Equal(t, "linux", image.Os)
		layer := tool(t, "sh", "-euc", "for f in '"+layout+"'/*; do if gzip -t \"$f\" 2>/dev/null; then gzip -dc \"$f\" | tar --list --verbose --numeric-owner --full-time; fi; done")
		assert.Equal(t, want, layer)
	})
	t.Run("metadata", func(t *testing.T) {
		text, err := os.ReadFile(out + "/metadata.yaml")
		require.NoError(t, err)
		var m struct {
			BootImagePath, MD5Sum, Name, URL, Format string
			Size                                     int64
			Checksums                                map[string]string
			Images                                   []struct{ Name, URL, Format string }
		}
		require.NoError(t, yaml.Unmarshal(text, &m))
		assert.Equal(t, out+"/base.tar.zst", m.BootImagePath)
		assert.Equal(t, strings.Fields(tool(t, "md5sum", m.BootImagePath))[0], m.MD5Sum)
		assert.Equal(t, "https://images.example/roots/base.tar.zst", m.URL)
		assert.Equal(t, r.manifestOf(t, "base.tar.zst").Images[0].SHA256, m.Checksums["sha256"])
		assert.Len(t, m.Images, 3)
	})
	t.Run("post-processors", func(t *testing.T) {
		var m struct {
			Builds []struct {
				ArtifactID string `json:"artifact_id"`
				Files      []struct{ Name string }
			}
		}
		text, err := os.ReadFile(r.dir + "/packer-manifest.json")
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &m))
		assert.Equal(t, "sha256:"+r.manifestOf(t, "base.tar.zst").Images[0].SHA256, m.Builds[0].ArtifactID)
		assert.FileExists(t, r.dir+"/packer.sums")
	})
	t.Run("again", func(t *testing.T) {
		again := newRootRun(t)
		again.build(t, "-only=airship.root")
		for i, image := range r.manifestOf(t, "base.tar.zst").Images {
			assert.Equal(t, image, again.manifestOf(t, "base.tar.zst").Images[i])
		}
	})
	t.Run("as a base", func(t *testing.T) {
		bases := []string{"base.oci.tar", "base.squashfs", "base.tar.zst"}
		if bootsToo == "false" {
			bases = bases[:1]
		}
		for _, name := range bases {
			t.Log(r.build(t, "-force", "-only=airship.node", "-var", "base="+out+"/"+name, "-var", "verify_boot="+bootsToo))
			root := rawRoot(t, r.dir+"/output-node/node.qcow2")
			cat := func(name string) string { return tool(t, "debugfs", "-R", "cat "+name, root) }
			assert.Equal(t, "own\n", cat("/etc/own"))
			assert.Equal(t, "common", cat(`"/etc/common file"`))
			assert.Contains(t, cat("/etc/passwd"), "\nops:")
			status := cat("/var/lib/dpkg/status")
			for _, name := range []string{"iputils-ping", "cloud-init", "linux-image-cloud-amd64"} {
				assert.Contains(t, status, "Package: "+name+"\nStatus: install ok installed\n")
			}
			marks := cat("/var/lib/apt/extended_states")
			assert.Contains(t, marks, "Package: libssl3\nArchitecture: amd64\nAuto-Installed: 1\n")
			assert.NotContains(t, marks, "Package: openssl\nArchitecture: amd64\nAuto-Installed: 1\n", "the base had it for ca-certificates, the node asks for it")
			for _, gone := range []string{"/tmp", "/etc/apt/apt.conf.d", "/usr/sbin"} {
				listing := tool(t, "debugfs", "-R", "ls -p "+gone, root)
				assert.NotContains(t, listing, "airship", gone)
			}
		}
	})
}

// TestBaseRefused wants one line for each base that a build cannot start from.
func TestBaseRefused(t *testing.T) {
	r := newRootRun(t)
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "text"), []byte("no archive\n"), 0o600))
	tool(t, "tar", "--create", "--file", filepath.Join(r.dir, "other.tar"), "--directory", r.dir, "root.yaml")
	for base, want := range map[string]string{
		"missing.tar.zst": "the base missing.tar.zst: open missing.tar.zst: no such file or directory",
		"text":            "the base text: is neither a tar archive (plain, gzip, zstd, xz, bzip2) nor a squashfs nor an OCI image",
		"other.tar":       "the base other.tar: has no package in /var/lib/dpkg/status: it is no Debian or Ubuntu root filesystem",
		"ftp://host/base": "ftp:// is none of what a base is read from",
	} {
		assert.Contains(t, said(r.fails(t, "build", "-only=airship.node", "-var", "base="+base)), want)
		assert.NoDirExists(t, r.dir+"/output-node", "something was left")
	}
}
