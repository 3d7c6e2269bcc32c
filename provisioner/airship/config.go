//go:generate packer-sdc mapstructure-to-hcl2 -type Config

package airship

import (
	"context"
	"slices"

	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/mitchellh/mapstructure"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Config are the provisioner's options; docs/provisioners/airship.mdx is their manual.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	// ProfileYAML is a resolved NodeProfile, the data source's profile_yaml. Either it or Documents.
	ProfileYAML string `mapstructure:"profile_yaml"`
	// Documents are files, directories and globs that hold a NodeProfile.
	Documents []string `mapstructure:"documents"`
	// ProfileName chooses among several profiles in Documents.
	ProfileName string `mapstructure:"profile_name"`
	// ImageName chooses among several AirshipImages of the profile.
	ImageName string `mapstructure:"image_name"`

	choice document.Choice
	// profile is nil while its source is not known.
	profile *document.Profile
}

// open decrypts the profile where the data source left that to the build.
func (c *Config) open(ctx context.Context) (err error) {
	c.profile, err = c.choice.Open(ctx, c.profile, plan.Check, osconfig.CheckApplied)
	return err
}

// decode reads the options, then the profile wherever its source is known.
func (c *Config) decode(raws ...any) error {
	var set mapstructure.Metadata
	// Not interpolated: Jinja expressions in a profile are not Packer's.
	if err := config.Decode(c, &config.DecodeOpts{PluginType: "airship", Metadata: &set}, raws...); err != nil {
		return err
	}
	c.choice = document.Choice{
		YAML: c.ProfileYAML, Source: document.Source{Documents: c.Documents}, Selection: document.Selection{Name: c.ProfileName, Image: c.ImageName},
		WithYAML:      slices.Contains(set.Keys, "profile_yaml"),
		WithDocuments: slices.Contains(set.Keys, "documents"),
	}
	var err error
	c.profile, err = c.choice.Read(context.Background(), plan.Check, osconfig.CheckApplied)
	return err
}
