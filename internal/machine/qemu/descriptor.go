package qemu

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// descriptor is what is read of a firmware descriptor: docs/interop/firmware.json in QEMU's source.
type descriptor struct {
	InterfaceTypes []string `json:"interface-types"`
	Mapping        struct {
		Device string `json:"device"`
		// Mode is absent before QEMU 7.0, which means split.
		Mode       string          `json:"mode"`
		Executable descriptorFlash `json:"executable"`
		NVRAM      descriptorFlash `json:"nvram-template"`
	} `json:"mapping"`
	Targets []struct {
		Architecture string   `json:"architecture"`
		Machines     []string `json:"machines"`
	} `json:"targets"`
	Features []string `json:"features"`
}

type descriptorFlash struct {
	Filename string `json:"filename"`
	Format   string `json:"format"`
}

// secureFeatures are those of firmware with Secure Boot on. On a PC QEMU emulates no other kind than one that
// needs system management mode.
var secureFeatures = []string{"secure-boot", "enrolled-keys"}

// described is the first firmware, in the order of QEMU's specification, that suits arch: by file
// name over all directories, and of two files with one name that in the earlier directory alone (an
// empty one hides the other). A file that cannot be read or parsed is passed over: it is not ours.
func described(dirs []string, arch string, secure bool) (Firmware, bool) {
	files := map[string]string{} // base name → path
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil {
			continue
		}
		for _, path := range paths {
			if _, seen := files[filepath.Base(path)]; !seen {
				files[filepath.Base(path)] = path
			}
		}
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		data, err := os.ReadFile(files[name])
		if err != nil {
			continue
		}
		if f, err := parseDescriptor(data, arch, secure); err == nil && f.exists() {
			return f, true
		}
	}
	return Firmware{}, false
}

// parseDescriptor reads one descriptor; the error says why it does not suit arch, or has Secure Boot or not.
func parseDescriptor(data []byte, arch string, secure bool) (Firmware, error) {
	var d descriptor
	if err := json.Unmarshal(data, &d); err != nil {
		return Firmware{}, fmt.Errorf("parse: %w", err)
	}
	if !slices.Contains(d.InterfaceTypes, "uefi") {
		return Firmware{}, fmt.Errorf("not a UEFI firmware")
	}
	if d.Mapping.Device != "flash" || (d.Mapping.Mode != "" && d.Mapping.Mode != "split") {
		return Firmware{}, fmt.Errorf("not in two flash images")
	}
	if err := d.secured(secure); err != nil {
		return Firmware{}, err
	}
	if !d.targets(arch) {
		return Firmware{}, fmt.Errorf("not for %s", arch)
	}
	return Firmware{Code: d.Mapping.Executable.flash(), Vars: d.Mapping.NVRAM.flash(), Secure: secure}, nil
}

// secured says why the firmware is not one that has Secure Boot on, or has nothing of it.
func (d descriptor) secured(secure bool) error {
	if secure {
		for _, wanted := range secureFeatures {
			if !slices.Contains(d.Features, wanted) {
				return fmt.Errorf("lacks feature %s", wanted)
			}
		}
		return nil
	}
	for _, unwanted := range append([]string{"requires-smm"}, secureFeatures...) {
		if slices.Contains(d.Features, unwanted) {
			return fmt.Errorf("has feature %s", unwanted)
		}
	}
	return nil
}

func (f descriptorFlash) flash() Flash {
	if f.Format == "" {
		f.Format = "raw"
	}
	return Flash{Path: f.Filename, Format: f.Format}
}

// targets tells whether the firmware runs on the machine that we start for arch: q35 or virt.
func (d descriptor) targets(arch string) bool {
	name, machine := "x86_64", "pc-q35-"
	if arch == "arm64" {
		name, machine = "aarch64", "virt-"
	}
	for _, target := range d.Targets {
		if target.Architecture != name {
			continue
		}
		// Machines are patterns such as pc-q35-*.
		if slices.ContainsFunc(target.Machines, func(m string) bool { return strings.HasPrefix(m, machine) }) {
			return true
		}
	}
	return false
}
