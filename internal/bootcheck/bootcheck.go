// Package bootcheck boots a finished image and asks it questions.
//
// An image, the Plan it was built from and what is expected of it enter; its answers leave, and an
// error that lists every answer that is not as expected. The image itself is never written to.
package bootcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Options of Check.
type Options struct {
	Image  string // path of the finished image
	Format string // raw or qcow2
	Plan   plan.Plan
	// Firmware to boot with. An arm64 image has UEFI alone.
	Firmware    Firmware
	Binary      qemu.Binary
	Accelerator qemu.Accelerator
	// Datasources is cloud-init's datasource_list in the image; empty: it looks for all.
	Datasources []string
	// Seeded: the image has a config drive of its own in /var/lib/cloud/seed.
	Seeded bool
	// WorkDir is an existing directory for the seed, the firmware's variables and what the guest
	// writes; nothing stays in it.
	WorkDir string
	// Timeout of one boot; 0 is DefaultTimeout, of an ISO DefaultLiveTimeout.
	Timeout time.Duration
	Expect  Expectations
	// Console gets the guest's serial console as it comes; nil: it is kept for errors alone.
	Console io.Writer
	// Turns keeps a boot that is tried again from running beside others that have the same; nil: there are none.
	Turns *sync.RWMutex
	// Progress gets a line a stage of the boot; may be nil.
	Progress func(format string, args ...any)
}

// DefaultTimeout of one boot. Without hardware acceleration one takes a minute, on a busy host
// several. A live system unpacks itself as it goes, with drivers for all machines.
const (
	DefaultTimeout     = 10 * time.Minute
	DefaultLiveTimeout = 20 * time.Minute
)

// attempts at a boot whose guest dies, as kernels under software emulation do now and then, or that had too little of a busy host.
const attempts = 2

// BootError says that the image did not come as far as answering.
type BootError struct {
	Problem string
	// Console is the last lines of the guest's serial console.
	Console []string
	// died tells a guest that ended from one that hangs.
	died bool
	// starved: an emulated guest got so little of the host's time that its own timeouts passed.
	starved bool
}

func (e *BootError) Error() string {
	if len(e.Console) == 0 {
		return e.Problem + "; its serial console stayed empty"
	}
	return e.Problem + "; the last lines of its console:\n  " + strings.Join(e.Console, "\n  ")
}

// Check boots the image, waits for its answers and judges them. The error is a *BootError where it
// did not answer, Mismatches (with the answers) where it did; both are wrapped. qemu.ErrNoFirmware is
// wrapped where the host lacks UEFI firmware.
//
// An image without cloud-init cannot be asked: Check then waits for a login prompt on its console.
func Check(ctx context.Context, o Options) (Answers, error) {
	o = withDefaults(o)
	answers, err := bootAndJudge(ctx, o)
	if err != nil {
		return answers, fmt.Errorf("boot check (%s): %w", o.Firmware, err)
	}
	return answers, nil
}

// CanWatch says why an image cannot be checked, before it is made; nil for one that can. datasources and
// seeded are those of Options.
func CanWatch(p plan.Plan, datasources []string, seeded bool) error {
	switch {
	case hasCloudInit(p):
		_, err := seedOf(p, datasources, seeded)
		return err
	case hasSerialConsole(p):
		return nil
	}
	return errors.New("the image can be neither asked nor watched: it has no cloud-init and its command line no " +
		"serial console: add cloud-init to the profile's packages, {name: console, value: \"ttyS0,115200n8\"} to its " +
		"GRUB_CMDLINE_LINUX_DEFAULT, or set verify_boot = false")
}

func withDefaults(o Options) Options {
	switch {
	case o.Timeout != 0:
	case isLive(o.Plan):
		o.Timeout = DefaultLiveTimeout
	default:
		o.Timeout = DefaultTimeout
	}
	if o.Turns == nil {
		o.Turns = new(sync.RWMutex)
	}
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	return o
}

func bootAndJudge(ctx context.Context, o Options) (Answers, error) {
	if !slices.Contains([]Firmware{BIOS, UEFI, UEFISecure}, o.Firmware) {
		return Answers{}, fmt.Errorf("firmware %q is unknown: bios, uefi and uefi-secure-boot are", o.Firmware)
	}
	if err := CanWatch(o.Plan, o.Datasources, o.Seeded); err != nil {
		return Answers{}, err
	}
	var seed []byte
	if hasCloudInit(o.Plan) {
		var err error
		if seed, err = seedFor(o); err != nil {
			return Answers{}, err
		}
	}
	for attempt := 1; ; attempt++ {
		answers, err := bootInTurn(ctx, o, seed, attempt)
		var boot *BootError
		if errors.As(err, &boot) && (boot.died || boot.starved) && attempt < attempts && ctx.Err() == nil {
			o.Progress("%s: %s; once more", o.Firmware, boot.Problem)
			continue
		}
		if err != nil {
			return answers, err
		}
		return answers, judge(o, answers)
	}
}

func seedFor(o Options) ([]byte, error) {
	kind, err := seedOf(o.Plan, o.Datasources, o.Seeded)
	if err != nil {
		return nil, err
	}
	return seedImage(kind, questionsFor(o))
}

// judge adds the firmware to what is expected: the guest must know it as the check does.
func judge(o Options, answers Answers) error {
	err := Judge(o.Expect, answers)
	if answers.Asked {
		var m Mismatches
		errors.As(err, &m)
		if kind := string(o.Firmware.kind()); answers.Firmware != kind {
			m.add("firmware: started with %s, the node says %s", kind, orNothing(answers.Firmware))
		}
		if o.Firmware == UEFISecure && answers.SecureBoot != "on" {
			m.add("Secure Boot: the firmware has it on, the node says %s", orNothing(answers.SecureBoot))
		}
		err = m.orNil()
	}
	if err != nil {
		return fmt.Errorf("the image is not what was asked for:\n%w", err)
	}
	return nil
}

// bootInTurn boots the image beside others the first time, and alone after that.
func bootInTurn(ctx context.Context, o Options, seed []byte, attempt int) (Answers, error) {
	if attempt == 1 {
		o.Turns.RLock()
		defer o.Turns.RUnlock()
	} else {
		o.Turns.Lock()
		defer o.Turns.Unlock()
	}
	return bootOnce(ctx, o, seed)
}

// bootOnce boots the image in a directory of its own.
func bootOnce(ctx context.Context, o Options, seed []byte) (Answers, error) {
	dir, err := os.MkdirTemp(o.WorkDir, "bootcheck-*")
	if err != nil {
		return Answers{}, err
	}
	defer os.RemoveAll(dir)
	g, err := newGuest(o, dir, seed)
	if err != nil {
		return Answers{}, err
	}
	return g.boot(ctx)
}

func hasCloudInit(p plan.Plan) bool { return p.RootFS.Has("cloud-init") }

func hasSerialConsole(p plan.Plan) bool {
	return slices.ContainsFunc(p.System.Cmdline, func(argument string) bool {
		return strings.HasPrefix(argument, "console=ttyS0") || strings.HasPrefix(argument, "console=ttyAMA0")
	})
}
