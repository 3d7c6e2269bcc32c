package osconfig

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Exit statuses of chroot(1) and of pythonProbe.
const (
	exitNotFound = 127
	exitTooOld   = 3
)

// pythonProbe imports what every Ansible module needs and python3-minimal lacks. ansible-core 2.19
// runs its modules with Python 3.8 and newer.
const pythonProbe = `import json, sys, tempfile, zipfile
sys.exit(0 if sys.version_info >= (3, 8) else 3)`

// ErrNoPython says that a target has no Python that Ansible's modules run with.
var ErrNoPython = errors.New("there is no /usr/bin/python3, which Ansible needs")

// CheckPython says in the operator's terms what keeps Ansible's modules from running in a target;
// ErrNoPython is wrapped where there is none.
func CheckPython(ctx context.Context, t Target) error {
	err := t.Run(ctx, TargetCommand{Args: []string{"/usr/bin/python3", "-B", "-c", pythonProbe}})
	var exit *machine.ExitError
	if !errors.As(err, &exit) || exit.Code < 0 {
		return err
	}
	const add = "add python3 to the profile's spec.software.packages"
	switch {
	case exit.Code == exitNotFound, strings.Contains(exit.Tail, "command not found"):
		if t.remote() {
			return ErrNoPython
		}
		return fmt.Errorf("in the image %w: %s", ErrNoPython, add)
	case exit.Code == exitTooOld:
		return errors.New("its Python is older than 3.8, which Ansible needs: choose a newer suite")
	}
	return fmt.Errorf("its Python cannot run Ansible's modules: python3-minimal is not enough, %s: %w", add, err)
}
