package qemu

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Files of a machine in its work directory.
const (
	seedFile    = "seed.tar"
	scratchFile = "scratch.raw"
	diskFile    = "disk.raw"
	consoleFile = "console.log"
	keyFile     = "key"
)

// Names that disks have inside as serial numbers, and here as devices. /init looks for the seed.
const (
	seedDisk    = "seed"
	scratchDisk = "scratch"
	outputDisk  = "disk"
)

// args is QEMU's command line: the toolbox's kernel and files, three disks, a network behind the
// host's, the console in a file and QMP on standard input and output.
func (c Config) args() []string {
	arch := c.Binary.Architecture
	args := []string{
		"-name", "airship", "-nodefaults", "-no-user-config", "-display", "none",
		// A kernel that panics resets the machine, which ends it.
		"-no-reboot",
		"-machine", board(arch, c.Accelerator),
		"-m", fmt.Sprintf("%dM", c.Memory/mib), "-smp", fmt.Sprint(c.CPUs),
		"-kernel", c.Kernel, "-initrd", c.Initramfs, "-append", c.commandLine(),
		"-chardev", "stdio,id=qmp,signal=off", "-mon", "chardev=qmp,mode=control",
		"-chardev", "file,id=console,path=" + Escape(c.path(consoleFile)), "-serial", "chardev:console",
		"-device", "virtio-rng-pci",
		"-netdev", "user,id=net,ipv6=off" + forward(machine.Toolbox) + forward(machine.TargetDoor),
		"-device", "virtio-net-pci,netdev=net,romfile=",
	}
	args = append(args, c.Accelerator.Args(arch)...)
	args = append(args, c.disk(seedDisk, seedFile, "readonly=on")...)
	args = append(args, c.disk(scratchDisk, scratchFile, "cache=unsafe,discard=unmap")...)
	args = append(args, c.disk(outputDisk, diskFile, "cache=unsafe,discard=unmap")...)
	// The last device's: what makes file systems asks a disk for them, and a file has none.
	args[len(args)-1] += ",logical_block_size=512,physical_block_size=512"
	return args
}

// board is QEMU's -machine for a guest of arch (Debian's name).
func board(arch string, a Accelerator) string {
	switch {
	case arch != "arm64":
		return "q35"
	case a.Name == KVM:
		// Without it QEMU wants an interrupt controller that newer hosts cannot give.
		return "virt,gic-version=host"
	}
	return "virt"
}

// Console is the kernel's name of the first serial port of a guest of arch.
func Console(arch string) string {
	if arch == "arm64" {
		return "ttyAMA0"
	}
	return "ttyS0"
}

// commandLine is the kernel's. Everything inside is the same root's, for minutes: what protects
// processes from each other only costs time.
func (c Config) commandLine() string {
	line := "console=" + Console(c.Binary.Architecture) + " panic=-1 quiet mitigations=off init_on_alloc=0 audit=0 apparmor=0"
	if !c.Accelerator.Hardware() {
		// QEMU before version 8 keeps translated code by its virtual address, so that with randomised
		// addresses each start of a program is translated anew: a fork and exec takes 21 ms instead of 6.
		line += " norandmaps"
		if c.Binary.Architecture == "amd64" {
			// On a busy host emulated timers are late, and the kernel panics over it.
			line += " no_timer_check"
		}
	}
	return line
}

// forward leads a free port of the host's loopback interface to a door.
func forward(d machine.Door) string {
	return fmt.Sprintf(",hostfwd=tcp:127.0.0.1:0-%s:%d", address, doorPorts[d])
}

func (c Config) disk(name, file, how string) []string {
	return []string{
		"-drive", fmt.Sprintf("if=none,id=%s,format=raw,file=%s,%s", name, Escape(c.path(file)), how),
		"-device", fmt.Sprintf("virtio-blk-pci,drive=%s,serial=%s", name, name),
	}
}

func (c Config) path(file string) string { return filepath.Join(c.Work, file) }

// Escape keeps a path's commas from ending an option of QEMU's.
func Escape(path string) string { return strings.ReplaceAll(path, ",", ",,") }
