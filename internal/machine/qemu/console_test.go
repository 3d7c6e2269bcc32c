package qemu

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadConsole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "console.log")
	assert.Empty(t, readConsole(name), "there is none yet")
	write := func(text string) { require.NoError(t, os.WriteFile(name, []byte(text), 0o600)) }

	write("\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS\r\n\r\n\x1b[01;31mred\x1b(B\r\n  tab\there \x00\n")
	assert.Equal(t, []string{"cSeaBIOS", "red", "tabhere"}, readConsole(name))

	var long strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&long, "line %d\n", i)
	}
	write(long.String() + "without an end")
	lines := readConsole(name)
	assert.Equal(t, []string{"line 9999", "without an end"}, lines[len(lines)-2:])
	assert.LessOrEqual(t, len(strings.Join(lines, "\n")), consoleTail)
}

func TestComplaint(t *testing.T) {
	for _, c := range []struct {
		console, want string
		panicked      bool
	}{
		{"", "", false},
		{"airship: there is no disk scratch\nreboot: Power down", "there is no disk scratch", false},
		{"[    1.1] Kernel panic - not syncing: VFS: Unable to mount root fs\n[    1.2] CPU: 0", "VFS: Unable to mount root fs", true},
		{"airship: earlier\nKernel panic - not syncing: sysrq triggered crash", "sysrq triggered crash", true},
		{readySign + "\n[  9.9] Out of memory: Killed process 1 (x)", "", false},
		{"the airship: is ready", "", false},
	} {
		text, panicked := complaint(strings.Split(c.console, "\n"))
		assert.Equal(t, c.want, text)
		assert.Equal(t, c.panicked, panicked)
	}
}

func TestTellingLines(t *testing.T) {
	numbered := func(from, to int, panics int) (lines []string) {
		for i := from; i < to; i++ {
			line := fmt.Sprint(i)
			if i == panics {
				line += panicSign
			}
			lines = append(lines, line)
		}
		return lines
	}
	assert.Equal(t, numbered(80, 100, -1), telling(numbered(0, 100, -1)))
	assert.Equal(t, numbered(0, 7, -1), telling(numbered(0, 7, -1)))
	assert.Equal(t, numbered(40, 60, 50), telling(numbered(0, 100, 50)))
	assert.Equal(t, numbered(0, 20, 3), telling(numbered(0, 100, 3)))
	assert.Equal(t, numbered(80, 100, 97), telling(numbered(0, 100, 97)))
}

func FuzzConsole(f *testing.F) {
	f.Add("\x1b[2J\x1b[01;31mx\r\nairship: y\n")
	f.Add("[ 1.0] Kernel panic - not syncing: \x00\n\x1b[")
	f.Add(readySign)
	name := filepath.Join(f.TempDir(), "console.log")
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		lines := readConsole(name)
		for _, line := range lines {
			assert.NotEmpty(t, line)
			assert.Equal(t, -1, strings.IndexFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }), "%q", line)
		}
		said, panicked := complaint(lines)
		if panicked {
			assert.Contains(t, strings.Join(lines, "\n"), "Kernel panic - not syncing: "+said)
		}
	})
}
