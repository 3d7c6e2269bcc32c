package rootfs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGrowRootScript runs the script over a /sys of its own, with programs that say how they are called.
func TestGrowRootScript(t *testing.T) {
	const mib = "2048" // sectors
	for name, c := range map[string]struct {
		disk       string               // sectors
		partitions map[string][2]string // name: start, size
		want       string
	}{
		"room to the end":           {"409600", map[string][2]string{"vda1": {"4096", "200000"}}, "growing partition 1 of vda by 100 MiB\nsfdisk --quiet --force --no-reread --no-tell-kernel -N 1 /dev/vda\npartx --update --nr 1 /dev/vda\n"},
		"no room":                   {"206144", map[string][2]string{"vda1": {"4096", "200000"}}, ""},
		"others before it":          {"409600", map[string][2]string{"vda1": {"4096", "200000"}, "vda2": {mib, mib}}, "growing partition 1"},
		"a config drive at the end": {"409600", map[string][2]string{"vda1": {"4096", "200000"}, "vda5": {"405504", mib}}, "growing partition 1 of vda by 98 MiB"},
		"another behind it":         {"409600", map[string][2]string{"vda1": {"4096", "200000"}, "vda2": {"204096", mib}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			sys, bin := t.TempDir(), t.TempDir()
			disk := filepath.Join(sys, "devices/vda")
			write := func(file, text string) {
				require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
				require.NoError(t, os.WriteFile(file, []byte(text+"\n"), 0o755))
			}
			write(disk+"/size", c.disk)
			for partition, place := range c.partitions {
				write(filepath.Join(disk, partition, "partition"), strings.TrimPrefix(partition, "vda"))
				write(filepath.Join(disk, partition, "start"), place[0])
				write(filepath.Join(disk, partition, "size"), place[1])
			}
			class := filepath.Join(sys, "class/block")
			require.NoError(t, os.MkdirAll(class, 0o755))
			require.NoError(t, os.Symlink(disk, class+"/vda"))
			require.NoError(t, os.Symlink(disk+"/vda1", class+"/vda1"))
			write(bin+"/findmnt", "#!/bin/sh\ncase $* in\n*SOURCE*) echo /dev/vda1 ;;\n*OPTIONS*) echo rw,noatime ;;\n*FSTYPE*) echo ext4 ;;\nesac")
			write(bin+"/resize2fs", "#!/bin/sh\necho resize2fs \"$@\" >&3")
			for _, program := range []string{"sfdisk", "partx"} {
				write(bin+"/"+program, "#!/bin/sh\necho "+program+` "$@"`)
			}
			cmd := exec.Command("sh", "-s")
			cmd.Stdin = strings.NewReader(strings.ReplaceAll(growRoot, "/sys/", sys+"/"))
			cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin"}
			resized, err := os.Create(filepath.Join(bin, "resized"))
			require.NoError(t, err)
			defer resized.Close()
			cmd.ExtraFiles = []*os.File{resized}
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			said, err := os.ReadFile(resized.Name())
			require.NoError(t, err)
			assert.Equal(t, "resize2fs /dev/vda1\n", string(said), "the file system may be smaller than its partition")
			if c.want == "" {
				assert.Empty(t, string(out))
			} else {
				assert.Contains(t, string(out), c.want)
			}
		})
	}
}
