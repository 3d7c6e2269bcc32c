// Package osconfig applies a node profile's variables to a root file system or to another machine.
//
// It holds the Ansible roles that the toolbox's ansible-playbook runs on the target. Airship's variables
// and the operator's own plays go in; a configured target and the image's own record of what it is
// (/etc/imagebuilder/meta) come out. Secrets leave by no other way than the files that are theirs.
package osconfig

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Runner runs commands in a machine that has the toolbox as its root directory; machine.Machine is one.
type Runner interface {
	Run(ctx context.Context, c machine.Command) error
}

// Options of Apply.
type Options struct {
	// VarsYAML is an Ansible vars file: a mapping of Airship's variables.
	VarsYAML []byte
	// ExtraVars lie over them: an Ansible vars file, YAML or JSON; may be empty.
	ExtraVars []byte
	// Secrets are the values in both that no message may show.
	Secrets []string
	// Downloads are what the profile's fetch_from_url gave.
	Downloads []Download
	// Plays are the operator's own.
	Plays Plays
	// Skip are roles of this package (Roles) that do not run.
	Skip []string
	// Arguments are more arguments of ansible-playbook.
	Arguments []string
	// Epoch is SOURCE_DATE_EPOCH in seconds since 1970; it dates the password changes in a Chroot.
	Epoch int64
	// Progress takes a line for each task; nil drops them. No line holds a secret.
	Progress func(format string, args ...any)
}

// Roles that Apply runs, in order: packages on a Remote alone.
var Roles = []string{"packages", "osconfig", "finalise"}

// cleanupTimeout bounds the removal of the vars file after the caller's context has ended.
const cleanupTimeout = 30 * time.Second

// Apply runs the roles and the operator's plays on the target; r runs ansible-playbook. A task that fails
// is a *TaskError, a target that is gone a *LostError.
//
// What it brings into the machine and the target, the variables with their password hashes above all, is
// removed before it returns, also when it fails or ctx ends.
func Apply(ctx context.Context, r Runner, t Target, o Options) (recap Recap, err error) {
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	id := rand.Text()
	run := playRun{
		runner: r, target: t, options: o,
		private: path.Join(machine.Scratch, "osconfig-"+id),
		tmp:     "/tmp/.osconfig-" + id,
	}
	run.connection = t.connection(run.private, run.tmp, o.Epoch)
	defer func() { err = errors.Join(err, run.remove(ctx)) }()
	if err := run.upload(ctx); err != nil {
		return Recap{}, err
	}
	if err := t.mkdir(ctx, run.tmp); err != nil {
		return Recap{}, fmt.Errorf("make a temporary directory in the target: %w", err)
	}
	return run.play(ctx)
}

// playRun is one run of ansible-playbook.
type playRun struct {
	runner     Runner
	target     Target
	options    Options
	connection connection
	// private is the directory in the toolbox's machine with the playbooks and variables, tmp the target's
	// with what modules write.
	private, tmp string
}

// play runs ansible-playbook from the private directory.
func (p playRun) play(ctx context.Context) (Recap, error) {
	hidden := newSecrets(p.options.Secrets)
	events := newEventReader(p.options.Progress, hidden)
	events.place = p.options.Plays.hostPath(p.private)
	events.verbose = len(p.options.Arguments) > 0
	stop := events.watch()
	args := []string{"ansible-playbook", "--extra-vars", "@" + path.Join(p.private, varsFile)}
	if len(p.options.ExtraVars) > 0 {
		args = append(args, "--extra-vars", "@"+path.Join(p.private, extraVarsFile))
	}
	args = append(args, p.options.Arguments...)
	args = append(args, p.options.Plays.paths(p.private, before)...)
	args = append(args, path.Join(p.private, "configure.yaml"))
	args = append(args, p.options.Plays.paths(p.private, after)...)
	err := p.runner.Run(ctx, machine.Command{
		Args: args,
		Env: append([]string{
			"ANSIBLE_CONFIG=" + path.Join(p.private, "ansible.cfg"),
			"ANSIBLE_ROLES_PATH=" + strings.Join(append([]string{path.Join(p.private, "roles")}, p.options.Plays.rolesPaths(p.private)...), ":"),
			"ANSIBLE_REMOTE_TMP=" + p.tmp,
			"PYTHONDONTWRITEBYTECODE=1",
		}, p.connection.env...),
		Stdout: events,
	})
	stop()
	switch {
	// A task that failed and was rescued, or whose failure was ignored, ends nothing.
	case err != nil && events.failure != nil && ctx.Err() == nil:
		return events.recap, events.failure
	case ctx.Err() != nil:
		return events.recap, fmt.Errorf("run ansible-playbook: %w", context.Cause(ctx))
	case err != nil:
		// Not wrapped: Ansible quotes the lines of the vars file that it stumbles over.
		return events.recap, fmt.Errorf("run ansible-playbook: %s", hidden.redact(events.place(lastError(err.Error()))))
	case !events.ended:
		return events.recap, errors.New("run ansible-playbook: it ended without a recap")
	}
	return events.recap, nil
}

// lastError is what ansible-playbook gave up for, without the warnings that led there; all of text
// where it names no error.
func lastError(text string) string {
	const mark = "[ERROR]: "
	if at := strings.LastIndex(text, mark); at >= 0 {
		text = text[at+len(mark):]
	}
	return strings.TrimSpace(text)
}

// remove takes away what the run made, even when ctx has ended.
func (p playRun) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return errors.Join(
		p.runner.Run(ctx, machine.Command{Args: []string{"rm", "-rf", p.private}}),
		p.target.Run(ctx, TargetCommand{Args: []string{"rm", "-rf", p.tmp}}),
	)
}
