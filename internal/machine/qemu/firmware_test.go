package qemu

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// describe is a descriptor as Debian's ovmf has them.
func describe(code, vars, format, architecture, machine, feature string) string {
	return fmt.Sprintf(`{"interface-types": ["uefi"], "mapping": {"device": "flash",
		"executable": {"filename": %q, "format": %[3]q}, "nvram-template": {"filename": %[2]q, "format": %[3]q}},
		"targets": [{"architecture": %[4]q, "machines": [%[5]q]}], "features": ["acpi-s3", %[6]q]}`,
		code, vars, format, architecture, machine, feature)
}

func TestParseDescriptor(t *testing.T) {
	for _, test := range []struct {
		name, arch, text, problem string
	}{
		{"good", "amd64", describe("c", "v", "qcow2", "x86_64", "pc-q35-*", "verbose-dynamic"), ""},
		{"good on arm64", "arm64", describe("c", "v", "qcow2", "aarch64", "virt-*", ""), ""},
		{"secure boot", "amd64", describe("c", "v", "raw", "x86_64", "pc-q35-*", "secure-boot"), "feature secure-boot"},
		{"other architecture", "arm64", describe("c", "v", "raw", "x86_64", "pc-q35-*", ""), "not for arm64"},
		{"other machine", "amd64", describe("c", "v", "raw", "x86_64", "microvm", ""), "not for amd64"},
		{"in memory", "amd64", `{"interface-types": ["uefi"], "mapping": {"device": "memory", "filename": "f"}}`, "flash"},
		{"stateless", "amd64", `{"interface-types": ["uefi"], "mapping": {"device": "flash", "mode": "stateless"}}`, "flash"},
		{"BIOS", "amd64", `{"interface-types": ["bios"]}`, "not a UEFI firmware"},
		{"no JSON", "amd64", `<`, "parse"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseDescriptor([]byte(test.text), test.arch)
			if test.problem != "" {
				require.ErrorContains(t, err, test.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, Firmware{Code: Flash{"c", "qcow2"}, Vars: Flash{"v", "qcow2"}}, got)
		})
	}
}

func TestDescribedOrder(t *testing.T) {
	etc, share, files := t.TempDir(), t.TempDir(), t.TempDir()
	flash := func(name string) string {
		path := filepath.Join(files, name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		return path
	}
	good := func(name string) string {
		return describe(flash(name), flash(name+".vars"), "raw", "x86_64", "pc-q35-*", "")
	}
	write := func(dir, name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write(share, "40-missing.json", describe("/no/such/code", "/no/such/vars", "raw", "x86_64", "pc-q35-*", ""))
	write(share, "50-hidden.json", good("hidden"))
	write(etc, "50-hidden.json", "") // the specification's way to hide one
	write(share, "60-first.json", good("first"))
	write(etc, "70-second.json", good("second"))

	got, ok := described([]string{etc, share}, "amd64")
	require.True(t, ok)
	assert.Equal(t, "first", filepath.Base(got.Code.Path))
	_, ok = described([]string{etc, share}, "arm64")
	assert.False(t, ok)
}

func FuzzParseDescriptor(f *testing.F) {
	f.Add([]byte(describe("c", "v", "raw", "x86_64", "pc-q35-*", "")))
	f.Add([]byte(`{"mapping": null, "targets": [{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := parseDescriptor(data, "amd64"); err == nil && got.Code.Format == "" {
			t.Error("a firmware without a format")
		}
	})
}

// The host that runs the tests has QEMU and OVMF: make demo installs them.
func TestFind(t *testing.T) {
	binary, err := Find(t.Context(), "amd64")
	require.NoError(t, err)
	assert.Regexp(t, `^\d+\.\d+`, binary.Version)
	firmware, err := FindFirmware(binary)
	require.NoError(t, err)
	assert.True(t, firmware.exists())

	t.Setenv("PATH", t.TempDir())
	_, err = Find(t.Context(), "amd64")
	require.ErrorIs(t, err, ErrNotFound)
	assert.ErrorContains(t, err, "install qemu-system-x86 (Debian")
	_, err = Find(t.Context(), "s390x")
	require.ErrorContains(t, err, "amd64 and arm64 are")
}

func TestParseVersion(t *testing.T) {
	got, err := parseVersion("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright (c) 2003-2022\n")
	require.NoError(t, err)
	assert.Equal(t, "7.2.22", got)
	_, err = parseVersion("busybox")
	require.Error(t, err)
}

func FuzzParseVersion(f *testing.F) {
	f.Add("QEMU emulator version 10.0.2")
	f.Fuzz(func(t *testing.T, out string) {
		if version, err := parseVersion(out); err == nil && version == "" {
			t.Error("an empty version")
		}
	})
}
