package machine

import (
	"cmp"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/airshipit/packer-plugin-airship/internal/tail"
)

// markName is a variable in the environment of every command, by which all its descendants are
// found when it is to be killed, whatever process group or session they moved to.
const markName = "AIRSHIP_COMMAND"

// killTimeout is how long the machine may take to kill a command.
const killTimeout = 10 * time.Second

//go:embed kill.sh
var killScript string

// Run is Machine.Run.
func (s *Session) Run(ctx context.Context, c Command) error {
	if len(c.Args) == 0 {
		return errors.New("a command without a program")
	}
	name := c.Args[0]
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", name, context.Cause(ctx))
	}
	channel, err := s.client.NewSession()
	if err != nil {
		return fmt.Errorf("%s: %w", name, s.lost(err))
	}
	defer channel.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	stdout, stderr := attach(channel, c, cancel)
	feed, err := channel.StdinPipe()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	mark := rand.Text()
	line, variables := commandLine(c)
	for _, v := range append(variables, variable{markName, mark}) {
		if err := channel.Setenv(v.name, v.value); err != nil {
			return fmt.Errorf("%s: set %s: %w", name, v.name, s.lost(err))
		}
	}
	if err := channel.Start(line); err != nil {
		return fmt.Errorf("%s: %w", name, s.lost(err))
	}
	go pump(feed, c.Stdin, cancel)

	end := make(chan error, 1)
	go func() { end <- channel.Wait() }()
	select {
	case err = <-end:
	case <-ctx.Done():
		s.kill(mark)
	}
	if ctx.Err() != nil {
		stdout.close()
		stderr.close()
		return fmt.Errorf("%s: %w", name, context.Cause(ctx))
	}
	return s.ended(c.Args, err, stdout.tail.String(), stderr.tail.String())
}

// attach connects the command's output to c's writers.
func attach(channel *ssh.Session, c Command, cancel context.CancelCauseFunc) (stdout, stderr *sink) {
	one := &sync.Mutex{} // the two may be the same writer
	stdout, stderr = &sink{mu: one, to: c.Stdout, cancel: cancel}, &sink{mu: one, to: c.Stderr, cancel: cancel}
	channel.Stdout, channel.Stderr = stdout, stderr
	return stdout, stderr
}

// sink passes output on and keeps its end. It takes what cannot be written any more too: the
// command would otherwise hang until it is killed.
type sink struct {
	mu     *sync.Mutex
	to     io.Writer
	tail   tail.Buffer
	cancel context.CancelCauseFunc
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.to != nil {
		if _, err := s.to.Write(p); err != nil {
			s.to = nil
			s.cancel(fmt.Errorf("write its output: %w", err))
		}
	}
	return s.tail.Write(p)
}

// close passes nothing on any more: Run returns although the output has not ended.
func (s *sink) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = nil
}

// pump sends input until it ends or the command no longer takes any.
func pump(to io.WriteCloser, from io.Reader, cancel context.CancelCauseFunc) {
	defer to.Close()
	if from == nil {
		return
	}
	source := &source{from: from}
	_, _ = io.Copy(to, source)
	if source.err != nil {
		cancel(fmt.Errorf("read its input: %w", source.err))
	}
}

// source tells the errors of reading from those of writing.
type source struct {
	from io.Reader
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// kill ends everything that carries the mark. When that fails, the connection or the machine is
// gone and the commands with it.
func (s *Session) kill(mark string) {
	ctx, cancel := context.WithTimeout(context.Background(), killTimeout)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		channel, err := s.client.NewSession()
		if err != nil {
			return
		}
		defer channel.Close()
		_ = channel.Run(Quote("sh", "-c", killScript, "kill", markName+"="+mark))
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// ended turns the end of a command into Run's error.
func (s *Session) ended(args []string, err error, stdout, stderr string) error {
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		failed := &ExitError{Args: args, Code: exit.ExitStatus(), Signal: exit.Signal(), Tail: cmp.Or(stderr, stdout)}
		if failed.Signal != "" {
			failed.Code = -1
		}
		return failed
	}
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], s.lost(err))
	}
	return nil
}
