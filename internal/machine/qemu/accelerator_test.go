package qemu

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testKernel is a Linux kernel to try: AIRSHIP_TEST_KERNEL, or the host's own.
func testKernel(t *testing.T) string {
	t.Helper()
	candidates := []string{os.Getenv("AIRSHIP_TEST_KERNEL")}
	installed, err := filepath.Glob("/boot/vmlinuz-*")
	require.NoError(t, err)
	for _, kernel := range append(candidates, installed...) {
		if _, err := os.Stat(kernel); kernel != "" && err == nil {
			return kernel
		}
	}
	return ""
}

// Software emulation stands in for an accelerator that works: it takes the same way.
func TestStartGuest(t *testing.T) {
	kernel := testKernel(t)
	if kernel == "" {
		t.Log("not run: AIRSHIP_TEST_KERNEL names no kernel and the host has none in /boot")
		return
	}
	binary, err := Find(t.Context(), runtime.GOARCH)
	require.NoError(t, err)
	patient := limits{first: time.Minute, whole: 2 * time.Minute}

	t.Run("works", func(t *testing.T) {
		got, err := startGuest(t.Context(), binary, Accelerator{Name: TCG}, kernel, patient)
		require.NoError(t, err)
		assert.True(t, got.Works, got.Reason)
	})
	t.Run("gives up", func(t *testing.T) {
		began := time.Now()
		got, err := startGuest(t.Context(), binary, Accelerator{Name: TCG}, kernel, limits{first: time.Millisecond, whole: time.Minute})
		require.NoError(t, err)
		assert.False(t, got.Works)
		assert.Contains(t, got.Reason, "hangs")
		assert.Less(t, time.Since(began), 20*time.Second)
	})
	t.Run("no kernel", func(t *testing.T) {
		text := filepath.Join(t.TempDir(), "vmlinuz")
		require.NoError(t, os.WriteFile(text, []byte("no kernel"), 0o600))
		got, err := startGuest(t.Context(), binary, Accelerator{Name: TCG}, text, patient)
		require.NoError(t, err)
		assert.False(t, got.Works)
		assert.Contains(t, got.Reason, "QEMU dies")
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := startGuest(ctx, binary, Accelerator{Name: TCG}, kernel, patient)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// What the probe answers depends on the host; that it answers, in one line, and the second time
// without starting a guest, does not.
func TestProbeAnswersAndRemembers(t *testing.T) {
	kernel := testKernel(t)
	if kernel == "" {
		t.Log("not run: AIRSHIP_TEST_KERNEL names no kernel and the host has none in /boot")
		return
	}
	binary, err := Find(t.Context(), runtime.GOARCH)
	require.NoError(t, err)
	o := Options{
		Binary: binary, CacheDir: t.TempDir(),
		Kernel: func(context.Context) (string, error) { return kernel, nil },
	}
	first, err := Probe(t.Context(), o)
	require.NoError(t, err)
	t.Log(first.Name, first.Reason)
	assert.NotContains(t, first.Reason, "\n")

	began := time.Now()
	second, err := Probe(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, first, second)
	assert.Less(t, time.Since(began), time.Second)

	if first.Name == TCG {
		o.Want = accelerators[runtime.GOOS]
		_, err := Probe(t.Context(), o)
		require.Error(t, err, "an accelerator that is asked for by name has no fall back")
		assert.Contains(t, first.Reason, strings.TrimPrefix(err.Error(), "accelerator "+o.Want+": "))
	}
}

func TestProbeWithoutAGuest(t *testing.T) {
	got, err := Probe(t.Context(), Options{Want: TCG})
	require.NoError(t, err)
	assert.Equal(t, TCG, got.Name)

	got, err = Probe(t.Context(), Options{Binary: Binary{Architecture: "riscv64"}})
	require.NoError(t, err)
	assert.Equal(t, TCG, got.Name)
	assert.Contains(t, got.Reason, "foreign")

	_, err = Probe(t.Context(), Options{Want: "xen"})
	require.ErrorContains(t, err, `"xen" is unknown`)
}

func TestDeath(t *testing.T) {
	limit := limits{first: 10 * time.Second, whole: 30 * time.Second}
	for _, test := range []struct {
		name   string
		cause  error
		alive  bool
		stderr string
		want   string
	}{
		{"hangs without a word", errSilent, false, "", "a guest hangs: 10 s without a word"},
		{"hangs later", errSlow, true, "", "a guest hangs while its kernel started: gave up after 30 s"},
		{
			"dies on an MSR", nil, false,
			"qemu-system-x86_64: warning: host doesn't support requested feature\n" +
				"qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69\nqemu-system-x86_64: kvm.c:3183: Assertion failed.\n",
			"QEMU dies before its kernel said anything: failed to set MSR 0x10a to 0x69",
		},
		{"dies silently", nil, true, "", "a guest dies while its kernel started"},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, death(test.cause, test.alive, test.stderr, limit))
		})
	}
}

func TestMemory(t *testing.T) {
	dir := t.TempDir()
	k := key{Host: "a", QEMU: "7.2"}
	yes, no := answer{true, "works"}, answer{false, "does not"}

	_, ok := recall(dir, k)
	assert.False(t, ok, "nothing is known at first")
	require.NoError(t, remember(dir, k, yes))
	got, ok := recall(dir, k)
	assert.True(t, ok)
	assert.Equal(t, yes, got)
	for _, other := range []key{{Host: "b", QEMU: "7.2"}, {Host: "a", QEMU: "8.0"}, {Host: "a", QEMU: "7.2", Kernel: "1"}} {
		_, ok = recall(dir, other)
		assert.False(t, ok, "%+v is something else", other)
	}

	require.NoError(t, remember(dir, k, no))
	got, ok = recall(dir, k)
	assert.True(t, ok, "a failure is remembered too")
	assert.Equal(t, no, got)

	path, err := memoryPath(dir, k)
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	year := time.Now().UTC().Format("2006-")
	old := strings.Replace(string(data), `"time": "`+year, `"time": "1999-`, 1)
	require.NotEqual(t, string(data), old)
	require.NoError(t, os.WriteFile(path, []byte(old), 0o600))
	_, ok = recall(dir, k)
	assert.False(t, ok, "an old failure is tried again")

	require.NoError(t, os.WriteFile(path, data[:len(data)/2], 0o600))
	_, ok = recall(dir, k)
	assert.False(t, ok, "a damaged memory is none")
	require.NoError(t, remember("", k, yes), "without a cache nothing is kept")
}

func TestSignsAcrossWrites(t *testing.T) {
	met := 0
	s := &signs{signs: map[string]func(){signOfLife: func() { met++ }}}
	for _, piece := range []string{"[0.0] Linux ver", "sion 6.12\n", "Linux version 6.12\n"} {
		_, err := s.Write([]byte(piece))
		require.NoError(t, err)
	}
	assert.Equal(t, 1, met)
	assert.True(t, s.seen(signOfLife))
	assert.False(t, s.seen(signOfEnd))
}
