package machinetest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// LiveTree is the archive of a Debian 12 system for a live ISO, with the kernel for bare metal: it has the drivers of
// optical drives and USB sticks. Its boot loaders are there with signatures, too.
func LiveTree(t *testing.T) string {
	t.Helper()
	return Bootstrapped(t, "bookworm", "linux-image-amd64", "initramfs-tools", "zstd", "live-boot", "systemd-sysv", "udev", "dbus",
		"grub-pc-bin", "grub-efi-amd64-bin", "grub-efi-amd64-signed", "shim-signed", "cloud-init", "netplan.io", "openssh-server")
}

// UnpackTree unpacks such an archive at machine.Target.
func UnpackTree(t *testing.T, m machine.Machine, name string) {
	t.Helper()
	archive, err := os.Open(name)
	require.NoError(t, err)
	defer archive.Close() //nolint:errcheck // only read
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args: []string{
			"tar", "--extract", "--preserve-permissions", "--xattrs", "--xattrs-include=*", "--numeric-owner",
			"--exclude=./dev/*", "--directory", machine.Target,
		},
		Stdin: archive,
	}))
}

// Bootstrapped is the archive of a Debian system with packages, made with mmdebstrap once and kept in the user's
// cache directory, below airship-test.
func Bootstrapped(t *testing.T, suite string, packages ...string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	names := strings.Join(packages, ",")
	archive := filepath.Join(cache, "airship-test", fmt.Sprintf("%s-%.12x.tar", suite, sha256.Sum256([]byte(names))))
	if _, err := os.Stat(archive); err == nil {
		return archive
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(archive), 0o755))
	file, err := os.CreateTemp(filepath.Dir(archive), suite+"-")
	require.NoError(t, err)
	defer os.Remove(file.Name()) //nolint:errcheck // gone once it has its name
	m, _ := Start(t)
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args: []string{
			"mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--include=" + names,
			suite, "-", Mirror(t).Main,
		},
		Stdout: file,
	}))
	require.NoError(t, file.Close())
	require.NoError(t, os.Rename(file.Name(), archive))
	return archive
}
