package airship

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// probeScript prints NAME=VALUE for what the provisioner has to know of a machine. POSIX shell alone: it
// may have nothing else.
const probeScript = `
echo "uid=$(id -u)"
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then echo sudo=missing
	elif sudo -n true 2>/dev/null; then echo sudo=works
	else echo sudo=refuses; fi
fi
! /usr/bin/python3 -c 'import json, tempfile, zipfile' 2>/dev/null || echo python=there
command -v dpkg >/dev/null 2>&1 && echo "architecture=$(dpkg --print-architecture)"
[ -r /etc/os-release ] && . /etc/os-release && echo "distribution=$ID" && echo "suite=$VERSION_CODENAME"
echo "user=$(id -un)"
`

// facts are what a machine is.
type facts struct {
	root, python                      bool
	sudo                              string // works, refuses, missing; empty as root
	user                              string
	architecture, distribution, suite string
}

// probe asks a machine what it is, in one command.
func probe(ctx context.Context, l *link) (facts, error) {
	var out bytes.Buffer
	if err := l.exec(ctx, "sh -s", strings.NewReader(probeScript), &out); err != nil {
		return facts{}, err
	}
	return parseFacts(out.String())
}

func parseFacts(text string) (facts, error) {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
			values[name] = value
		}
	}
	if values["uid"] == "" {
		return facts{}, errors.New("its shell does not answer as a POSIX shell does")
	}
	return facts{
		root: values["uid"] == "0", python: values["python"] != "", sudo: values["sudo"], user: values["user"],
		architecture: values["architecture"], distribution: values["distribution"], suite: values["suite"],
	}, nil
}

// check says all that keeps a profile from being applied to the machine.
func (f facts) check(spec *v1alpha1.NodeProfileSpec) error {
	var all *multierror.Error
	if f.architecture == "" {
		all = multierror.Append(all, errors.New("the machine has no dpkg: this provisioner configures Debian and Ubuntu"))
	}
	for _, one := range []struct{ what, machine, profile string }{
		{"distribution", f.distribution, spec.Distribution},
		{"suite", f.suite, spec.Suite},
		{"architecture", f.architecture, spec.Architecture},
	} {
		if one.machine != "" && one.profile != "" && one.machine != one.profile {
			all = multierror.Append(all, fmt.Errorf("the machine's %s is %s, the profile's is %s: choose another source image, or set spec.%s",
				one.what, one.machine, one.profile, one.what))
		}
	}
	switch {
	case f.root || f.sudo == "works":
	case f.sudo == "missing":
		all = multierror.Append(all, fmt.Errorf("the login's user %s is not root and the machine has no sudo: log in as root, or install sudo", f.user))
	default:
		all = multierror.Append(all, fmt.Errorf("sudo on the machine asks the login's user %s for a password: "+
			"let it use sudo without one (%s ALL=(ALL) NOPASSWD: ALL), or log in as root", f.user, f.user))
	}
	return all.ErrorOrNil()
}
