package qemu

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBinaryVersion(t *testing.T) {
	for _, c := range []struct{ out, version, err string }{
		{"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright (c) 2003-2022", "7.2.22", ""},
		{"QEMU emulator version 6.0.0 (Debian 1:6.0+dfsg-4)\n", "6.0.0", ""},
		{"QEMU emulator version 10.0.2\n", "10.0.2", ""},
		{"QEMU emulator version 9.1.50 (v9.1.0-1-gdeadbeef)\n", "9.1.50", ""},
		{"warning: something\nQEMU emulator version 6\n", "6", ""},
		{"QEMU emulator version 99999999999999999999.1\n", "99999999999999999999.1", ""},
		{"QEMU emulator version 5.2.0\n", "", "QEMU 5.2.0 (/bin/q) is too old: 6 or newer is needed"},
		{"QEMU emulator version 4.2.1 (Debian 1:4.2-3ubuntu6.30)\n", "", "QEMU 4.2.1 (/bin/q) is too old: 6 or newer is needed"},
		{"", "", `/bin/q --version: no version in ""`},
		{"busybox 1.36", "", `/bin/q --version: no version in "busybox 1.36"`},
	} {
		got, err := binary("/bin/q", "arm64", c.out)
		if c.err != "" {
			require.EqualError(t, err, c.err)
			continue
		}
		require.NoError(t, err, c.out)
		assert.Equal(t, Binary{Path: "/bin/q", Version: c.version, Architecture: "arm64"}, got)
	}
	_, err := binary("/bin/q", "amd64", "QEMU emulator version 2.12.0")
	require.ErrorIs(t, err, ErrNotFound, "for whoever can do without")
	_, err = binary("/bin/q", "amd64", "something else")
	require.NotErrorIs(t, err, ErrNotFound)
	assert.Equal(t, []int{math.MaxInt, 1}, numbers("99999999999999999999.1"))
}

func TestFindWithoutQEMU(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for arch, want := range map[string]string{
		"amd64": "qemu-system-x86_64 is not in PATH: install qemu-system-x86 (Debian,",
		"arm64": "qemu-system-aarch64 is not in PATH: install qemu-system-arm (Debian,",
	} {
		_, err := Find(t.Context(), arch)
		require.ErrorIs(t, err, ErrNotFound)
		require.ErrorContains(t, err, want)
	}
	_, err := Find(t.Context(), "riscv64")
	require.ErrorContains(t, err, `no QEMU is known for architecture "riscv64"`)
}
