// Package airship is the Packer provisioner airship: it applies a NodeProfile's configuration to the
// image under construction and writes there what the image is.
//
// A profile enters, and the builder's generated data and communicator; /etc/imagebuilder/meta and a configured
// root file system or machine leave.
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
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/internal/resolution"
)

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

// Provision applies the profile: to the target of the builder airship's machine, or to the machine behind
// another builder's communicator.
func (p *Provisioner) Provision(ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, generated map[string]any) error {
	if p.config.profile == nil {
		return errors.New("the profile is empty: profile_yaml or documents has no value")
	}
	if err := p.config.open(ctx); err != nil {
		return err
	}
	packersdk.LogSecretFilter.Set(p.config.profile.Secrets()...)
	a := &application{config: &p.config, profile: p.config.profile, ui: ui, mask: p.config.profile.Mask()}
	access, facts, found, err := fromBuilder(generated)
	switch {
	case err != nil:
		return err
	case found:
		err = a.inBuilder(ctx, access, facts)
	default:
		err = a.overCommunicator(ctx, comm, generated)
	}
	return a.mask.Error(err)
}

// fromBuilder takes apart what the builder airship left in the generated data; false where another
// builder runs.
func fromBuilder(generated map[string]any) (access machine.Access, facts osconfig.Facts, found bool, err error) {
	for key, value := range map[string]any{osconfig.MachineKey: &access, osconfig.BuildKey: &facts} {
		text, ok := generated[key].(string)
		if !ok || text == "" {
			return access, facts, false, nil
		}
		if err := json.Unmarshal([]byte(text), value); err != nil {
			return access, facts, false, fmt.Errorf("read the builder's %s: %w", key, err)
		}
	}
	return access, facts, true, nil
}

// application is one run of the provisioner.
type application struct {
	config  *Config
	profile *document.Profile
	ui      packersdk.Ui
	mask    mistake.Mask
	// where is " to HOST" of a machine that another builder made.
	where string
}

// say prints one indented line.
func (a *application) say(format string, args ...any) {
	a.ui.Say("  " + a.mask.Text(fmt.Sprintf(format, args...)))
}

// inBuilder configures the root file system that the builder airship makes.
func (a *application) inBuilder(ctx context.Context, access machine.Access, facts osconfig.Facts) error {
	if err := sameProfile(a.profile, facts); err != nil {
		return err
	}
	session, err := machine.Connect(ctx, access)
	if err != nil {
		return fmt.Errorf("reach the builder's machine: %w", err)
	}
	err = a.apply(ctx, session, osconfig.Chroot{Runner: session}, facts, nil)
	return errors.Join(err, session.Close())
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

// apply configures a target, with variables of its own where remote gives some. r runs Ansible.
func (a *application) apply(ctx context.Context, r osconfig.Runner, t osconfig.Target, facts osconfig.Facts, remote map[string]any) error {
	name := a.profile.NodeProfile.Name
	vars, err := osconfig.VarsYAML(a.profile.NodeProfile, facts.Action, remote)
	if err != nil {
		return err
	}
	a.ui.Say(fmt.Sprintf("Applying the configuration of profile %s", name))
	began := time.Now()
	if err := osconfig.CheckPython(ctx, t); err != nil {
		return err
	}
	downloads, err := a.fetch(ctx)
	defer func() {
		for _, d := range downloads {
			_ = d.Close()
		}
	}()
	if err != nil {
		return a.profile.Locate(err)
	}
	recap, err := osconfig.Apply(ctx, r, t, osconfig.Options{
		VarsYAML: vars, ExtraVars: []byte(a.config.ExtraVars), Secrets: a.profile.Secrets(),
		Downloads: downloads, Plays: a.config.plays, Skip: a.config.SkipRoles, Arguments: a.config.AnsibleArguments,
		Epoch: facts.Epoch, Progress: a.say,
	})
	if err != nil {
		return fmt.Errorf("apply profile %s%s: %w", name, a.where, a.located(err))
	}
	took := time.Since(began).Round(100 * time.Millisecond)
	if a.config.skips("osconfig") {
		// What is not configured does not say that it is.
		a.ui.Say(fmt.Sprintf("Done in %s: %s", took, recap))
		return nil
	}
	if err := a.describe(ctx, t, facts); err != nil {
		return err
	}
	a.ui.Say(fmt.Sprintf("Applied in %s: %s; the image describes itself in %s", took, recap, osconfig.MetaDir))
	return nil
}

// located is err with the places of what it says about the profile.
func (a *application) located(err error) error {
	var failed *osconfig.TaskError
	if errors.As(err, &failed) {
		failed.NamePackages(&a.profile.NodeProfile.Spec)
	}
	return a.profile.Locate(err)
}

// describe writes what the image is into it.
func (a *application) describe(ctx context.Context, t osconfig.Target, facts osconfig.Facts) error {
	written := time.Unix(facts.Epoch, 0)
	if facts.Epoch == 0 {
		written = time.Now()
		if err := osconfig.Look(ctx, t, &facts); err != nil {
			return err
		}
	}
	meta, err := osconfig.Meta(a.profile, facts)
	if err != nil {
		return fmt.Errorf("describe the image: %w", err)
	}
	return osconfig.WriteMeta(ctx, t, written.Unix(), meta)
}

// fetch downloads what the profile names.
func (a *application) fetch(ctx context.Context) ([]osconfig.Download, error) {
	fetches := a.profile.NodeProfile.Spec.Files.FetchFromURL
	if len(fetches) == 0 {
		return nil, nil
	}
	cache, err := a.cache()
	if err != nil {
		return nil, err
	}
	defer cache.Close()
	direct, err := store.NewFetcher(cache.Store, store.Options{CABundle: a.config.CABundle, Log: a.say})
	if err != nil {
		return nil, err
	}
	defer direct.Close()
	return osconfig.Fetch(ctx, fetches, cache.Fetcher, direct, a.say)
}

// cache is the one that builds share.
func (a *application) cache() (*resolution.Cache, error) {
	directory, err := packersdk.CachePath("airship")
	if err != nil {
		return nil, fmt.Errorf("the cache: %w", err)
	}
	return resolution.OpenCache(resolution.CacheOptions{
		Dir: directory, Mirror: a.config.Mirror, CABundle: a.config.CABundle, Say: a.say,
	})
}
