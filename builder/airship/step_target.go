package airship

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/communicator"
	"github.com/hashicorp/packer-plugin-sdk/multistep"
	"github.com/hashicorp/packer-plugin-sdk/sdk-internals/communicator/ssh"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/version"
)

// openTarget opens the root filesystem for provisioners: through Packer's communicator, and for
// the provisioner airship through the machine itself.
func openTarget(ctx context.Context, b *build, state multistep.StateBag) (err error) {
	if b.leaveTarget, err = b.machine.OpenTarget(ctx); err != nil {
		return err
	}
	// StepConnect wants an address; the machine has a door instead of a port.
	comm, err := ssh.New(machine.Target, &ssh.Config{
		SSHConfig:              b.machine.ClientConfig(),
		Connection:             func() (net.Conn, error) { return b.machine.Dial(ctx, machine.TargetDoor) },
		UseSftp:                true,
		DisableAgentForwarding: true,
		HandshakeTimeout:       time.Minute,
	})
	if err != nil {
		return fmt.Errorf("connect to the root filesystem: %w", err)
	}
	state.Put("communicator", comm)
	state.Put("communicator_config", &communicator.Config{
		Type: "ssh", SSH: communicator.SSH{SSHUsername: "root", SSHHost: "airship"},
	})
	facts, err := b.facts()
	if err != nil {
		return err
	}
	state.Put("instance_id", b.plan.Profile)
	where, err := b.path(b.plan.Outputs[0].Name)
	if err != nil {
		return err
	}
	// Post-processors get these, too; what follows is for provisioners alone.
	b.generated = map[string]string{"ID": b.plan.Profile, imagePathKey: where, profileNameKey: b.plan.Profile}
	generated := map[string]any{}
	for key, value := range b.generated {
		generated[key] = value
	}
	for key, value := range map[string]any{osconfig.MachineKey: b.machine.Access(), osconfig.BuildKey: facts} {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		generated[key] = string(text)
	}
	state.Put("generated_data", generated)
	return nil
}

func closeTarget(ctx context.Context, b *build) error {
	if b.leaveTarget == nil {
		return nil
	}
	leave := b.leaveTarget
	b.leaveTarget = nil
	return leave(ctx)
}

// facts are what the image says about its build; only what follows from the plan.
func (b *build) facts() (osconfig.Facts, error) {
	digests := b.plan.Digests()
	profile, err := osconfig.ProfileDigest(b.profile)
	if err != nil {
		return osconfig.Facts{}, err
	}
	f := osconfig.Facts{
		ProfileName:   b.plan.Profile,
		ProfileDigest: profile,
		Plugin:        version.Version,
		Packer:        b.plan.Packer,
		Epoch:         b.plan.Epoch,
		Toolbox:       osconfig.ToolboxOf(b.tools.Pin, b.lock.Toolbox),
		Packages:      len(b.plan.RootFS.Packages),
		Plan: map[string]string{
			"rootfs": digests.RootFS, "system": digests.System, "disk": digests.Disk, "output": digests.Output,
		},
		Action: b.plan.Action,
		Output: b.plan.Outputs[0].Name,
	}
	for i, s := range b.plan.RootFS.Sources {
		f.Sources = append(f.Sources, osconfig.Source{
			Name: s.Name, URI: s.URI, Suite: s.Suite, Components: s.Components,
			Date: b.lock.Suites[i].Date.Format(time.RFC3339),
		})
	}
	return f, nil
}

// applied is the profile's spec as the provisioner applies it to this image.
func (b *build) applied() *v1alpha1.NodeProfileSpec {
	return osconfig.ForAction(&b.profile.NodeProfile.Spec, b.config.form().Action)
}

// isConfigured says whether the provisioner airship has run: it leaves the image's meta.
func (b *build) isConfigured(ctx context.Context) (bool, error) {
	err := b.machine.Run(ctx, machine.Command{
		Args: []string{"test", "-e", machine.Target + osconfig.MetaDir + "/build.yaml"},
	})
	var exit *machine.ExitError
	if errors.As(err, &exit) && exit.Code == 1 {
		return false, nil
	}
	return err == nil, err
}
