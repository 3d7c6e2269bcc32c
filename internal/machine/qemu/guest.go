package qemu

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// limits of a guest's start: until the first sign of its kernel, and until it is through.
type limits struct{ first, whole time.Duration }

// answer is what a started guest told about an accelerator.
type answer struct {
	Works  bool   `json:"works"`
	Reason string `json:"reason"`
}

// The signs on the serial console: of a kernel that runs at all, and of one that has initialised
// everything and only misses the root file system that it was not given.
const (
	signOfLife = "Linux version "
	signOfEnd  = "Unable to mount root fs"
)

var (
	errThrough = errors.New("the guest is through")
	errSilent  = errors.New("silent")
	errSlow    = errors.New("slow")
)

// startGuest boots kernel with nothing else under the accelerator. A guest that fails is an answer;
// an error means that no guest could be started at all or that ctx ended.
func startGuest(ctx context.Context, binary Binary, accelerator Accelerator, kernel string, limit limits) (answer, error) {
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(limit.first, func() { cancel(errSilent) })
	defer silent.Stop()
	slow := time.AfterFunc(limit.whole, func() { cancel(errSlow) })
	defer slow.Stop()

	console := &signs{signs: map[string]func(){
		signOfLife: func() { silent.Stop() },
		signOfEnd:  func() { cancel(errThrough) },
	}}
	var stderr bytes.Buffer
	cmd := Command(run, binary.Path, probeArgs(binary, accelerator, kernel)...)
	cmd.Stdout, cmd.Stderr = console, &stderr
	began := time.Now()
	err := Run(cmd)
	took := time.Since(began)

	if ctx.Err() != nil {
		return answer{}, context.Cause(ctx)
	}
	var exit *exec.ExitError
	if err != nil && run.Err() == nil && !errors.As(err, &exit) {
		return answer{}, err
	}
	// A guest that panics at the missing root may take QEMU down before the sign is read as such.
	if console.seen(signOfEnd) {
		return answer{true, fmt.Sprintf("a guest started under %s in %.1f s", accelerator.Name, took.Seconds())}, nil
	}
	what := accelerator.Name
	if what == KVM {
		what = "/dev/kvm"
	}
	return answer{false, what + " opens, but " + death(context.Cause(run), console.seen(signOfLife), stderr.String(), limit)}, nil
}

// probeArgs is a guest with a processor, memory and a serial port. Without a root file system its
// kernel panics; panic=-1 makes that a reboot and -no-reboot an exit.
func probeArgs(binary Binary, accelerator Accelerator, kernel string) []string {
	arch := binary.Architecture
	args := []string{
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-machine", board(arch, accelerator), "-m", "256",
		"-kernel", kernel, "-append", "console=" + Console(arch) + " panic=-1",
		"-serial", "stdio",
	}
	return append(args, accelerator.Args(arch)...)
}

// death says in one line what became of a guest that did not get through.
func death(cause error, alive bool, stderr string, limit limits) string {
	where := "before its kernel said anything"
	if alive {
		where = "while its kernel started"
	}
	switch {
	case errors.Is(cause, errSilent):
		return fmt.Sprintf("a guest hangs: %.0f s without a word", limit.first.Seconds())
	case errors.Is(cause, errSlow):
		return fmt.Sprintf("a guest hangs %s: gave up after %.0f s", where, limit.whole.Seconds())
	}
	if line := firstComplaint(stderr); line != "" {
		return fmt.Sprintf("QEMU dies %s: %s", where, line)
	}
	return "a guest dies " + where
}

// firstComplaint is QEMU's first line on stderr that is no warning, without the program's name.
func firstComplaint(stderr string) string {
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if line == "" || strings.Contains(line, "warning: ") {
			continue
		}
		if _, rest, ok := strings.Cut(line, ": "); ok && strings.HasPrefix(line, "qemu") {
			line = rest
		}
		return strings.TrimPrefix(line, "error: ")
	}
	return ""
}

// signs watches a stream for texts, wherever the stream is cut, and calls each one's function when
// it is first seen.
type signs struct {
	signs map[string]func()

	mu   sync.Mutex
	text []byte
	met  map[string]bool
}

var _ io.Writer = (*signs)(nil)

// consoleLimit bounds what is kept of the console, in bytes; a kernel's start is a tenth of it.
const consoleLimit = 1 << 20

func (s *signs) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.text) < consoleLimit {
		s.text = append(s.text, p...)
	}
	for sign, tell := range s.signs {
		if !s.met[sign] && bytes.Contains(s.text, []byte(sign)) {
			if s.met == nil {
				s.met = map[string]bool{}
			}
			s.met[sign] = true
			tell()
		}
	}
	return len(p), nil
}

func (s *signs) seen(sign string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.met[sign]
}
