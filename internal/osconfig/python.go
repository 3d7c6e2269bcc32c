package osconfig

import (
	"context"
	"errors"
	"fmt"

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

// checkPython says in the operator's terms what keeps Ansible's modules from running in target.
func checkPython(ctx context.Context, r Runner, target string) error {
	err := r.Run(ctx, machine.Command{
		Args: []string{"chroot", target, "/usr/bin/python3", "-B", "-c", pythonProbe},
	})
	var exit *machine.ExitError
	if !errors.As(err, &exit) || exit.Code < 0 {
		return err
	}
	switch exit.Code {
	case exitNotFound:
		return errors.New("the image has no /usr/bin/python3, which Ansible needs: add python3 to the profile's spec.software.packages")
	case exitTooOld:
		return errors.New("the image's Python is older than 3.8, which Ansible needs: choose a newer suite")
	}
	return fmt.Errorf("the image's Python cannot run Ansible's modules: "+
		"add python3 (python3-minimal is not enough) to the profile's spec.software.packages: %w", err)
}
