package sops

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/airshipit/packer-plugin-airship/internal/tail"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Oldest is the first version of sops that decrypts standard input: 3.9.0 was tried, and wants a file.
const Oldest = "3.10.0"

// Tool is the program sops. The zero value is the one on PATH.
type Tool struct {
	// Path of the program, or its name to be found on PATH; empty: sops.
	Path string
	// Timeout bounds one file, so that a key that waits for a passphrase or a touch holds nothing up; zero: a minute.
	Timeout time.Duration
}

const defaultTimeout = time.Minute

// run gives the clear text of s, whose text is data. Neither is ever in a file.
func (t Tool) run(ctx context.Context, s *source, data []byte) ([]byte, error) {
	path, err := exec.LookPath(t.path())
	if err != nil {
		return nil, t.missing(s, err)
	}
	timeout := t.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var text bounded
	var messages tail.Buffer
	cmd := command(limited, path, "decrypt", "--input-type", "yaml", "--output-type", "yaml")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &text, &messages
	err = run(cmd)
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, s.mistake("was not decrypted: %s", context.Cause(ctx))
	case text.over:
		return nil, s.mistake("is larger than %d KiB once it is decrypted, too large for a document", tree.MaxText>>10)
	case limited.Err() != nil:
		return nil, s.mistake("%s did not decrypt it within %s; does its key wait for a passphrase or a touch, or a key service not answer?", t.path(), timeout)
	case err == nil:
		return text.data, nil
	case errors.As(err, &ended):
		return nil, t.explain(ctx, s, path, ended.ExitCode(), messages.String())
	}
	return nil, s.mistake("is encrypted, and %s does not run: %s", t.path(), reason(err))
}

func (t Tool) path() string {
	if t.Path == "" {
		return "sops"
	}
	return t.Path
}

func (t Tool) missing(s *source, err error) error {
	if t.Path != "" {
		return s.mistake("is encrypted, and the program %s cannot be run: %s; want sops %s or newer (getsops.io)", t.Path, reason(err), Oldest)
	}
	return s.mistake("is encrypted, and there is no program sops on PATH; install sops %s or newer (getsops.io)", Oldest)
}

// reason is the innermost error, without the path that the message has already.
func reason(err error) error {
	var path *fs.PathError
	var program *exec.Error
	switch {
	case errors.As(err, &program):
		return reason(program.Err)
	case errors.As(err, &path):
		return path.Err
	}
	return err
}

// command is a program that dies with ctx together with what it started. It has no terminal, so a passphrase
// that it would ask for is an error at once and nothing that waits.
func command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	detach(cmd)
	cmd.Cancel = func() error { return end(cmd) }
	// A key's program that outlives sops must not keep Wait.
	cmd.WaitDelay = 2 * time.Second
	for _, variable := range os.Environ() {
		// gpg's agent would ask on the terminal that this names.
		if !strings.HasPrefix(variable, "GPG_TTY=") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	return cmd
}

// bounded keeps what is written to it, up to a document's size; more is an error, at which os/exec closes the pipe.
type bounded struct {
	data []byte
	over bool
}

var errFull = errors.New("too much output")

func (b *bounded) Write(p []byte) (int, error) {
	if len(b.data)+len(p) > tree.MaxText {
		b.over = true
		return 0, errFull
	}
	b.data = append(b.data, p...)
	return len(p), nil
}

var versionText = regexp.MustCompile(`(?m)^sops (\d+\.\d+\.\d+)`)

// version asks the program at path which it is; empty where it does not say.
func version(ctx context.Context, path string) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	// Without the first it asks the network for the newest.
	cmd := command(ctx, path, "--disable-version-check", "--version")
	var text bounded
	cmd.Stdout = &text
	if run(cmd) != nil {
		return ""
	}
	match := versionText.FindSubmatch(text.data)
	if match == nil {
		return ""
	}
	return string(match[1])
}

func tooOld(version string) bool {
	return version != "" && semver.Compare("v"+version, "v"+Oldest) < 0
}
