package bootcheck

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
)

// Why a boot was ended before QEMU ended by itself.
var (
	errPrompt  = errors.New("login prompt")
	errPanic   = errors.New("kernel panic")
	errStuck   = errors.New("stuck")
	errRefused = errors.New("refused by Secure Boot")
	errTimeout = errors.New("timeout")
)

// boot runs QEMU to its end: the guest turns itself off when it has reported.
func (g guest) boot(ctx context.Context) (Answers, error) {
	args, err := g.args()
	if err != nil {
		return Answers{}, err
	}
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(g.options.Timeout, func() { cancel(errTimeout) })
	defer timer.Stop()

	cmd := qemu.Command(run, g.options.Binary.Path, args...)
	// QEMU makes snapshot=on's file there.
	cmd.Env = append(os.Environ(), "TMPDIR="+g.dir)
	keyboard, err := cmd.StdinPipe()
	if err != nil {
		return Answers{}, err
	}
	asks := hasCloudInit(g.options.Plan)
	screen := &console{log: g.options.Console, stage: g.stages(time.Now())}
	screen.event = func(e event) {
		switch e {
		case menuShown:
			// Enter starts what the countdown would start; where it is not heard, nothing is lost but time.
			_, _ = keyboard.Write([]byte("\r"))
		case panicked:
			cancel(errPanic)
		case stuck:
			cancel(errStuck)
		case refused:
			// What is not started now is tried by nothing else: only the image's disk is booted.
			cancel(errRefused)
		case loginShown:
			if !asks {
				cancel(errPrompt)
			}
		}
	}
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = screen, &stderr
	ended := qemu.Run(cmd)
	if ctx.Err() != nil {
		return Answers{}, context.Cause(ctx)
	}
	var prompt string
	if m := loginPrompt.FindStringSubmatch(screen.line(loginShown)); m != nil {
		prompt = m[1]
	}
	if !asks && prompt != "" {
		return Answers{Prompt: prompt}, nil
	}
	port, err := os.ReadFile(g.report)
	if err != nil {
		return Answers{}, err
	}
	answers, err := parseReport(port)
	if err == nil {
		answers.Prompt = prompt
		return answers, nil
	}
	return Answers{}, g.failure(context.Cause(run), ended, err, screen, port, stderr.String())
}

// failure says what became of a guest without a report.
func (g guest) failure(cause, ended, report error, screen *console, port []byte, stderr string) error {
	e := &BootError{Console: screen.tail(), died: true}
	var said string
	// Firmware may write to every serial port; what comes after it is the script's complaint.
	if text := strings.TrimSpace(control.ReplaceAllString(string(port), "")); text != "" && !screen.silent() {
		said = fmt.Sprintf(" (the report's port has: %s)", text[max(0, len(text)-500):])
	}
	switch {
	case errors.Is(cause, errPanic):
		e.Problem = "the guest's kernel panics"
	case errors.Is(cause, errStuck):
		e.died = false
		e.Problem = "the guest does not start: " + inShort(screen.line(stuck))
		if e.starved = !g.options.Accelerator.Hardware() && screen.saw(withoutDisk); e.starved {
			e.Problem += " (it waited in vain for a disk: emulated, it may have had too little of this host's time)"
		}
	case errors.Is(cause, errRefused):
		e.died = false
		e.Problem = "Secure Boot: " + refusal(screen.line(refused))
	case errors.Is(cause, errTimeout):
		e.died = false
		e.Problem = fmt.Sprintf("the guest did not report within %s, which boot_timeout sets", g.options.Timeout)
		if !g.options.Accelerator.Hardware() {
			e.Problem += " (without hardware acceleration a boot takes minutes)"
		}
		if screen.silent() && !hasSerialConsole(g.options.Plan) {
			e.Problem += " (without console=ttyS0 on its command line its kernel cannot be watched)"
		}
	case ended != nil:
		e.died = !screen.silent()
		e.Problem = fmt.Sprintf("QEMU: %v: %s", ended, strings.TrimSpace(stderr))
	case !errors.Is(report, errNoReport):
		e.Problem = report.Error()
	default:
		e.Problem = "the guest turned itself off without a report"
	}
	e.Problem += said
	return e
}

// inShort is the end of a console's line, where its meaning is: what was on the screen before may be the line's beginning.
func inShort(line string) string {
	const most = 160
	line = strings.Join(strings.Fields(line), " ")
	if len(line) > most {
		line = "…" + strings.ToValidUTF8(line[len(line)-most:], "")
	}
	return line
}

// stages tells each stage with the time since start.
func (g guest) stages(start time.Time) func(string) {
	return func(name string) {
		g.options.Progress("%s: %s after %.0f s", g.options.Firmware, name, time.Since(start).Seconds())
	}
}
