package isolation

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

func TestMain(m *testing.M) {
	userns.Main(nil)
	os.Exit(m.Run())
}

// Hosts that this machine is not are values here.
func TestChoose(t *testing.T) {
	hardware := qemu.Accelerator{Name: qemu.KVM, Reason: "a guest started under kvm in 0.9 s"}
	software := qemu.Accelerator{Name: qemu.TCG, Reason: "software emulation, as the host has no /dev/kvm", Obstacle: "the host has no /dev/kvm"}
	asked := qemu.Accelerator{Name: qemu.TCG, Reason: "software emulation, as asked"}
	binary := qemu.Binary{Version: "9.2.0", Architecture: "amd64"}
	forbidden, missing := errors.New("user namespaces are off"), errors.New("QEMU is not installed")
	foreign := errors.New("arm64 is foreign to this amd64 host")

	for name, c := range map[string]struct {
		host host
		want string
		says string // the line, or the error
		fail bool
	}{
		"auto with hardware": {
			host: host{binary: binary, accelerator: hardware}, want: Auto,
			says: "a virtual machine, QEMU 9.2.0 with kvm (a guest started under kvm in 0.9 s)",
		},
		"auto without hardware": {
			host: host{binary: binary, accelerator: software}, want: Auto,
			says: "a user namespace of this host (no hardware acceleration for a virtual machine: " +
				"the host has no /dev/kvm)",
		},
		"auto with software emulation asked for": {
			host: host{binary: binary, accelerator: asked}, want: Auto,
			says: "a user namespace of this host (a virtual machine with software emulation is slower)",
		},
		"auto without QEMU": {
			host: host{qemu: missing}, want: Auto,
			says: "a user namespace of this host (QEMU is not installed)",
		},
		"auto without namespaces": {
			host: host{binary: binary, accelerator: software, namespace: forbidden}, want: Auto,
			says: "a virtual machine, QEMU 9.2.0 with tcg (software emulation, as the host has no /dev/kvm; " +
				"a user namespace is no choice: user namespaces are off)",
		},
		"auto with neither": {
			host: host{qemu: missing, namespace: forbidden}, want: Auto, fail: true,
			says: "this host can build neither way: in a user namespace: user namespaces are off\n" +
				"in a virtual machine: QEMU is not installed",
		},
		"auto for another architecture": {
			host: host{binary: binary, accelerator: software, foreign: foreign, namespace: foreign}, want: Auto,
			says: "a virtual machine, QEMU 9.2.0 with tcg (software emulation, as the host has no /dev/kvm)",
		},
		"auto for another architecture without its QEMU": {
			host: host{qemu: missing, foreign: foreign, namespace: foreign}, want: Auto, fail: true, says: "QEMU is not installed",
		},
		"namespace": {
			host: host{}, want: Namespace, says: "a user namespace of this host (as asked)",
		},
		"namespace, forbidden": {
			host: host{namespace: forbidden}, want: Namespace, fail: true,
			says: `isolation = "namespace" does not work here: user namespaces are off; isolation = "qemu" or "auto" builds with QEMU`,
		},
		"qemu without hardware": {
			host: host{binary: binary, accelerator: software}, want: QEMU,
			says: "a virtual machine, QEMU 9.2.0 with tcg (software emulation, as the host has no /dev/kvm)",
		},
		"qemu, missing": {
			host: host{qemu: missing}, want: QEMU, fail: true, says: `isolation = "qemu" does not work here: QEMU is not installed`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.host.choose(c.want)
			if c.fail {
				require.EqualError(t, err, c.says)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.says, got.String())
			assert.Equal(t, got.Kind == QEMU, got.Binary != qemu.Binary{})
		})
	}
}

// This machine, really asked.
func TestChooseHere(t *testing.T) {
	noKernel := func(context.Context) (string, error) { return "", errors.New("no kernel is needed") }
	o := Options{Want: QEMU, Architecture: runtime.GOARCH, Accelerator: qemu.TCG, Kernel: noKernel}
	c, err := Choose(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, QEMU, c.Kind)
	assert.NotEmpty(t, c.Binary.Version)

	o.Want = Namespace
	c, err = Choose(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, Namespace, c.Kind)

	o.Memory = 1 << 20
	_, err = Choose(t.Context(), Options{Want: QEMU, Architecture: runtime.GOARCH, Accelerator: qemu.TCG, Memory: 1 << 20})
	require.ErrorContains(t, err, "memory is 1 MiB: a virtual machine needs at least 1024")
	o.Want = Auto
	c, err = Choose(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, Namespace, c.Kind, "a namespace needs no such memory")

	o.Want, o.Architecture = Namespace, "s390x"
	_, err = Choose(t.Context(), o)
	require.ErrorContains(t, err, "s390x is foreign to this")

	_, err = Choose(t.Context(), Options{Want: "chroot"})
	require.ErrorContains(t, err, `isolation is "chroot": want auto, qemu or namespace`)

	t.Setenv("PATH", t.TempDir())
	_, err = Choose(t.Context(), Options{Want: QEMU, Architecture: runtime.GOARCH, Kernel: noKernel})
	require.ErrorIs(t, err, qemu.ErrNotFound)
}

func TestRemove(t *testing.T) {
	for _, kind := range []string{Namespace, QEMU} {
		dir := filepath.Join(t.TempDir(), "build")
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "machine"), 0o700))
		c := Choice{Kind: kind}
		if kind == Namespace {
			var err error
			c.Mapping, err = userns.Detect(t.Context())
			require.NoError(t, err)
		}
		require.NoError(t, c.Remove(t.Context(), dir))
		assert.NoDirExists(t, dir)
	}
}
