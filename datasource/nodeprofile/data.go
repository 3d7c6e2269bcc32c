//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Config,DatasourceOutput

// Package nodeprofile is Packer's data source airship-nodeprofile.
//
// Airship's documents go in; a resolved node profile, its Ansible variables and the few values
// that templates branch on come out.
package nodeprofile

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/hcl2helper"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/zclconf/go-cty/cty"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Config is the data source's block in a template.
type Config struct {
	// Where the documents are: YAML files, directories (their `*.yaml` and `*.yml` files, not
	// those of directories inside them) and globs. A relative path starts in the directory that
	// `packer` was started in; `${path.root}` starts in the template's.
	Documents []string `mapstructure:"documents" required:"true"`
	// The `metadata.name` of the NodeProfile to use. Default: the only one that the documents
	// hold; where they hold several, a name is needed.
	Name string `mapstructure:"name"`
}

// DatasourceOutput is what a template reads.
type DatasourceOutput struct {
	// The resolved NodeProfile as YAML: defaults filled in, `_append` lists merged, references
	// between variables resolved, keys sorted, a comment behind each value with the file and line
	// it comes from. The builder and the provisioner take it as their
	// `profile_yaml`. Password hashes of `users` are in it.
	ProfileYAML string `mapstructure:"profile_yaml"`
	// The profile's Ansible variables as a vars file, keys sorted. Airship's variables keep their
	// names and shapes; fields of our own begin with `airship_`. Password hashes are in it.
	VarsYAML string `mapstructure:"vars_yaml"`
	// The same variables as JSON in one line, for `jsondecode`.
	VarsJSON string `mapstructure:"vars_json"`
	// The NodeProfile's `metadata.name`.
	Name string `mapstructure:"name"`
	// What the node runs on: `baremetal`, `vm`, `azure`, `gcp` or `openstack`.
	Platform string `mapstructure:"platform"`
	// The distribution's code name, such as `bookworm`.
	Suite string `mapstructure:"suite"`
	// Debian's name of the architecture: `amd64` or `arm64`.
	Architecture string `mapstructure:"architecture"`
	// The packages that the profile asks for, `NAME` or `NAME=VERSION`, sorted; what they depend
	// on is not among them.
	Packages []string `mapstructure:"packages"`
}

// Datasource is airship-nodeprofile.
type Datasource struct {
	config  Config
	profile *document.Profile
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
	if err := config.Decode(&d.config, nil, raws...); err != nil {
		return fmt.Errorf("airship-nodeprofile: %w", err)
	}
	if len(d.config.Documents) == 0 {
		return errors.New("airship-nodeprofile: documents is empty; want files, directories or globs")
	}
	set, err := document.Read(d.config.Documents, plan.Check)
	if err != nil {
		return fmt.Errorf("airship-nodeprofile: %w", err)
	}
	d.profile, err = set.Select(d.config.Name)
	if err != nil {
		return fmt.Errorf("airship-nodeprofile: %w", err)
	}
	return nil
}

// Execute renders the profile that Configure read.
func (d *Datasource) Execute() (cty.Value, error) {
	output, err := render(d.profile)
	if err != nil {
		// Packer's core panics on cty.NilVal.
		return cty.NullVal(cty.EmptyObject), fmt.Errorf("airship-nodeprofile: %w", err)
	}
	return hcl2helper.HCL2ValueFromConfig(output, d.OutputSpec()), nil
}

func render(profile *document.Profile) (DatasourceOutput, error) {
	if profile == nil {
		return DatasourceOutput{}, errors.New("Execute without a successful Configure")
	}
	profileYAML, err := profile.SourcedYAML()
	if err != nil {
		return DatasourceOutput{}, err
	}
	vars, err := document.Vars(profile.NodeProfile)
	if err != nil {
		return DatasourceOutput{}, err
	}
	varsYAML, err := vars.YAML()
	if err != nil {
		return DatasourceOutput{}, err
	}
	varsJSON, err := vars.JSON()
	if err != nil {
		return DatasourceOutput{}, err
	}
	spec := profile.NodeProfile.Spec
	return DatasourceOutput{
		ProfileYAML:  profileYAML,
		VarsYAML:     varsYAML,
		VarsJSON:     varsJSON,
		Name:         profile.NodeProfile.Name,
		Platform:     spec.Platform,
		Suite:        spec.Suite,
		Architecture: spec.Architecture,
		Packages:     profile.Packages(),
	}, nil
}
