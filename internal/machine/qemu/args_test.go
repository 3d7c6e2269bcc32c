package qemu

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMachineArgs(t *testing.T) {
	if filepath.Separator != '/' {
		t.Skip("the golden files have Unix's paths")
	}
	for _, c := range []struct{ name, arch, accelerator string }{
		{"amd64-kvm", "amd64", KVM},
		{"amd64-tcg", "amd64", TCG},
		{"arm64-kvm", "arm64", KVM},
		{"arm64-hvf", "arm64", HVF},
		{"arm64-tcg", "arm64", TCG},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := Config{
				Binary:      Binary{Architecture: c.arch},
				Accelerator: Accelerator{Name: c.accelerator},
				Kernel:      "/cache/a,b.kernel", Initramfs: "/cache/a.initramfs", Work: "/work, in progress",
				Memory: 3 << 30, CPUs: 4,
			}
			// An option and its value a line.
			text := strings.ReplaceAll(strings.Join(config.args(), "\n"), "\n-", "\x00-")
			text = strings.ReplaceAll(strings.ReplaceAll(text, "\n", " "), "\x00", "\n") + "\n"
			path := filepath.Join("testdata", "args."+c.name+".txt")
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), text)
		})
	}
}

func TestAcceleratorArgs(t *testing.T) {
	assert.Equal(t, []string{"-accel", "kvm", "-cpu", "host"}, Accelerator{Name: KVM}.Args("amd64"))
	assert.Contains(t, strings.Join(Accelerator{Name: TCG}.Args("amd64"), " "), "-cx16")
	assert.NotContains(t, strings.Join(Accelerator{Name: TCG}.Args("arm64"), " "), "cx16")
}
