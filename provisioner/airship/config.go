//go:generate packer-sdc mapstructure-to-hcl2 -type Config

package airship

import (
	"errors"
	"slices"

	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/mitchellh/mapstructure"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// unknown is what `packer validate` gives for the outputs of a data source that it does not execute;
// a list is empty then.
const unknown = "<unknown>"

// Config are the provisioner's options; docs/provisioners/airship.mdx is their manual.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	// ProfileYAML is a resolved NodeProfile, the data source's profile_yaml. Either it or Documents.
	ProfileYAML string `mapstructure:"profile_yaml"`
	// Documents are files, directories and globs that hold a NodeProfile.
	Documents []string `mapstructure:"documents"`
	// ProfileName chooses among several profiles in Documents.
	ProfileName string `mapstructure:"profile_name"`

	// profile is nil while its source is not known.
	profile *document.Profile
}

// decode reads the options, then the profile wherever its source is known.
func (c *Config) decode(raws ...any) error {
	var set mapstructure.Metadata
	// Not interpolated: Jinja expressions in a profile are not Packer's.
	if err := config.Decode(c, &config.DecodeOpts{PluginType: "airship", Metadata: &set}, raws...); err != nil {
		return err
	}
	if err := c.check(slices.Contains(set.Keys, "profile_yaml"), slices.Contains(set.Keys, "documents")); err != nil {
		return err
	}
	var err error
	c.profile, err = c.read()
	return err
}

// check wants one source of the profile; withYAML and withDocuments say which are written in the template.
func (c *Config) check(withYAML, withDocuments bool) error {
	switch {
	case withYAML && withDocuments:
		return errors.New("profile_yaml and documents are both there; give one")
	case !withYAML && !withDocuments:
		return errors.New("the profile is missing: give profile_yaml (data.airship-nodeprofile.NAME.profile_yaml) or documents")
	case withYAML && c.ProfileName != "" && c.ProfileName != unknown:
		return errors.New("profile_name chooses among documents; with profile_yaml the data source's name does that")
	}
	return nil
}

// read reads and checks the profile; nil while its source is not known.
func (c *Config) read() (*document.Profile, error) {
	switch {
	case c.ProfileYAML == unknown || slices.Contains(c.Documents, unknown) || c.ProfileName == unknown:
		return nil, nil
	case c.ProfileYAML != "":
		return document.Parse(c.ProfileYAML, "profile_yaml", plan.Check)
	case len(c.Documents) == 0:
		return nil, nil
	}
	set, err := document.Read(c.Documents, plan.Check)
	if err != nil {
		return nil, err
	}
	return set.Select(c.ProfileName)
}
