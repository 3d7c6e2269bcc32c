package qemu

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNoFirmware is wrapped by FindFirmware's error where the host has no UEFI firmware.
var ErrNoFirmware = errors.New("UEFI firmware for QEMU is not installed")

// Firmware is a UEFI firmware without Secure Boot, in two flash images.
type Firmware struct {
	// Code is mapped read-only.
	Code Flash
	// Vars is the template of the variable store: copy it, never write to it.
	Vars Flash
}

// Flash is the image of a flash chip. Its length is the chip's and must not change.
type Flash struct {
	Path   string
	Format string // raw or qcow2
}

// FindFirmware looks for the UEFI firmware that goes with binary: first through the descriptors that
// distributions install for it, then under the names that distributions without descriptors use.
// Where there is none the error wraps ErrNoFirmware and names the packages to install.
func FindFirmware(binary Binary) (Firmware, error) {
	sys, err := systemFor(binary.Architecture)
	if err != nil {
		return Firmware{}, err
	}
	if f, ok := described(descriptorDirs(binary), binary.Architecture); ok {
		return f, nil
	}
	for _, pair := range wellKnown[binary.Architecture] {
		f := Firmware{Code: Flash{pair[0], "raw"}, Vars: Flash{pair[1], "raw"}}
		if f.exists() {
			return f, nil
		}
	}
	return Firmware{}, fmt.Errorf("%w: install %s", ErrNoFirmware, sys.firmware)
}

func (f Firmware) exists() bool {
	for _, flash := range []Flash{f.Code, f.Vars} {
		if info, err := os.Stat(flash.Path); err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// wellKnown are pairs of code and variables, the 4 MiB ones (which newer distributions ship alone)
// before the 2 MiB ones.
var wellKnown = map[string][][2]string{
	"amd64": {
		// Debian, Ubuntu
		{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
		{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
		// Arch
		{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
		{"/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/edk2-ovmf/x64/OVMF_VARS.fd"},
		// Fedora
		{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
		// Homebrew, on Apple's and on Intel's processors; its variables serve both x86 widths
		{"/opt/homebrew/share/qemu/edk2-x86_64-code.fd", "/opt/homebrew/share/qemu/edk2-i386-vars.fd"},
		{"/usr/local/share/qemu/edk2-x86_64-code.fd", "/usr/local/share/qemu/edk2-i386-vars.fd"},
	},
	"arm64": {
		{"/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"},
		{"/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"},
		{"/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw", "/usr/share/edk2/aarch64/vars-template-pflash.raw"},
		{"/usr/share/edk2/aarch64/QEMU_CODE.fd", "/usr/share/edk2/aarch64/QEMU_VARS.fd"},
		{"/opt/homebrew/share/qemu/edk2-aarch64-code.fd", "/opt/homebrew/share/qemu/edk2-arm-vars.fd"},
		{"/usr/local/share/qemu/edk2-aarch64-code.fd", "/usr/local/share/qemu/edk2-arm-vars.fd"},
	},
}

// descriptorDirs are QEMU's, the operator's first. A QEMU outside /usr brings descriptors of its own.
func descriptorDirs(binary Binary) []string {
	var dirs []string
	if config, err := os.UserConfigDir(); err == nil {
		dirs = append(dirs, filepath.Join(config, "qemu/firmware"))
	}
	dirs = append(dirs, "/etc/qemu/firmware")
	paths := []string{binary.Path}
	// Homebrew's binary is a link into its Cellar, where the descriptors lie beside it.
	if real, err := filepath.EvalSymlinks(binary.Path); err == nil && real != binary.Path {
		paths = append(paths, real)
	}
	for _, path := range paths {
		dirs = append(dirs, filepath.Join(filepath.Dir(filepath.Dir(path)), "share/qemu/firmware"))
	}
	return append(dirs, "/usr/share/qemu/firmware")
}
