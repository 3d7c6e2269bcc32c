package qemu

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// Names of accelerators, as QEMU's -accel takes them, and Auto for the best that works.
const (
	Auto = "auto"
	KVM  = "kvm"  // Linux
	HVF  = "hvf"  // macOS
	WHPX = "whpx" // Windows
	TCG  = "tcg"  // software emulation, everywhere
)

// Accelerator is what runs a guest's instructions.
type Accelerator struct {
	Name string
	// Reason says in one line why it was chosen.
	Reason string
	// Obstacle says why hardware acceleration is not used; empty where it is, or was not asked for.
	Obstacle string
}

// Hardware tells whether the processor itself runs the guest.
func (a Accelerator) Hardware() bool { return a.Name != TCG && a.Name != "" }

// Args are QEMU's -accel and -cpu for a guest of arch.
func (a Accelerator) Args(arch string) []string {
	if a.Hardware() {
		return []string{"-accel", a.Name, "-cpu", "host"}
	}
	cpu := "max"
	switch arch {
	case "amd64":
		// With cx16 Debian 13's kernel panics in __kmalloc now and then (5 of 24 boots, 0 of 42 without).
		cpu = "max,-cx16"
	case "arm64":
		// The architecture's own cipher for pointer authentication takes an emulator many times as long as QEMU's.
		cpu = "max,pauth-impdef=on"
	}
	return []string{"-accel", TCG, "-cpu", cpu}
}

// Options of Probe.
type Options struct {
	Binary Binary
	// Kernel gives the path of a Linux kernel of the guest's architecture that QEMU's -kernel takes. It
	// is asked where the answer depends on one.
	Kernel func(context.Context) (string, error)
	// CacheDir keeps what probing a host told; empty: nothing is kept.
	CacheDir string
	// Want is Auto (or empty) or the name of an accelerator.
	Want string
	// Log gets a line where a guest is started, which may take half a minute; may be nil.
	Log func(format string, args ...any)
}

// Probe tells which accelerator runs a guest on this host. It does not believe that a device which
// opens works: a kernel is started, and must come as far as looking for its root file system.
// Auto falls back to TCG; any other accelerator that does not work is an error with the reason.
func Probe(ctx context.Context, o Options) (Accelerator, error) {
	hardware := accelerators[runtime.GOOS]
	switch o.Want {
	case "", Auto:
	case TCG:
		return Accelerator{Name: TCG, Reason: "software emulation, as asked"}, nil
	case KVM, HVF, WHPX:
		if o.Want != hardware {
			return Accelerator{}, fmt.Errorf("accelerator %s does not exist on %s", o.Want, runtime.GOOS)
		}
	default:
		return Accelerator{}, fmt.Errorf("accelerator %q is unknown: auto, kvm, hvf, whpx and tcg are", o.Want)
	}
	reason, err := try(ctx, o, hardware)
	if err == nil {
		return Accelerator{Name: hardware, Reason: reason}, nil
	}
	var unfit *unfitError
	switch {
	case !errors.As(err, &unfit):
		return Accelerator{}, err
	case o.Want == hardware:
		return Accelerator{}, fmt.Errorf("accelerator %s: %w (%s and %s work without it)", o.Want, err, Auto, TCG)
	}
	return Accelerator{Name: TCG, Reason: "software emulation, as " + unfit.reason, Obstacle: unfit.reason}, nil
}

// accelerators is the hardware accelerator of each operating system.
var accelerators = map[string]string{"linux": KVM, "darwin": HVF, "windows": WHPX}

// unfitError says why an accelerator cannot be used here; any other error is about the probe itself.
type unfitError struct{ reason string }

func (e *unfitError) Error() string { return e.reason }

// try gives the reason why the accelerator works, or an *unfitError. What costs nothing to look at
// is looked at each time; the started guest's answer is remembered.
func try(ctx context.Context, o Options, name string) (string, error) {
	if name == "" {
		return "", &unfitError{"no hardware acceleration is known on " + runtime.GOOS}
	}
	if o.Binary.Architecture != runtime.GOARCH {
		return "", &unfitError{fmt.Sprintf("a guest of %s is foreign to this %s host", o.Binary.Architecture, runtime.GOARCH)}
	}
	if err := openDevice(); err != nil {
		return "", err
	}
	kernel, err := o.Kernel(ctx)
	if err != nil {
		return "", fmt.Errorf("probe %s: %w", name, err)
	}
	key, err := keyOf(o, name, kernel)
	if err != nil {
		return "", err
	}
	answer, ok := recall(o.CacheDir, key)
	// Whoever names it may just have mended what was wrong.
	if !ok || !answer.Works && o.Want == name {
		if o.Log != nil {
			o.Log("starting a guest to see whether %s works on this host", name)
		}
		answer, err = startGuest(ctx, o.Binary, Accelerator{Name: name}, kernel, probeLimits)
		if err != nil {
			return "", fmt.Errorf("probe %s: %w", name, err)
		}
		if err := remember(o.CacheDir, key, answer); err != nil {
			return "", err
		}
	}
	if !answer.Works {
		return "", &unfitError{answer.Reason}
	}
	return answer.Reason, nil
}

// probeLimits are for a guest under hardware acceleration, which needs a second in all; a host under
// load gets a few more.
var probeLimits = limits{first: 10 * time.Second, whole: 30 * time.Second}
