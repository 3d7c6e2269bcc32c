package qemu

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNoFirmware is wrapped by the errors of FindFirmware and FindSecureFirmware where the host has no such UEFI
// firmware.
var ErrNoFirmware = errors.New("UEFI firmware for QEMU is not installed")

// Firmware is a UEFI firmware in two flash images.
type Firmware struct {
	// Code is mapped read-only.
	Code Flash
	// Vars is the template of the variable store: copy it, never write to it.
	Vars Flash
	// Secure Boot is on, with Microsoft's keys. On a PC the machine then needs system management mode, and its flash
	// must be written in that mode alone.
	Secure bool
}

// Flash is the image of a flash chip. Its length is the chip's and must not change.
type Flash struct {
	Path   string
	Format string // raw or qcow2
}

// FindFirmware looks for the UEFI firmware without Secure Boot that goes with binary: first through the
// descriptors that distributions install for it, then under the names that distributions without descriptors
// use. Where there is none the error wraps ErrNoFirmware and names the packages to install.
func FindFirmware(binary Binary) (Firmware, error) {
	sys, err := systemFor(binary.Architecture)
	if err != nil {
		return Firmware{}, err
	}
	if f, ok := find(binary, false, wellKnown[binary.Architecture]); ok {
		return f, nil
	}
	return Firmware{}, fmt.Errorf("%w: install %s", ErrNoFirmware, sys.firmware)
}

// FindSecureFirmware is FindFirmware for one with Secure Boot on and Microsoft's keys enrolled, as machines are
// delivered.
func FindSecureFirmware(binary Binary) (Firmware, error) {
	sys, err := systemFor(binary.Architecture)
	if err != nil {
		return Firmware{}, err
	}
	if f, ok := find(binary, true, wellKnownSecure[binary.Architecture]); ok {
		return f, nil
	}
	return Firmware{}, fmt.Errorf("%w (with Microsoft's keys, for Secure Boot): install %s", ErrNoFirmware, sys.secureFirmware)
}

func find(binary Binary, secure bool, known [][2]string) (Firmware, bool) {
	if f, ok := described(descriptorDirs(binary), binary.Architecture, secure); ok {
		return f, true
	}
	for _, pair := range known {
		f := Firmware{Code: Flash{pair[0], "raw"}, Vars: Flash{pair[1], "raw"}, Secure: secure}
		if f.exists() {
			return f, true
		}
	}
	return Firmware{}, false
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

// wellKnownSecure are those whose variables have Microsoft's keys. Arch and Homebrew have none.
var wellKnownSecure = map[string][][2]string{
	"amd64": {
		// Debian, Ubuntu
		{"/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
		{"/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
		{"/usr/share/OVMF/OVMF_CODE.ms.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"},
		// Fedora
		{"/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"},
		// openSUSE
		{"/usr/share/qemu/ovmf-x86_64-smm-ms-code.bin", "/usr/share/qemu/ovmf-x86_64-smm-ms-vars.bin"},
	},
	"arm64": {
		{"/usr/share/AAVMF/AAVMF_CODE.ms.fd", "/usr/share/AAVMF/AAVMF_VARS.ms.fd"},
		{"/usr/share/AAVMF/AAVMF_CODE.secboot.fd", "/usr/share/AAVMF/AAVMF_VARS.ms.fd"},
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
