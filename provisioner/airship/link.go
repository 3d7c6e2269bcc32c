package airship

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/tail"
)

// link is a communicator that tells a lost connection from a command that fails. The SDK's SSH adapter
// waits for ever for a command that could not be started; here such a one ends.
type link struct {
	packersdk.Communicator

	lock   sync.Mutex
	why    error
	broken func(error) // ends what runs over the link; nil for nothing
}

func newLink(comm packersdk.Communicator) *link { return &link{Communicator: comm} }

// exitLost is what the adapter's client sees of a command whose connection is gone: ssh's own status.
const exitLost = 255

// Start implements packersdk.Communicator.
func (l *link) Start(ctx context.Context, command *packersdk.RemoteCmd) error {
	// The inner command is another one: its end is looked at before the adapter sees it.
	inner := &packersdk.RemoteCmd{Command: command.Command, Stdin: command.Stdin, Stdout: command.Stdout, Stderr: command.Stderr}
	if err := l.Communicator.Start(ctx, inner); err != nil {
		l.lose(err)
		command.SetExited(exitLost)
		return nil
	}
	go func() {
		status := inner.Wait()
		if status == packersdk.CmdDisconnect {
			l.lose(errors.New("it ended while a command ran"))
			status = exitLost
		}
		command.SetExited(status)
	}()
	return nil
}

func (l *link) lose(err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if l.why == nil {
		l.why = err
	}
	if l.broken != nil {
		l.broken(err)
	}
}

// lost is why the connection is gone; nil while it is there.
func (l *link) lost() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.why
}

// watch is a context that ends with the connection.
func (l *link) watch(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	l.lock.Lock()
	l.broken = func(err error) { cancel(err) }
	l.lock.Unlock()
	return ctx, func() { cancel(nil) }
}

// exec runs a command line by the login's shell. A non-zero exit is a *machine.ExitError.
func (l *link) exec(ctx context.Context, line string, stdin io.Reader, stdout io.Writer) error {
	var kept tail.Buffer
	if stdout == nil {
		stdout = &kept
	}
	if stdin == nil {
		stdin = strings.NewReader("")
	}
	command := &packersdk.RemoteCmd{Command: line, Stdin: stdin, Stdout: stdout, Stderr: &kept}
	if err := l.Start(ctx, command); err != nil {
		return err
	}
	done := make(chan int, 1)
	go func() { done <- command.Wait() }()
	select {
	case status := <-done:
		if lost := l.lost(); lost != nil {
			return fmt.Errorf("the connection to the machine was lost: %w", lost)
		}
		if status != 0 {
			name, _, _ := strings.Cut(line, " ")
			return &machine.ExitError{Args: []string{strings.Trim(name, "'")}, Code: status, Tail: kept.String()}
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
