// Package nodeprofile is Packer's data source airship-nodeprofile.
//
// Airship's documents go in; resolved node profiles, their Ansible variables and the few values
// that templates branch on come out.
package nodeprofile

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/hcl2helper"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/zclconf/go-cty/cty"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/resolution"
)

// Datasource is airship-nodeprofile.
type Datasource struct {
	config   Config
	profiles []*document.Profile
}

// ConfigSpec is the layout of the block.
func (d *Datasource) ConfigSpec() hcldec.ObjectSpec { return d.config.FlatMapstructure().HCL2Spec() }

// OutputSpec is the layout of what Execute returns.
func (d *Datasource) OutputSpec() hcldec.ObjectSpec {
	return (&DatasourceOutput{}).FlatMapstructure().HCL2Spec()
}

// Configure reads and checks the documents: `packer validate` calls nothing else of a data
// source, and all mistakes are to be seen there.
func (d *Datasource) Configure(raws ...any) error {
	if err := d.configure(context.Background(), raws...); err != nil {
		return fmt.Errorf("airship-nodeprofile: %w", err)
	}
	return nil
}

func (d *Datasource) configure(ctx context.Context, raws ...any) error {
	if err := d.config.decode(raws...); err != nil {
		return err
	}
	if d.config.unknown() {
		return nil
	}
	set, err := d.config.source().Read(ctx, plan.Check)
	if err != nil {
		return err
	}
	selected, err := set.Select(document.Selection{
		Name: d.config.Name, Image: d.config.Image,
		Labels: d.config.Selector, All: d.config.withSelector,
	})
	if err != nil {
		return err
	}
	d.profiles = selected
	for _, profile := range selected {
		packersdk.LogSecretFilter.Set(profile.Secrets()...)
	}
	if !d.config.CheckRepositories {
		return nil
	}
	cache, err := packersdk.CachePath("airship")
	if err != nil {
		return fmt.Errorf("the cache directory: %w", err)
	}
	return resolution.Check(ctx, resolution.CheckOptions{
		Isolation: d.config.Isolation, Accelerator: d.config.Accelerator,
		Mirror: d.config.Mirror, SecurityMirror: d.config.SecurityMirror, CABundle: d.config.CABundle,
		CacheDir: cache,
		// A data source has no UI; PACKER_LOG shows this.
		Progress: log.Printf,
	}, selected...)
}

// Execute renders the profiles that Configure read.
func (d *Datasource) Execute() (cty.Value, error) {
	// Packer's core panics on cty.NilVal.
	none := cty.NullVal(cty.EmptyObject)
	if len(d.profiles) == 0 {
		return none, errors.New("airship-nodeprofile: Execute without a successful Configure")
	}
	output, err := render(d.profiles)
	if err != nil {
		return none, fmt.Errorf("airship-nodeprofile: %w", err)
	}
	return hcl2helper.HCL2ValueFromConfig(output, d.OutputSpec()), nil
}
