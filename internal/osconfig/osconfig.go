// Package osconfig applies a node profile's variables to a root file system.
//
// It holds the Ansible role osconfig, which the toolbox's ansible-playbook runs in a chroot of the
// target. Airship's variables go in; a configured target and the image's own record of what it is
// (/etc/imagebuilder/meta) come out. Secrets leave by no other way than the target's /etc/shadow.
package osconfig

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strconv"
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
	// Secrets are the values in VarsYAML that no message may show.
	Secrets []string
	// Target is the root file system's directory in the machine, open for programs
	// (machine.Machine's OpenTarget). Empty: machine.Target.
	Target string
	// Epoch is SOURCE_DATE_EPOCH in seconds since 1970; it dates the password changes.
	Epoch int64
	// Progress takes a line for each task; nil drops them. No line holds a secret.
	Progress func(format string, args ...any)
}

// cleanupTimeout bounds the removal of the vars file after the caller's context has ended.
const cleanupTimeout = 30 * time.Second

// Apply runs the role on the target. A task that fails is a *TaskError.
//
// What it brings into the machine, the variables with their password hashes above all, is removed
// before it returns, also when it fails or ctx ends.
func Apply(ctx context.Context, r Runner, o Options) (recap Recap, err error) {
	if o.Target == "" {
		o.Target = machine.Target
	}
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	if err := checkPython(ctx, r, o.Target); err != nil {
		return Recap{}, err
	}

	id := rand.Text()
	private := path.Join(machine.Scratch, "osconfig-"+id)
	tmp := "/tmp/.osconfig-" + id
	defer func() {
		err = errors.Join(err, remove(ctx, r, private, o.Target, tmp))
	}()
	if err := upload(ctx, r, private, o.VarsYAML); err != nil {
		return Recap{}, err
	}
	if err := r.Run(ctx, machine.Command{Args: []string{"chroot", o.Target, "mkdir", "-m", "0700", tmp}}); err != nil {
		return Recap{}, fmt.Errorf("make a temporary directory in the target: %w", err)
	}
	return play(ctx, r, o, private, tmp)
}

// play runs ansible-playbook from the private directory.
func play(ctx context.Context, r Runner, o Options, private, tmp string) (Recap, error) {
	hidden := newSecrets(o.Secrets)
	events := &eventReader{progress: o.Progress, hidden: hidden}
	err := r.Run(ctx, machine.Command{
		Args: []string{
			"ansible-playbook",
			"--extra-vars", "@" + path.Join(private, varsFile),
			path.Join(private, "playbook.yaml"),
		},
		Env: []string{
			"ANSIBLE_CONFIG=" + path.Join(private, "ansible.cfg"),
			"ANSIBLE_REMOTE_TMP=" + tmp,
			"AIRSHIP_TARGET=" + o.Target,
			"AIRSHIP_TARGET_TMP=" + tmp,
			"AIRSHIP_EPOCH=" + strconv.FormatInt(o.Epoch, 10),
			"PYTHONDONTWRITEBYTECODE=1",
		},
		Stdout: events,
	})
	switch {
	case events.failure != nil:
		return events.recap, events.failure
	case ctx.Err() != nil:
		return events.recap, fmt.Errorf("run ansible-playbook: %w", context.Cause(ctx))
	case err != nil:
		// Not wrapped: Ansible quotes the lines of the vars file that it stumbles over.
		return events.recap, fmt.Errorf("run ansible-playbook: %s", hidden.redact(lastError(err.Error())))
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

// remove takes away what Apply made, even when ctx has ended.
func remove(ctx context.Context, r Runner, private, target, tmp string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	return errors.Join(
		r.Run(ctx, machine.Command{Args: []string{"rm", "-rf", private}}),
		r.Run(ctx, machine.Command{Args: []string{"chroot", target, "rm", "-rf", tmp}}),
	)
}
