package plan

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGrubDefault(t *testing.T) {
	debian, ubuntu := Target{Distribution: "debian"}, Target{Distribution: "ubuntu"}
	tests := map[string]struct {
		target Target
		system System
	}{
		"plain":  {debian, System{GrubTimeout: 5, Cmdline: []string{"quiet"}}},
		"serial": {ubuntu, System{GrubTimeout: 10, Cmdline: []string{"console=tty0", "console=ttyS1,57600n8"}}},
		"arm64":  {debian, System{GrubTimeout: 5, Cmdline: []string{"console=tty0", "console=ttyAMA0,115200n8"}}},
		"options": {debian, System{
			GrubTimeout: 0, GrubSerial: []string{"speed=115200", "unit=0", "word=8", "parity=no", "stop=1"},
			Cmdline: []string{"console=ttyS0,115200n8", "amd_iommu=on"},
		}},
		"airship": {debian, System{GrubTimeout: 10, GrubSerial: []string{"speed=ttyS0,115200n8", "unit=0"}}},
		"quoting": {debian, System{Cmdline: []string{
			"memmap=64M$4G", "note=two words", `dyndbg="file a.c +p"`, "tick=`id`", "it's", `back\slash`, "a;b", "isolcpus=1-3,5", "$HOME", `say="`,
		}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			golden(t, "grub-"+name, GrubDefault(test.target, test.system))
		})
	}
}

// A shell must read back what GRUB's language is to hold.
func TestGrubDefaultInShell(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grub")
	text := GrubDefault(Target{Distribution: "debian"}, System{Cmdline: []string{"memmap=64M$4G", "a=`id`", `b="c d"`, `e\f`, "it's"}})
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	out, err := exec.Command("sh", "-euc", `. "$1"; printf %s "$GRUB_CMDLINE_LINUX_DEFAULT"`, "sh", path).Output()
	require.NoError(t, err)
	assert.Equal(t, "'memmap=64M$4G' 'a=`id`' 'b=c d' 'e\\f' 'it'\\''s'", string(out))
}
