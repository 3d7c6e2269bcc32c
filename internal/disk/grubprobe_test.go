package disk

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The scripts are POSIX shell; the host's sh runs them here, the target's in a build.
func TestGrubProbe(t *testing.T) {
	a := assembly{plan: examplePlan(t)}
	dir := t.TempDir()
	run := func(script string, args ...string) (string, error) {
		path := filepath.Join(dir, "script")
		require.NoError(t, os.WriteFile(path, []byte(script), 0o755))
		out, err := exec.Command("sh", append([]string{path}, args...)...).Output()
		return strings.TrimSuffix(string(out), "\n"), err
	}
	root, _ := a.plan.Disk.Partition("/")
	boot, _ := a.plan.Disk.Partition("/boot")
	efi, _ := a.plan.Disk.Partition("/boot/efi")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--target=device", "/"}, device(root)},
		{[]string{"--target=device", "/usr/share"}, device(root)},
		{[]string{"--target=device", "/bootleg"}, device(root)},
		{[]string{"--target=device", "/boot"}, device(boot)},
		{[]string{"-t", "device", "/boot/grub"}, device(boot)},
		{[]string{"--target=device", "/boot/efi"}, device(efi)},
		{[]string{"--device", device(boot), "--target=fs_uuid"}, boot.Filesystem.UUID},
		{[]string{"--device", device(root), "--target=partuuid"}, root.GUID},
		{[]string{"--device", device(boot), "--target=partmap"}, "gpt"},
		{[]string{"--device", device(boot), "--target=fs"}, "ext2"},
		{[]string{"-t", "fs", "/boot/efi"}, "fat"},
		{[]string{"--device", device(boot), "--target=abstraction"}, ""},
		{[]string{"--device", device(boot), "--target=hints_string"}, ""},
	} {
		got, err := run(a.grubProbe(), test.args...)
		require.NoError(t, err, test.args)
		assert.Equal(t, test.want, got, test.args)
	}
	for _, args := range [][]string{{"--device", "/dev/sda1", "--target=fs"}, {"--target=disk", "/"}} {
		_, err := run(a.grubProbe(), args...)
		assert.Error(t, err, args)
	}
	for path, want := range map[string]string{
		"/": "/", "/boot": "", "/boot/grub": "/grub", "/usr/share/grub": "/usr/share/grub", "/boot/efi": "",
	} {
		got, err := run(a.grubMkrelpath(), path)
		require.NoError(t, err, path)
		assert.Equal(t, want, got, path)
	}
}
