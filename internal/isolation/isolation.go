// Package isolation decides which kind of machine a build runs in.
//
// What was asked for and what the host has enter; a kind leaves, with the reason in one line and what
// a machine of that kind is started with.
package isolation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// Auto is the wish for the best kind that this host has.
const Auto = "auto"

// Kinds of machine.
const (
	QEMU      = "qemu"
	Namespace = "namespace"
)

// Options of Choose.
type Options struct {
	// Want is Auto (or empty), QEMU or Namespace.
	Want string
	// Architecture of the machine, Debian's name.
	Architecture string
	// Accelerator is qemu.Options.Want.
	Accelerator string
	// Memory of a virtual machine, bytes; 0: what suits the host.
	Memory int64
	// Kernel, CacheDir and Log are qemu.Options'.
	Kernel   func(context.Context) (string, error)
	CacheDir string
	Log      func(format string, args ...any)
}

// Choice is the kind of machine to build in.
type Choice struct {
	Kind string
	// Reason says in one line why.
	Reason string
	// Mapping is for Namespace.
	Mapping userns.Mapping
	// Binary and Accelerator are for QEMU.
	Binary      qemu.Binary
	Accelerator qemu.Accelerator
}

// Choose decides. Auto is QEMU where a guest has shown that hardware acceleration works, else a user
// namespace, else QEMU with software emulation. A kind that is asked for and does not work here is an
// error that says why.
func Choose(ctx context.Context, o Options) (Choice, error) {
	switch o.Want {
	case "", Auto:
		o.Want = Auto
	case QEMU, Namespace:
	default:
		return Choice{}, fmt.Errorf("isolation is %q: want auto, qemu or namespace", o.Want)
	}
	h, err := look(ctx, o)
	if err != nil {
		return Choice{}, err
	}
	return h.choose(o.Want)
}

// host is what a build's host has. An error says why it does not have a thing.
type host struct {
	foreign     error // the architecture is not the host's
	namespace   error
	mapping     userns.Mapping
	qemu        error
	binary      qemu.Binary
	accelerator qemu.Accelerator
}

// look finds out what the choice depends on, and no more. An accelerator that is named has to work in
// any kind: the boot check uses it, too.
func look(ctx context.Context, o Options) (host, error) {
	var h host
	if o.Architecture != runtime.GOARCH {
		h.foreign = fmt.Errorf("%s is foreign to this %s host", o.Architecture, runtime.GOARCH)
		h.namespace = h.foreign
	}
	if o.Want != QEMU && h.foreign == nil {
		h.mapping, h.namespace = userns.Detect(ctx)
	}
	named := o.Accelerator != "" && o.Accelerator != qemu.Auto
	if o.Want == Namespace && !named {
		return h, context.Cause(ctx)
	}
	if h.binary, h.qemu = qemu.Find(ctx, o.Architecture); h.qemu == nil && o.Want != Namespace {
		h.qemu = qemu.CheckMemory(o.Memory)
	}
	if h.qemu != nil {
		return h, context.Cause(ctx)
	}
	var err error
	h.accelerator, err = qemu.Probe(ctx, qemu.Options{
		Binary: h.binary, Kernel: o.Kernel, CacheDir: o.CacheDir, Want: o.Accelerator, Log: o.Log,
	})
	if err != nil && o.Want == Auto && !named && h.namespace == nil && ctx.Err() == nil {
		// A namespace builds without what the trial lacked, such as a mirror to fetch a kernel from.
		h.qemu = fmt.Errorf("hardware acceleration could not be tried: %w", err)
		return h, nil
	}
	return h, err
}

// choose is the decision alone.
func (h host) choose(want string) (Choice, error) {
	virtual := Choice{Kind: QEMU, Binary: h.binary, Accelerator: h.accelerator, Reason: h.accelerator.Reason}
	spaces := Choice{Kind: Namespace, Mapping: h.mapping}
	switch {
	case want == Namespace && h.namespace != nil:
		return Choice{}, fmt.Errorf("isolation = %q does not work here: %w; isolation = %q or %q builds with QEMU",
			Namespace, h.namespace, QEMU, Auto)
	case want == Namespace:
		spaces.Reason = "as asked"
		return spaces, nil
	case want == QEMU && h.qemu != nil:
		return Choice{}, fmt.Errorf("isolation = %q does not work here: %w", QEMU, h.qemu)
	case want == QEMU:
		return virtual, nil
	case h.qemu == nil && h.accelerator.Hardware():
		return virtual, nil
	case h.namespace == nil && h.qemu != nil:
		spaces.Reason = h.qemu.Error()
		return spaces, nil
	case h.namespace == nil && h.accelerator.Obstacle == "":
		spaces.Reason = "a virtual machine with software emulation is slower"
		return spaces, nil
	case h.namespace == nil:
		spaces.Reason = "no hardware acceleration for a virtual machine: " + h.accelerator.Obstacle
		return spaces, nil
	case h.qemu == nil && h.foreign != nil:
		return virtual, nil
	case h.qemu == nil:
		virtual.Reason += fmt.Sprintf("; a user namespace is no choice: %v", h.namespace)
		return virtual, nil
	case h.foreign != nil:
		return Choice{}, h.qemu
	}
	return Choice{}, fmt.Errorf("this host can build neither way: %w", errors.Join(
		fmt.Errorf("in a user namespace: %w", h.namespace), fmt.Errorf("in a virtual machine: %w", h.qemu)))
}

// String is the line that a build says, behind "Building in".
func (c Choice) String() string {
	if c.Kind == Namespace {
		return fmt.Sprintf("a user namespace of this host (%s)", c.Reason)
	}
	return fmt.Sprintf("a virtual machine, QEMU %s with %s (%s)", c.Binary.Version, c.Accelerator.Name, c.Reason)
}

// Remove removes a tree of a build, also one that an earlier build in the other kind of machine left.
func (c Choice) Remove(ctx context.Context, path string) error {
	if c.Kind == Namespace {
		return c.Mapping.Remove(ctx, path)
	}
	err := os.RemoveAll(path)
	if err == nil {
		return nil
	}
	// What belongs to a namespace's users only its root can remove.
	mapping, refused := userns.Detect(ctx)
	if refused != nil {
		return err
	}
	return mapping.Remove(ctx, path)
}
