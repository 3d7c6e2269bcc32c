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
		{"secure boot", "amd64", describe("c", "v", "raw", "x86_64", "pc-q35-*", "secure-boot"), "has feature secure-boot"},
		{"for system management mode", "amd64", describe("c", "v", "raw", "x86_64", "pc-q35-*", "requires-smm"), "has feature requires-smm"},
		{"other architecture", "arm64", describe("c", "v", "raw", "x86_64", "pc-q35-*", ""), "not for arm64"},
		{"other machine", "amd64", describe("c", "v", "raw", "x86_64", "microvm", ""), "not for amd64"},
		{"in memory", "amd64", `{"interface-types": ["uefi"], "mapping": {"device": "memory", "filename": "f"}}`, "flash"},
		{"stateless", "amd64", `{"interface-types": ["uefi"], "mapping": {"device": "flash", "mode": "stateless"}}`, "flash"},
		{"BIOS", "amd64", `{"interface-types": ["bios"]}`, "not a UEFI firmware"},
		{"no JSON", "amd64", `<`, "parse"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseDescriptor([]byte(test.text), test.arch, false)
			if test.problem != "" {
				require.ErrorContains(t, err, test.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, Firmware{Code: Flash{"c", "qcow2"}, Vars: Flash{"v", "qcow2"}}, got)
		})
	}
}

func TestParseSecureDescriptor(t *testing.T) {
	for _, test := range []struct{ name, arch, features, problem string }{
		{"Debian's", "amd64", `enrolled-keys", "requires-smm", "secure-boot`, ""},
		{"on arm64", "arm64", `secure-boot", "enrolled-keys`, ""},
		{"without keys", "amd64", `requires-smm", "secure-boot`, "lacks feature enrolled-keys"},
		{"without Secure Boot", "amd64", "verbose-dynamic", "lacks feature secure-boot"},
		{"of another architecture", "arm64", `secure-boot", "enrolled-keys`, "not for arm64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			architecture, machine := "x86_64", "pc-q35-*"
			if test.name == "on arm64" {
				architecture, machine = "aarch64", "virt-*"
			}
			text := strings.ReplaceAll(describe("c", "v", "qcow2", architecture, machine, "FEATURES"), "FEATURES", test.features)
			got, err := parseDescriptor([]byte(text), test.arch, true)
			if test.problem != "" {
				require.ErrorContains(t, err, test.problem)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, Firmware{Code: Flash{"c", "qcow2"}, Vars: Flash{"v", "qcow2"}, Secure: true}, got)
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

	got, ok := described([]string{etc, share}, "amd64", false)
	require.True(t, ok)
	assert.Equal(t, "first", filepath.Base(got.Code.Path))
	_, ok = described([]string{etc, share}, "arm64", false)
	assert.False(t, ok)
	_, ok = described([]string{etc, share}, "amd64", true)
	assert.False(t, ok)
}

func FuzzParseDescriptor(f *testing.F) {
	f.Add([]byte(describe("c", "v", "raw", "x86_64", "pc-q35-*", "")))
	f.Add([]byte(`{"mapping": null, "targets": [{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, secure := range []bool{false, true} {
			if got, err := parseDescriptor(data, "amd64", secure); err == nil && (got.Code.Format == "" || got.Secure != secure) {
				t.Errorf("%+v", got)
			}
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
	for _, arch := range []string{"amd64", "arm64"} {
		binary, err := Find(t.Context(), arch)
		require.NoError(t, err)
		secure, err := FindSecureFirmware(binary)
		require.NoError(t, err)
		assert.True(t, secure.exists())
		assert.True(t, secure.Secure)
		assert.NotEqual(t, firmware.Vars, secure.Vars)
	}

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
