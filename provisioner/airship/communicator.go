package airship

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/resolution"
	"github.com/airshipit/packer-plugin-airship/version"
)

// overCommunicator configures a machine that another builder made, through Packer's communicator.
func (a *application) overCommunicator(ctx context.Context, comm packersdk.Communicator, generated map[string]any) error {
	if kind, _ := generated["ConnType"].(string); kind == "winrm" {
		return errors.New("the builder's machine is reached by WinRM: this provisioner configures Debian and Ubuntu over SSH")
	}
	if comm == nil {
		return errors.New("the builder gives no way into its machine (communicator none): this provisioner configures Debian and Ubuntu over SSH")
	}
	if host, _ := generated["Host"].(string); host != "" {
		a.where = " to " + host
	}
	link := newLink(comm)
	found, err := probe(ctx, link)
	if err != nil {
		return fmt.Errorf("look at the machine: %w", err)
	}
	if err := found.check(&a.profile.NodeProfile.Spec); err != nil {
		return err
	}
	if err := a.python(ctx, link, found); err != nil {
		return err
	}
	request, err := plan.Ask(&a.profile.NodeProfile, plan.Form{})
	if err != nil {
		return a.profile.Locate(err)
	}
	return a.withMachine(ctx, request, func(m machine.Machine, tools osconfig.Toolbox, sources []plan.Source) error {
		server, err := serveAdapter(link)
		if err != nil {
			return err
		}
		defer server.Close()
		target := osconfig.Remote{
			Host: m.Gateway(), Port: server.port, ClientKey: server.clientKey, HostKey: server.hostKey,
			Sudo: !found.root, Exec: link.exec,
		}
		facts := osconfig.Facts{Plugin: version.Version, Packer: a.config.PackerCoreVersion, Toolbox: tools}
		ctx, cancel := link.watch(ctx)
		defer cancel()
		err = a.apply(ctx, m, target, facts, osconfig.RemoteVariables(&a.profile.NodeProfile, request, sources))
		if err == nil && !a.config.skips("finalise") {
			a.say("Taking off what belongs to this machine alone")
			err = osconfig.Clean(ctx, target)
		}
		if lost := link.lost(); lost != nil && err != nil {
			return fmt.Errorf("the connection to the machine was lost: %w", lost)
		}
		return err
	})
}

// withMachine starts a machine with the tools on this host, and ends it after do.
func (a *application) withMachine(ctx context.Context, request plan.Request, do func(machine.Machine, osconfig.Toolbox, []plan.Source) error) (err error) {
	cache, err := a.cache()
	if err != nil {
		return err
	}
	defer cache.Close()
	sources, err := cache.Keyrings(ctx, request)
	if err != nil {
		return resolution.Locate(a.profile, err)
	}
	wants := resolution.Wants{Isolation: a.config.Isolation, Accelerator: a.config.Accelerator, Architecture: runtime.GOARCH}
	kind, err := cache.Choose(ctx, wants)
	if err != nil {
		return err
	}
	a.say("Ansible runs in %s", kind)
	work, err := cache.Work(ctx, kind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cleanUp(ctx, work.Remove)) }()
	tools, err := cache.Tools(ctx, kind, wants)
	if err != nil {
		return err
	}
	digest, err := tools.Pin.Digest()
	if err != nil {
		return err
	}
	m, err := cache.Start(ctx, kind, wants, tools, work)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return do(m, osconfig.ToolboxOf(tools.Pin, digest), sources)
}

// cleanUp runs undo, also when ctx has ended.
func cleanUp(ctx context.Context, undo func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return undo(ctx)
}

// python installs Python on a machine that lacks it, where that is wanted.
func (a *application) python(ctx context.Context, link *link, found facts) error {
	if found.python {
		return nil
	}
	if !a.config.InstallPython {
		return fmt.Errorf("%w: set install_python = true to have it installed by the machine's own apt, or use an image that has it", osconfig.ErrNoPython)
	}
	a.say("Installing Python on the machine")
	target := osconfig.Remote{Sudo: !found.root, Exec: link.exec}
	err := target.Run(ctx, osconfig.TargetCommand{
		Args: []string{"sh", "-s"}, Stdin: strings.NewReader(installPython), Stdout: io.Discard,
	})
	if err != nil {
		return fmt.Errorf("install python3 on the machine: %w", err)
	}
	return nil
}

const installPython = `
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
{ apt-get -o DPkg::Lock::Timeout=300 -qq update && apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install python3; } >&2
`
