package disk

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(machinetest.Entries())
	os.Exit(m.Run())
}

// rootfs is the archive of a Debian 12 system with GRUB and a kernel, made with mmdebstrap once and
// kept in the user's cache directory, below airship-test.
func rootfs(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	archive := filepath.Join(cache, "airship-test", "bookworm-grub.tar")
	if _, err := os.Stat(archive); err == nil {
		return archive
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(archive), 0o755))
	file, err := os.CreateTemp(filepath.Dir(archive), "bookworm-grub-")
	require.NoError(t, err)
	defer os.Remove(file.Name()) //nolint:errcheck // gone once it has its name
	m, _ := machinetest.Start(t)
	require.NoError(t, m.Run(t.Context(), machine.Command{
		Args: []string{
			"mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar",
			"--include=linux-image-cloud-amd64,initramfs-tools,systemd-sysv,dbus,grub-pc-bin,grub-efi-amd64-bin,grub2-common,diffutils",
			"bookworm", "-", machinetest.Mirror(t).Main,
		},
		Stdout: file,
	}))
	require.NoError(t, file.Close())
	require.NoError(t, os.Rename(file.Name(), archive))
	return archive
}
