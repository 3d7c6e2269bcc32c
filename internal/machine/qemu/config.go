package qemu

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Config says what a machine is made of.
type Config struct {
	Binary      Binary
	Accelerator Accelerator
	// Kernel and Initramfs are the toolbox's boot files, of Binary's architecture.
	Kernel, Initramfs string
	// Work is an existing directory of this machine alone, which only this user may enter. The machine's
	// disks lie in it, the finished one too, and stay when it is closed.
	Work string
	// Memory in bytes; 0: as much as the host can spare, see DefaultMemory.
	Memory int64
	// CPUs is the number of processors; 0: the host's.
	CPUs int
	// Scratch is the size of the disk for Scratch and Target, bytes; 0: 64 GiB. It takes room as it is
	// written to.
	Scratch int64
	// Proxies are NAME=VALUE pairs (http_proxy, https_proxy, no_proxy) for everything inside. One on
	// the host's loopback interface is reached from inside, too.
	Proxies []string
	// CABundle holds certificate authorities in PEM that the machine and an open target trust besides
	// their own; may be empty.
	CABundle []byte
	// Log gets a line where something out of the ordinary was mended; may be nil.
	Log func(format string, args ...any)

	// patience is the accelerator's, but for tests.
	patience patience
}

// patience is how long one waits for a machine.
type patience struct {
	start   time.Duration // until it is ready
	pulse   time.Duration // between two questions whether it is still there
	silence time.Duration // for the answer
}

const (
	mib = 1 << 20
	// defaultScratch in bytes; more than the largest image takes while it is built.
	defaultScratch = 64 << 30
	// leastMemory is what is needed besides the toolbox's files, bytes.
	leastMemory = 512 * mib
)

// withDefaults fills in what is not said and refuses what cannot work. The host has that many bytes of
// memory available; 0: it does not tell.
func (c Config) withDefaults(available int64) (Config, error) {
	toolbox, err := os.Stat(c.Initramfs)
	if err != nil {
		return c, fmt.Errorf("the toolbox: %w", err)
	}
	// The kernel gives an initramfs half of the memory, and while it unpacks has it twice.
	if c.Memory, err = memoryFor(c.Memory, max(2*toolbox.Size()+leastMemory, LeastMemory), available); err != nil {
		return c, err
	}
	if c.CPUs < 0 {
		return c, fmt.Errorf("cpus is %d: want a number of processors", c.CPUs)
	}
	if c.CPUs == 0 {
		c.CPUs = min(runtime.NumCPU(), maxCPUs)
	}
	if c.Scratch < 0 {
		return c, fmt.Errorf("the scratch disk has %d bytes", c.Scratch)
	}
	if c.Scratch == 0 {
		c.Scratch = defaultScratch
	}
	if c.patience == (patience{}) {
		c.patience = patienceWith(c.Accelerator)
	}
	if c.Log == nil {
		c.Log = func(string, ...any) {}
	}
	info, err := os.Stat(c.Work)
	if err != nil {
		return c, err
	}
	if !info.IsDir() {
		return c, errors.New(c.Work + " is no directory")
	}
	c.Work, err = filepath.Abs(c.Work)
	return c, err
}

// LeastMemory of a machine, bytes.
const LeastMemory = 1 << 30

// CheckMemory refuses what Start would: a size in bytes (0: the default) that is too small, or that this
// host does not have available.
func CheckMemory(memory int64) error {
	_, err := memoryFor(memory, LeastMemory, availableMemory())
	return err
}

// memoryFor is the memory of a machine that needs so much at least, on a host that has so much available.
func memoryFor(memory, least, available int64) (int64, error) {
	switch {
	case memory == 0:
		if memory = DefaultMemory(available); memory < least {
			return 0, fmt.Errorf("this host has %d MiB of memory available and a virtual machine needs at least %d",
				available/mib, least/mib)
		}
	case memory < least:
		return 0, fmt.Errorf("memory is %d MiB: a virtual machine needs at least %d", memory/mib, least/mib)
	case available > 0 && memory > available:
		return 0, fmt.Errorf("memory is %d MiB: this host has only %d available", memory/mib, available/mib)
	}
	return memory, nil
}

// maxCPUs is the default's limit: a build gains nothing from more.
const maxCPUs = 8

// DefaultMemory of a machine, bytes, where the host has so much available: a quarter, so that builds
// side by side find room, but no less than what lets a usual root filesystem stay in memory, and no
// more than what only the largest would use. 0 available means that the host does not tell.
func DefaultMemory(available int64) int64 {
	const usual, most = 3 << 30, 8 << 30
	if available == 0 {
		return usual
	}
	return max(min(available/4, most), min(usual, available*3/4))
}

// patienceWith an accelerator. Under software emulation a machine takes some ten seconds to be ready on a
// quiet host.
func patienceWith(a Accelerator) patience {
	if a.Hardware() {
		return patience{start: time.Minute, pulse: 10 * time.Second, silence: time.Minute}
	}
	return patience{start: 5 * time.Minute, pulse: 20 * time.Second, silence: 4 * time.Minute}
}
