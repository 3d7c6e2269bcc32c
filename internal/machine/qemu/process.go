package qemu

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/tail"
)

// process is a running QEMU.
type process struct {
	qmp    *qmp
	stderr tail.Buffer
	stdin  io.Closer
	cancel context.CancelFunc
	// ended is closed when QEMU has ended; from then on verdict is how.
	ended   chan struct{}
	verdict error
	console string // path of the console's file

	mu       sync.Mutex
	problem  string // why it was ended, where this process did it or an event told
	reset    bool   // the guest reset itself: its kernel panicked
	off      bool   // the guest turned itself off
	expected bool   // it is to turn itself off
	closed   bool   // this process ended it because it is not needed any more
	ready    bool
}

// startProcess starts QEMU. It ends when kill is called, whatever becomes of the context that
// started the machine.
func startProcess(c Config) (*process, error) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{cancel: cancel, ended: make(chan struct{}), console: c.path(consoleFile)}
	cmd := Command(ctx, c.Binary.Path, c.args()...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	p.stdin, p.qmp = stdin, newQMP(stdin, p.happened)
	cmd.Stdout, cmd.Stderr = p.qmp, &p.stderr
	go func() {
		err := Run(cmd)
		p.verdict = p.judge(err)
		p.qmp.end()
		close(p.ended)
	}()
	return p, nil
}

// happened acts on what QEMU tells of the machine.
func (p *process) happened(e qmpEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Name {
	case "SHUTDOWN":
		var data struct{ Reason string }
		_ = json.Unmarshal(e.Data, &data)
		p.reset = p.reset || data.Reason == "guest-reset" || data.Reason == "guest-panic"
		p.off = p.off || data.Reason == "guest-shutdown"
	case "BLOCK_IO_ERROR":
		var data struct {
			Device  string
			NoSpace bool `json:"nospace"`
			Reason  string
		}
		_ = json.Unmarshal(e.Data, &data)
		if data.NoSpace {
			p.fail(fmt.Sprintf("the file system of %s is full", filepath.Dir(p.console)))
		} else {
			p.fail(fmt.Sprintf("the virtual machine's disk %s: %s", data.Device, data.Reason))
		}
	}
}

// fail ends QEMU for a reason, unless it has ended. The first reason counts. p.mu is held.
func (p *process) fail(problem string) {
	select {
	case <-p.ended:
		return
	default:
	}
	if p.problem == "" {
		p.problem = problem
	}
	p.cancel()
}

// giveUp is fail for callers without the lock.
func (p *process) giveUp(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail(problem)
}

func (p *process) expectEnd() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = true
}

func (p *process) isReady() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = true
}

// kill ends QEMU and waits for its end.
func (p *process) kill() {
	p.mu.Lock()
	select {
	case <-p.ended:
	default:
		p.closed = true
	}
	p.mu.Unlock()
	p.cancel()
	<-p.ended
	_ = p.stdin.Close()
}

// endDelay is how much later than its connections QEMU's end may show.
const endDelay = 3 * time.Second

// awaitEnd tells whether QEMU has ended, or ends in a moment.
func (p *process) awaitEnd() bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(endDelay):
		return false
	}
}

// errOff is of what is asked of a machine that was turned off or closed.
var errOff = errors.New("the virtual machine is turned off")

// why is a Session's: what ended the machine, or nil where it has not ended.
func (p *process) why() error {
	if !p.awaitEnd() {
		return nil
	}
	return cmp.Or(p.verdict, errOff)
}

// judge says how QEMU ended, an *EndError; nil where that was meant to be. err is of its exit.
func (p *process) judge(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := readConsole(p.console)
	said, panicked := complaint(lines)
	problem := ""
	switch {
	case p.problem != "":
		problem = p.problem
	case p.expected && err == nil && p.off:
		return nil
	case panicked:
		problem = "the virtual machine's kernel panics: " + said
	case said != "":
		problem = "the virtual machine: " + said
	case p.reset:
		problem = "the virtual machine has reset itself"
	case p.off:
		problem = "the virtual machine has turned itself off"
	case p.closed:
		return nil
	default:
		problem = ended(err, p.stderr.String())
	}
	return &EndError{
		Problem: problem,
		Console: telling(lines),
		died:    !p.ready && p.problem == "" && (panicked || p.reset),
	}
}

// ended says how QEMU ended by its exit and its output, where the guest had no part in it.
func ended(err error, stderr string) string {
	var exit *exec.ExitError
	switch line := firstComplaint(stderr); {
	case line != "":
		return "QEMU: " + line
	case errors.As(err, &exit):
		return "QEMU was ended from outside, as a host does that runs out of memory: " + exit.String()
	case err != nil:
		return "QEMU: " + err.Error()
	}
	return "QEMU was ended from outside"
}
