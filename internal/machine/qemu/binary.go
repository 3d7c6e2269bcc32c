// Package qemu is the machine in a virtual machine. It also finds QEMU and its UEFI firmware on the host
// and tells which accelerator really runs a guest there.
//
// The toolbox's boot files, a work directory, a Binary and an Accelerator enter; a machine.Machine leaves.
// Before that the host's PATH, QEMU's firmware descriptors and a kernel to try enter, and a Binary, a
// Firmware and an Accelerator leave.
package qemu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNotFound is what Find's error is where the host has no QEMU for the architecture, or only one
// that is too old.
var ErrNotFound = errors.New("QEMU is not installed")

// Binary is a QEMU system emulator of the host.
type Binary struct {
	Path    string // absolute
	Version string // as it prints it: 7.2.22
	// Architecture is Debian's name of what it emulates: amd64, arm64.
	Architecture string
}

// system is QEMU's name for what Debian calls an architecture, and what to install for it.
type system struct {
	program  string
	packages string
	firmware string
	// secureFirmware has Microsoft's keys.
	secureFirmware string
}

var systems = map[string]system{
	"amd64": {
		program:        "qemu-system-x86_64",
		packages:       "qemu-system-x86 (Debian, Ubuntu, Arch), qemu-system-x86-core (Fedora), qemu-system-x86_64 (Alpine) or qemu (Homebrew)",
		firmware:       "ovmf (Debian, Ubuntu, Alpine), edk2-ovmf (Fedora, Arch) or qemu (Homebrew)",
		secureFirmware: "ovmf (Debian, Ubuntu), edk2-ovmf (Fedora) or qemu-ovmf-x86_64 (openSUSE)",
	},
	"arm64": {
		program:        "qemu-system-aarch64",
		packages:       "qemu-system-arm (Debian, Ubuntu), qemu-system-aarch64-core (Fedora), qemu-system-aarch64 (Arch, Alpine) or qemu (Homebrew)",
		firmware:       "qemu-efi-aarch64 (Debian, Ubuntu), edk2-aarch64 (Fedora, Arch), aavmf (Alpine) or qemu (Homebrew)",
		secureFirmware: "qemu-efi-aarch64 (Debian, Ubuntu)",
	},
}

func systemFor(arch string) (system, error) {
	s, ok := systems[arch]
	if !ok {
		return system{}, fmt.Errorf("no QEMU is known for architecture %q: amd64 and arm64 are", arch)
	}
	return s, nil
}

// versionTimeout bounds `qemu --version`, which takes milliseconds.
const versionTimeout = 20 * time.Second

// leastVersion is older than those of Debian 12 and Ubuntu 22.04, and has all that is asked for here.
const leastVersion = "6"

// tooOldError says that a QEMU cannot be used; for whoever asks for ErrNotFound there is none.
type tooOldError struct{ Binary }

func (e *tooOldError) Error() string {
	return fmt.Sprintf("QEMU %s (%s) is too old: %s or newer is needed", e.Version, e.Path, leastVersion)
}

func (e *tooOldError) Is(target error) bool { return target == ErrNotFound }

// Find looks QEMU for arch (Debian's name) up in PATH and asks for its version. Where there is none
// the error is ErrNotFound and names the packages to install.
func Find(ctx context.Context, arch string) (Binary, error) {
	sys, err := systemFor(arch)
	if err != nil {
		return Binary{}, err
	}
	path, err := exec.LookPath(sys.program)
	if err != nil {
		return Binary{}, fmt.Errorf("%w: %s is not in PATH: install %s", ErrNotFound, sys.program, sys.packages)
	}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	out, err := Command(ctx, path, "--version").Output()
	if err != nil {
		return Binary{}, fmt.Errorf("%s --version: %w", path, err)
	}
	return binary(path, arch, string(out))
}

// binary is the QEMU at path that says out when asked for its version.
func binary(path, arch, out string) (Binary, error) {
	version, err := parseVersion(out)
	if err != nil {
		return Binary{}, fmt.Errorf("%s --version: %w", path, err)
	}
	b := Binary{Path: path, Version: version, Architecture: arch}
	if slices.Compare(numbers(version), numbers(leastVersion)) < 0 {
		return Binary{}, &tooOldError{b}
	}
	return b, nil
}

// numbers are those of a version that parseVersion has read.
func numbers(version string) []int {
	var all []int
	for part := range strings.SplitSeq(version, ".") {
		// What has more digits than fit is newer than everything.
		n, err := strconv.Atoi(part)
		if err != nil {
			n = math.MaxInt
		}
		all = append(all, n)
	}
	return all
}

var versionLine = regexp.MustCompile(`(?m)^QEMU emulator version (\d+(?:\.\d+)*)`)

// parseVersion reads `QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`.
func parseVersion(out string) (string, error) {
	m := versionLine.FindStringSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("no version in %.80q", out)
	}
	return m[1], nil
}
