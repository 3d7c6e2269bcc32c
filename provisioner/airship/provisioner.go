// Package airship is the Packer provisioner airship: it applies a NodeProfile's configuration to the
// image under construction and writes there what the image is.
//
// A profile and the builder's generated data enter; /etc/imagebuilder/meta and a configured root file
// system leave.
package airship

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// errOtherBuilder is for builders that have no machine of this plugin.
var errOtherBuilder = errors.New(`this version of provisioner "airship" works inside the builder "airship" only; ` +
	`with another builder write data.airship-nodeprofile.NAME.vars_yaml to a file and give it to ` +
	`provisioner "ansible" (extra_arguments = ["--extra-vars", "@vars.yaml"])`)

// Provisioner implements packersdk.Provisioner.
type Provisioner struct {
	config Config
}

// ConfigSpec is Config's HCL schema.
func (p *Provisioner) ConfigSpec() hcldec.ObjectSpec { return p.config.FlatMapstructure().HCL2Spec() }

// Prepare reads the options, and reads and checks the documents.
func (p *Provisioner) Prepare(raws ...any) error {
	if err := p.config.decode(raws...); err != nil {
		return err
	}
	if profile := p.config.profile; profile != nil {
		packersdk.LogSecretFilter.Set(profile.Secrets()...)
	}
	return nil
}

// Provision applies the profile to the target of the builder's machine.
func (p *Provisioner) Provision(ctx context.Context, ui packersdk.Ui, _ packersdk.Communicator, generated map[string]any) error {
	access, facts, err := fromBuilder(generated)
	if err != nil {
		return err
	}
	if p.config.profile == nil {
		return errors.New("the profile is empty: profile_yaml or documents has no value")
	}
	if err := p.config.open(ctx); err != nil {
		return err
	}
	packersdk.LogSecretFilter.Set(p.config.profile.Secrets()...)
	if err := sameProfile(p.config.profile, facts); err != nil {
		return err
	}
	session, err := machine.Connect(ctx, access)
	if err != nil {
		return fmt.Errorf("reach the builder's machine: %w", err)
	}
	err = apply(ctx, ui, session, p.config.profile, facts)
	return errors.Join(err, session.Close())
}

// fromBuilder takes apart what the builder airship left in the generated data.
func fromBuilder(generated map[string]any) (machine.Access, osconfig.Facts, error) {
	var access machine.Access
	var facts osconfig.Facts
	for key, value := range map[string]any{osconfig.MachineKey: &access, osconfig.BuildKey: &facts} {
		text, ok := generated[key].(string)
		if !ok || text == "" {
			return access, facts, errOtherBuilder
		}
		if err := json.Unmarshal([]byte(text), value); err != nil {
			return access, facts, fmt.Errorf("read the builder's %s: %w", key, err)
		}
	}
	return access, facts, nil
}

// sameProfile refuses a profile that is not the builder's: the image would be neither one's.
func sameProfile(profile *document.Profile, facts osconfig.Facts) error {
	digest, err := osconfig.ProfileDigest(profile)
	if err != nil {
		return fmt.Errorf("compare the profile with the builder's: %w", err)
	}
	name := profile.NodeProfile.Name
	switch {
	case facts.ProfileDigest == "" || facts.ProfileDigest == digest:
		return nil
	case facts.ProfileName == "" || facts.ProfileName == name:
		return fmt.Errorf("the provisioner's profile %s is not the one that the builder makes the image from; give both the same profile_yaml", name)
	default:
		return fmt.Errorf("the provisioner has the profile %s and the builder makes the image from %s; give both the same profile_yaml", name, facts.ProfileName)
	}
}

// apply configures the target and writes its meta.
func apply(ctx context.Context, ui packersdk.Ui, r osconfig.Runner, profile *document.Profile, facts osconfig.Facts) error {
	name := profile.NodeProfile.Name
	meta, err := osconfig.Meta(profile, facts)
	if err != nil {
		return fmt.Errorf("describe the image: %w", err)
	}
	vars, err := variables.Render(profile.NodeProfile)
	if err != nil {
		return err
	}
	text, err := vars.YAML()
	if err != nil {
		return err
	}

	ui.Say(fmt.Sprintf("Applying the configuration of profile %s", name))
	began := time.Now()
	recap, err := osconfig.Apply(ctx, r, osconfig.Options{
		VarsYAML: []byte(text),
		Secrets:  profile.Secrets(),
		Epoch:    facts.Epoch,
		Progress: func(format string, args ...any) { ui.Say("  " + fmt.Sprintf(format, args...)) },
	})
	if err != nil {
		return fmt.Errorf("apply profile %s: %w", name, err)
	}
	if err := osconfig.WriteMeta(ctx, r, "", facts.Epoch, meta); err != nil {
		return err
	}
	ui.Say(fmt.Sprintf("Applied in %s: %s; the image describes itself in %s",
		time.Since(began).Round(100*time.Millisecond), recap, osconfig.MetaDir))
	return nil
}
