package isolation

import (
	"context"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/machine/namespace"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
)

// Tools are the toolbox in the shape that a kind of machine takes.
type Tools struct {
	Pin toolbox.Pin
	// Digest is the toolbox's, whatever the shape.
	Digest string

	tree string       // of a namespace
	boot toolbox.Boot // of a virtual machine
}

// Tools makes sure that they are there. Owner and Inside of the options are the choice's.
func (c Choice) Tools(ctx context.Context, o toolbox.Options) (Tools, error) {
	if c.Kind == QEMU {
		boot, err := toolbox.EnsureBoot(ctx, o)
		return Tools{Pin: boot.Pin, Digest: boot.Digest, boot: boot}, err
	}
	o.Owner, o.Inside = toolbox.Mapped(c.Mapping)
	made, err := toolbox.Ensure(ctx, o)
	return Tools{Pin: made.Pin, Digest: made.Digest, tree: made.Dir}, err
}

// Config says what a machine of either kind is started with.
type Config struct {
	Tools Tools
	// Work is an existing directory of this machine alone.
	Work string
	// Memory in bytes and CPUs are a virtual machine's; 0: what suits the host.
	Memory int64
	CPUs   int
	// Proxies are NAME=VALUE pairs, CABundle is PEM: those of both kinds.
	Proxies  []string
	CABundle []byte
	// Log gets a line where something out of the ordinary was mended; may be nil.
	Log func(format string, args ...any)
}

// Start makes a machine of the chosen kind. The caller closes it.
func (c Choice) Start(ctx context.Context, config Config) (machine.Machine, error) {
	if c.Kind == QEMU {
		m, err := qemu.Start(ctx, qemu.Config{
			Binary: c.Binary, Accelerator: c.Accelerator,
			Kernel: config.Tools.boot.Kernel, Initramfs: config.Tools.boot.Initramfs, Work: config.Work,
			Memory: config.Memory, CPUs: config.CPUs,
			Proxies: config.Proxies, CABundle: config.CABundle, Log: config.Log,
		})
		if err != nil {
			return nil, err // a nil *Machine would be no nil interface
		}
		return m, nil
	}
	m, err := namespace.Start(ctx, namespace.Config{
		Toolbox: config.Tools.tree, Work: config.Work, Mapping: c.Mapping,
		Proxies: config.Proxies, CABundle: config.CABundle,
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}
