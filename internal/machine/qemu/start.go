package qemu

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

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// starts is how often a machine is started whose kernel dies before it is ready: under software
// emulation they do now and then.
const starts = 2

// Start makes a machine. The caller closes it.
func Start(ctx context.Context, config Config) (*Machine, error) {
	config, err := config.withDefaults(availableMemory())
	if err != nil {
		return nil, fmt.Errorf("start a virtual machine: %w", err)
	}
	for attempt := 1; ; attempt++ {
		m, err := start(ctx, config)
		if err == nil {
			return m, nil
		}
		var end *EndError
		if errors.As(err, &end) && end.died && attempt < starts && ctx.Err() == nil {
			config.Log("%s; once more", end.Problem)
			continue
		}
		return nil, fmt.Errorf("start a virtual machine: %w", err)
	}
}

func start(ctx context.Context, config Config) (*Machine, error) {
	credentials, err := machine.NewCredentials()
	if err != nil {
		return nil, err
	}
	m := &Machine{config: config, credentials: credentials}
	m.closing = sync.OnceValue(m.end)
	if err = prepare(config, credentials); err == nil {
		if m.process, err = startProcess(config); err == nil {
			err = m.open(ctx)
		}
	}
	if err != nil {
		// One error, where closing adds none: it is shown to a user.
		if closing := errors.Join(m.Close(), m.remove(diskFile)); closing != nil {
			err = errors.Join(err, closing)
		}
		return nil, err
	}
	return m, nil
}

// prepare writes the files that QEMU opens.
func prepare(c Config, credentials machine.Credentials) error {
	if err := writeSeed(c.path(seedFile), c, credentials); err != nil {
		return err
	}
	if err := os.WriteFile(c.path(keyFile), credentials.ClientKey, 0o600); err != nil {
		return err
	}
	for name, size := range map[string]int64{scratchFile: c.Scratch, diskFile: 0, consoleFile: 0} {
		file, err := os.OpenFile(c.path(name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(file.Truncate(size), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// open waits until the machine's doors are open and goes in.
func (m *Machine) open(ctx context.Context) error {
	limit := m.config.patience.start
	late := fmt.Errorf("the virtual machine was not ready within %s", limit)
	limited, cancel := context.WithTimeoutCause(ctx, limit, late)
	defer cancel()
	err := m.connect(limited)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, late):
		err = late
	default:
		// What QEMU or the guest says of its end is more than what a connection to it says.
		m.process.awaitEnd()
	}
	m.process.giveUp(err.Error())
	<-m.process.ended
	return m.process.verdict
}

func (m *Machine) connect(ctx context.Context) error {
	// A command's context ends with the process, too.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-m.process.ended:
			cancel(errQMPEnded)
		case <-stop:
		}
	}()
	if err := m.process.qmp.start(ctx); err != nil {
		return fmt.Errorf("QEMU's monitor: %w", err)
	}
	var usernet string
	err := m.process.qmp.execute(ctx, "human-monitor-command", map[string]any{"command-line": "info usernet"}, &usernet)
	if err != nil {
		return fmt.Errorf("QEMU's monitor: %w", err)
	}
	if m.ports, err = findPorts(usernet); err != nil {
		return err
	}
	if err := m.awaitReady(ctx); err != nil {
		return err
	}
	if m.Session, err = m.logIn(ctx); err != nil {
		return err
	}
	m.Why = m.process.why
	m.watch()
	select {
	case <-m.hold.taken:
		m.process.isReady()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// logIn tries until ctx ends: the server may need a moment until it listens, and QEMU accepts
// connections before it does.
func (m *Machine) logIn(ctx context.Context) (*machine.Session, error) {
	for {
		conn, err := m.Dial(ctx, machine.Toolbox)
		if err != nil {
			return nil, err
		}
		session, err := machine.NewSession(ctx, conn, m.ClientConfig())
		if err == nil || ctx.Err() != nil {
			return session, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(glance):
		}
	}
}

// glance is how often the console is looked at for the sign.
const glance = 100 * time.Millisecond

func (m *Machine) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			isReady := func(line string) bool { return strings.Contains(line, readySign) }
			if slices.ContainsFunc(readConsole(m.process.console), isReady) {
				return nil
			}
		}
	}
}

// watch holds the machine, and ends it when it no longer answers.
func (m *Machine) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	m.background = cancel
	m.hold = newHold()
	m.watching.Go(func() {
		// It ends with the machine, and says nothing that the machine's end does not.
		_ = m.Run(ctx, machine.Command{Args: []string{"sh", holdPath}, Stdin: m.hold, Stdout: m.hold})
	})
	m.watching.Go(func() {
		tick := time.NewTicker(m.config.patience.pulse)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-m.process.ended:
				return
			case <-tick.C:
				m.feelPulse(ctx, m.config.patience.silence)
			}
		}
	})
}

func (m *Machine) feelPulse(ctx context.Context, limit time.Duration) {
	silent := fmt.Errorf("the virtual machine has not answered for %s", limit)
	ping, cancel := context.WithTimeoutCause(ctx, limit, silent)
	defer cancel()
	if err := m.Ping(ping); errors.Is(err, silent) {
		m.process.giveUp(silent.Error())
	}
}

// hold is the standard input of hold.sh: nothing, until it is released. Its output says that it is there.
type hold struct {
	take, let       sync.Once
	taken, released chan struct{}
}

func newHold() *hold { return &hold{taken: make(chan struct{}), released: make(chan struct{})} }

func (h *hold) release() { h.let.Do(func() { close(h.released) }) }

func (h *hold) Read([]byte) (int, error) {
	<-h.released
	return 0, io.EOF
}

func (h *hold) Write(p []byte) (int, error) {
	h.take.Do(func() { close(h.taken) })
	return len(p), nil
}
