package archive

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(machinetest.Entries())
	os.Exit(m.Run())
}

const dpkgStatus = "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21\nMaintainer: m\nDescription: d\n\n" +
	"Package: apt\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.6\nMaintainer: m\nDescription: d\n\n" +
	"Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\nMaintainer: m\nDescription: d\n\n"

// debian is a tree with a dpkg database and files of every kind.
func debian(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"var/lib/dpkg/status": dpkgStatus, "usr/lib/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n", "dev/null": "",
		"usr/share/dev/kept": "kept", "etc/a file": "spaced", "usr/bin/tool": "tool",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	require.NoError(t, os.Chmod(filepath.Join(dir, "usr/bin/tool"), 0o755|os.ModeSetuid))
	require.NoError(t, os.Link(filepath.Join(dir, "usr/bin/tool"), filepath.Join(dir, "usr/bin/same")))
	require.NoError(t, os.Symlink("usr/bin", filepath.Join(dir, "bin")))
	require.NoError(t, os.Lchown(filepath.Join(dir, "etc/a file"), 7, 8))
	return dir
}

// TestPackAndUnpack packs what a base was unpacked to, in both forms: they come back as they were.
func TestPackAndUnpack(t *testing.T) {
	tree := debian(t)
	first := filepath.Join(t.TempDir(), "base.tar.gz")
	made, err := exec.Command("tar", "--create", "--gzip", "--file", first, "--directory", tree, ".").CombinedOutput()
	require.NoError(t, err, "%s", made)

	var listings []string
	base := first
	for _, format := range []string{plan.TarZstd, plan.SquashFS, plan.OCI} {
		m, _ := machinetest.Start(t)
		opened, err := OpenBase(t.Context(), base, BaseOptions{Architecture: "amd64"})
		require.NoError(t, err)
		require.NoError(t, opened.Unpack(t.Context(), m))
		described, err := opened.Describe(t.Context(), m, plan.Target{Architecture: "amd64", Suite: "bookworm"})
		require.NoError(t, err)
		assert.Equal(t, []plan.BasePackage{{Name: "apt", Version: "2.6", Architecture: "amd64"}, {Name: "dpkg", Version: "1.21", Architecture: "amd64"}}, described.Packages)
		_, err = opened.Describe(t.Context(), m, plan.Target{Architecture: "amd64", Suite: "trixie"})
		require.ErrorContains(t, err, "is of the suite bookworm, the profile of trixie")
		_, err = opened.Describe(t.Context(), m, plan.Target{Architecture: "arm64", Suite: "bookworm"})
		require.ErrorContains(t, err, "is of architecture amd64, the profile of arm64")
		var listing bytes.Buffer
		require.NoError(t, m.Run(t.Context(), machine.Command{
			Args: []string{"find", machine.Target, "-mindepth", "1", "-printf", `%y %m %U %G %n %l %P\n`}, Stdout: &listing,
		}))
		lines := strings.SplitAfter(listing.String(), "\n")
		slices.Sort(lines)
		listings = append(listings, strings.Join(lines, ""))

		p := plan.Plan{Profile: "node", Epoch: 1_700_000_000, Target: plan.Target{Architecture: "amd64"}, Outputs: []plan.Output{{Format: format}}}
		packed, err := Pack(t.Context(), m, p, t.Logf)
		require.NoError(t, err)
		raw, err := m.PowerOff(t.Context())
		require.NoError(t, err)
		base = filepath.Join(t.TempDir(), format)
		writeAs(t, format, base, raw, packed, p)
	}
	assert.Equal(t, listings[0], listings[1])
	assert.Equal(t, listings[0], listings[2])
	assert.Contains(t, listings[0], "f 4755 0 0 2  usr/bin/tool\n")
	assert.Contains(t, listings[0], "f 644 7 8 1  etc/a file\n")
	assert.Contains(t, listings[0], "usr/share/dev/kept\n")
	assert.NotContains(t, listings[0], "dev/null")
}

// A squashfs that another program made may have devices, which not everybody can make.
func TestForeignSquashFS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "base.squashfs")
	made, err := exec.Command("mksquashfs", debian(t), file, "-quiet", "-no-progress", "-all-root",
		"-p", "dev/null c 666 0 0 1 3", "-p", "proc/1 d 555 0 0", "-p", "usr/dev d 755 0 0", "-p", "usr/dev/kept f 644 0 0 echo").CombinedOutput()
	require.NoError(t, err, "%s", made)
	m, _ := machinetest.Start(t)
	base, err := OpenBase(t.Context(), file, BaseOptions{Architecture: "amd64"})
	require.NoError(t, err)
	require.NoError(t, base.Unpack(t.Context(), m))
	listing := machinetest.Shell(t, m, "cd /target; find dev proc sys usr/dev 2>/dev/null || true")
	assert.NotContains(t, listing, "dev/null")
	assert.NotContains(t, listing, "proc/1")
	assert.Contains(t, listing, "usr/dev/kept")
}

func writeAs(t *testing.T, format, name, raw string, packed Packed, p plan.Plan) {
	t.Helper()
	from, err := os.Open(raw)
	require.NoError(t, err)
	defer from.Close()
	to, err := os.Create(name)
	require.NoError(t, err)
	defer to.Close()
	section := packed.Tar
	if format == plan.SquashFS {
		section = packed.SquashFS
	}
	data := make([]byte, section.Size)
	_, err = from.ReadAt(data, section.Offset)
	require.NoError(t, err)
	switch format {
	case plan.OCI:
		require.NoError(t, WriteOCI(t.Context(), to, bytes.NewReader(data), p))
	case plan.TarZstd:
		_, err := tar.NewReader(bytes.NewReader(data)).Next()
		require.NoError(t, err)
		require.NoError(t, WriteZstd(t.Context(), to, bytes.NewReader(data)))
	default:
		_, err := to.Write(data)
		require.NoError(t, err)
	}
}
