package sops_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/sops/sopstest"
)

// The program leads a session of its own, without a terminal to ask on.
func TestNoTerminal(t *testing.T) {
	t.Setenv("GPG_TTY", "/dev/pts/0")
	encrypted := sopstest.NewKey(t).Encrypt(t, small)
	// proc(5): the sixth field is the session, the seventh its terminal.
	alone := standIn(t, `set -- $(cat /proc/$$/stat); [ "$6" = $$ ] && [ "$7" = 0 ] && [ -z "${GPG_TTY+set}" ] && echo "a: b"`)
	_, err := sops.Tool{Path: alone}.Decrypt(t.Context(), "site.yaml", encrypted)
	require.NoError(t, err)
}

// What the program started ends with it.
func TestNothingStays(t *testing.T) {
	encrypted := sopstest.NewKey(t).Encrypt(t, small)
	file := filepath.Join(t.TempDir(), "pid")
	sleeps := standIn(t, "sleep 1000 & echo $! >"+file+".new; mv "+file+".new "+file+"; wait")
	_, err := sops.Tool{Path: sleeps, Timeout: time.Second}.Decrypt(t.Context(), "site.yaml", encrypted)
	require.ErrorContains(t, err, "did not decrypt it within 1s")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	assert.Eventually(t, func() bool { return gone(pid) }, time.Minute, 10*time.Millisecond)
}

// gone says whether a process has ended; one that nobody waited for has, too.
func gone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ") || syscall.Kill(pid, 0) != nil
}
