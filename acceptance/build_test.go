//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const plantedHash = "$6$plantedsalt$T9uOBgZ"

// planted are the secrets of testdata/node.yaml, and the file that each belongs into.
var planted = map[string]string{
	plantedHash:             "/etc/shadow",
	"planted-token-5b1c9e":  "/etc/site.token",
	"planted-userdata-77aa": "/var/lib/cloud/seed/config_drive/openstack/latest/user_data",
}

// TestBuild builds as root, looks into the image, and builds the same again: with the lock, and as an
// unprivileged user. All three must be one file. TestExample boots.
func TestBuild(t *testing.T) {
	first := newRun(t, sharedCache(t))
	lock := filepath.Join(first.dir, "lock.json")
	log := filepath.Join(t.TempDir(), "packer.log")
	first.env = append(first.env, "PACKER_LOG=1", "PACKER_LOG_PATH="+log)
	before := filepath.Join(t.TempDir(), "before")
	require.NoError(t, os.WriteFile(before, nil, 0o600))
	said := first.build(t, "-var", "lock_file="+lock)
	t.Log(said)
	logged, err := os.ReadFile(log)
	require.NoError(t, err)
	for secret := range planted {
		assert.NotContains(t, said, secret, "a secret was shown")
		assert.NotContains(t, string(logged), secret, "a secret is in Packer's log")
		found := tool(t, "find", first.output(), sharedCache(t), lock, "-type", "f", "-newer", before, "!", "-name", "*.qcow2",
			"-exec", "grep", "-qFa", "-e", secret, "{}", ";", "-print")
		assert.Empty(t, found, "files with a secret: the cache, the lock, the manifest with the plan")
	}

	manifest := first.manifest(t)
	assert.False(t, manifest.Verified, "it was not booted")
	sum, err := os.ReadFile(first.image() + ".sha256")
	require.NoError(t, err)
	assert.Equal(t, manifest.Images[0].SHA256+"  node.qcow2\n", string(sum))
	tool(t, "sh", "-c", "cd '"+first.output()+"' && sha256sum --check --quiet node.qcow2.sha256")
	tool(t, "qemu-img", "check", first.image())

	t.Run("contents", func(t *testing.T) { checkContents(t, first) })
	t.Run("again", func(t *testing.T) {
		again := newRun(t, sharedCache(t))
		again.build(t, "-var", "lock_file="+lock)
		assert.Equal(t, manifest.Images[0].SHA256, again.manifest(t).Images[0].SHA256, "the same plan gave another image")
	})
	t.Run("as a user", func(t *testing.T) {
		user := newRun(t, "").as(t, newUser(t))
		copied := filepath.Join(user.dir, "lock.json")
		text, err := os.ReadFile(lock)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied, text, 0o644))
		user.build(t, "-var", "lock_file="+copied)
		assert.Equal(t, manifest.Images[0].SHA256, user.manifest(t).Images[0].SHA256, "root and a user built different images from one plan")
	})
}

// checkContents looks into the image with tools that are not ours.
func checkContents(t *testing.T, r run) {
	raw := filepath.Join(t.TempDir(), "disk.raw")
	tool(t, "qemu-img", "convert", "-O", "raw", r.image(), raw)
	root := partition(t, raw, 1)
	cat := func(name string) string { return tool(t, "debugfs", "-R", "cat "+name, root) }

	assert.Equal(t, "file provisioner\n", cat("/etc/from-file"))
	assert.Equal(t, "on bookworm\n", cat("/etc/from-shell"))
	assert.Equal(t, "node01\n", cat("/etc/hostname"))
	assert.Empty(t, cat("/etc/machine-id"))
	assert.Empty(t, cat("/var/log/junk/build.log"), "a log of the build")
	for secret, name := range planted {
		assert.Contains(t, cat(name), secret)
	}
	// Packages may name any mirror; what the build wrote names Debian's aliases alone.
	for name, alias := range map[string]string{
		"/etc/apt/sources.list.d/debian.sources":          "URIs: http://ftp.debian.org/debian\n",
		"/etc/apt/sources.list.d/debian-security.sources": "URIs: http://security.debian.org/debian-security\n",
		"/etc/imagebuilder/meta/build.yaml":               "uri: http://ftp.debian.org/debian\n",
	} {
		text := cat(name)
		assert.Contains(t, text, alias, name)
		for _, mirror := range hostMirrors(t) {
			assert.NotContains(t, text, mirror, name)
		}
	}
	for _, gone := range []string{"/etc/ssh", "/usr/bin", "/var/log", "/var/tmp"} {
		listing := tool(t, "debugfs", "-R", "ls -p "+gone, root)
		assert.NotContains(t, listing, "ssh_host_", gone)
		assert.NotContains(t, listing, ".airship", gone)
		assert.NotContains(t, listing, "/now/", gone)
	}

	disk, err := os.ReadFile(raw)
	require.NoError(t, err)
	// Once, in its file; a journal or a freed block would be a second place.
	for secret, name := range planted {
		assert.Equal(t, 1, bytes.Count(disk, []byte(secret)), "what belongs into %s is where it should not be", name)
	}
}

// partition names a partition of a raw disk as e2fsprogs' programs take it.
func partition(t *testing.T, raw string, number int) string {
	t.Helper()
	var table struct {
		PartitionTable struct {
			Partitions []struct {
				Node  string
				Start int64
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(tool(t, "sfdisk", "--json", raw)), &table))
	for _, p := range table.PartitionTable.Partitions {
		if p.Node == fmt.Sprintf("%s%d", raw, number) {
			return fmt.Sprintf("%s?offset=%d", raw, p.Start*512)
		}
	}
	t.Fatalf("no partition %d", number)
	return ""
}
