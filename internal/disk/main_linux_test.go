package disk

import (
	"os"
	"testing"

	"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(machinetest.Entries())
	os.Exit(m.Run())
}

// debianTree is the archive of a Debian 12 system with GRUB and a kernel.
func debianTree(t *testing.T) string {
	t.Helper()
	return machinetest.Bootstrapped(t, "bookworm", "linux-image-cloud-amd64", "initramfs-tools", "systemd-sysv", "dbus",
		"grub-pc-bin", "grub-efi-amd64-bin", "grub2-common", "diffutils")
}
