package bootcheck

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorded is what a real boot of Debian 12 wrote, shortened.
const recorded = "\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2)\r\nGRUB loading..\r\n" +
	"\x1b[0;30;47mWelcome to GRUB!\r\n\x1b[4;2H+----+\x1b[5;2H|   The highlighted entry will be executed automatically in 5s.  \x1b[22;1H" +
	"[    0.000000] Linux version 6.1.0-50-cloud-amd64 (gcc-12)\r\n" +
	"Welcome to \x1b[1mDebian GNU/Linux 12 (bookworm)\x1b[0m!\r\n\r\n" +
	"[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\n" +
	"\r\nDebian GNU/Linux 12 node01 ttyS0\r\n\r\nnode01 login: "

func TestConsole(t *testing.T) {
	// However the stream is cut, the same is seen.
	for _, size := range []int{1, 7, len(recorded)} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			var log bytes.Buffer
			var names []string
			met := map[event]bool{}
			c := &console{
				log:   &log,
				stage: func(name string) { names = append(names, name) },
				event: func(e event) { met[e] = true },
			}
			assert.True(t, c.silent())
			for rest := recorded; rest != ""; rest = rest[min(size, len(rest)):] {
				_, err := c.Write([]byte(rest[:min(size, len(rest))]))
				require.NoError(t, err)
			}
			assert.Equal(t, []string{"firmware", "boot loader", "kernel", "systemd", "multi-user system", "login prompt"}, names)
			assert.Contains(t, met, menuShown)
			assert.Contains(t, met, loginShown)
			assert.Equal(t, "node01 login: ", c.line(loginShown))
			assert.NotContains(t, met, panicked)
			assert.NotContains(t, met, stuck)
			assert.Equal(t, recorded, log.String())
			tail := c.tail()
			assert.Equal(t, "node01 login:", tail[len(tail)-1])
			assert.Contains(t, tail, "[  OK  ] Reached target multi-user.target - Multi-User System.")
			assert.False(t, c.silent())
		})
	}
}

func TestConsoleKeepsTheLastLines(t *testing.T) {
	c := &console{stage: func(string) {}, event: func(event) {}}
	for i := range 100 {
		fmt.Fprintf(c, "line %d\r\n\r\n", i)
	}
	fmt.Fprint(c, strings.Repeat("x", 3*lineLength))
	tail := c.tail()
	assert.Len(t, tail, keptLines)
	assert.Equal(t, "line 99", tail[keptLines-2])
}

// What the chain's links really wrote, shim in a dialog that moves the cursor.
func TestConsoleOfARefusal(t *testing.T) {
	for written, want := range map[string]string{
		"BdsDxe: failed to load Boot0001 \"UEFI Misc Device\" from PciRoot(0x0)/Pci(0x2,0x0): Access Denied\r\n": "the firmware refuses shim: BdsDxe: failed to load " +
			"Boot0001 \"UEFI Misc Device\" from PciRoot(0x0)/Pci(0x2,0x0): Access Denied",
		"\x1b[11;01H|\x1b[11;10HVerification failed: (0x1A) Security Violation\x1b[11;70H|": "shim refuses GRUB: Verification failed: (0x1A) Security Violation",
		"error: bad shim signature.\x1b[02;01H":                                             "GRUB refuses the kernel: bad shim signature",
		"BdsDxe: failed to load Boot0002 \"UEFI QEMU DVD\": Not Found\r\n":                  "",
	} {
		var met []event
		c := &console{stage: func(string) {}, event: func(e event) { met = append(met, e) }}
		_, err := c.Write([]byte(written))
		require.NoError(t, err)
		assert.Equal(t, want, refusal(c.line(refused)))
		assert.Equal(t, want != "", len(met) == 1, written)
	}
}

func FuzzConsole(f *testing.F) {
	f.Add([]byte(recorded))
	f.Add([]byte("\x1b["))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &console{stage: func(string) {}, event: func(event) {}}
		if n, err := c.Write(data); n != len(data) || err != nil {
			t.Errorf("wrote %d of %d: %v", n, len(data), err)
		}
		for _, line := range c.tail() {
			if strings.ContainsAny(line, "\x1b\n\r") {
				t.Errorf("control in %q", line)
			}
		}
	})
}
