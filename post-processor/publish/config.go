//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Config,Target,Cluster

package publish

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/mitchellh/mapstructure"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/publish"
	"github.com/airshipit/packer-plugin-airship/internal/site"
)

// Config is the post-processor's block in a template.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	// The resolved NodeProfile as YAML, the data source's `profile_yaml`, whose AirshipImage says where the image goes. Default:
	// that of the builder `airship`, which an artifact of another builder does not have.
	ProfileYAML string `mapstructure:"profile_yaml"`

	// The architecture of images that another builder made, Debian's name: `amd64`, `arm64`. Default: `amd64`. The builder `airship`
	// tells its own.
	Architecture string `mapstructure:"architecture"`

	// A repository of an OCI registry for the images, `REGISTRY/REPOSITORY`. Credentials are those of Docker's configuration
	// and its helpers; a registry on this host's loopback interface is spoken to without TLS. Default: the AirshipImage's
	// `spec.publish.registry`, else none.
	Registry string `mapstructure:"registry"`
	// The image's tag in the registry, beside its digest. Default: the AirshipImage's, else `latest`.
	Tag string `mapstructure:"tag"`
	// Airship's container image of disk images, `REGISTRY/REPOSITORY:TAG`, with `/qcows/NAME.qcow2` and its `.md5sum` for
	// each profile. Default: the AirshipImage's, else none.
	Bundle string `mapstructure:"bundle"`
	// A directory that a web server serves. Default: the AirshipImage's, else none.
	Directory string `mapstructure:"directory"`
	// Where the web server serves `directory`: `http://images.example.org`. Default: the AirshipImage's, else none, and then
	// documents cannot name what is in the directory.
	URL string `mapstructure:"url"`
	// Which of the stored copies documents name: `registry` or `directory`. Default: the registry's where there is one.
	PointTo string `mapstructure:"point_to"`
	// Let a tag, or a name in the directory, that exists take this image. Default: the AirshipImage's, else `false`: that is
	// an error before anything is sent.
	Overwrite *bool `mapstructure:"overwrite"`
	// A PEM file of certificate authorities to trust besides the system's. Proxies are taken from `http_proxy`,
	// `https_proxy` and `no_proxy`.
	CABundle string `mapstructure:"ca_bundle"`

	// The site's documents: files, directories (with all that is in them) and globs. The AirshipImage's
	// `spec.publish.documents`, the hosts that its `hostSelector` selects, and its own status are set in them. Default: none, no
	// document changes.
	Documents []string `mapstructure:"documents"`
	// Kustomization directories whose rendered documents count, too; these are changed by patches or as copies.
	Kustomizations []string `mapstructure:"kustomizations"`
	// How documents change: `in-place`; `directory`, changed copies in `update_directory`; `patch`, kustomize patches there, with a
	// component that applies them; or `diff`, which changes none and prints what would. Default: `in-place`.
	Update string `mapstructure:"update"`
	// The directory for `update`; with `in-place` it takes patches for what is rendered by a template, and the AirshipImage where none of
	// the documents is it. With each run its files are made anew of the documents, with what other builds have named in them: that is kept in
	// `.airship-publish.json` there. Default: none.
	UpdateDirectory string `mapstructure:"update_directory"`
	// Documents that name the image, one block each. Default: the AirshipImage's `spec.publish.documents`.
	Targets []Target `mapstructure:"target"`

	// The cluster that gets the AirshipImage, with its status, by server-side apply. An empty block is the one that
	// `kubectl` would use. Default: none.
	Cluster *Cluster `mapstructure:"cluster"`

	profile *document.Profile
}

// Target is a place of a document that names the image.
type Target struct {
	// `VersionsCatalogue`, `VariableCatalogue`, `BareMetalHost`, `Metal3MachineTemplate`, `BaremetalManager`, or another kind.
	Kind string `mapstructure:"kind" required:"true"`
	// The document's name. Default, for a `BareMetalHost` or `Metal3MachineTemplate`: all that the AirshipImage's `hostSelector`
	// selects.
	Name string `mapstructure:"name"`
	// Chooses among documents of one name.
	Namespace string `mapstructure:"namespace"`
	// A glob of file names, which chooses among documents of one name.
	File string `mapstructure:"file"`
	// The path to the mapping that has `url` and `checksum`, or to a text. Default: where documents of the kind have it.
	FieldPath string `mapstructure:"field_path"`
	// What a text at `field_path` becomes: `url` (default), `checksum`, `checksumType`, `format` or `size`.
	Value string `mapstructure:"value"`
	// The checksum's algorithm: `sha256`, `sha512` or `md5`. Default: the one that the document names, or, without a
	// `checksumType`, that its checksum is of, else `sha256`.
	Checksum string `mapstructure:"checksum"`
	// Chooses among the image's formats. Default: the first.
	Format string `mapstructure:"format"`
}

// Cluster says which cluster gets the AirshipImage, and as whom.
type Cluster struct {
	// The kubeconfig file. Default: `KUBECONFIG`, else `~/.kube/config`, else the pod's own account.
	Kubeconfig string `mapstructure:"kubeconfig"`
	// The kubeconfig's context. Default: its current one.
	Context string `mapstructure:"context"`
	// The namespace, where the AirshipImage names none. Default: the context's.
	Namespace string `mapstructure:"namespace"`
	// Take fields over that another manager has set to another value. Default: `false`: that is an error.
	Force bool `mapstructure:"force"`
	// Let the cluster check the AirshipImage and keep nothing. Default: `false`.
	DryRun bool `mapstructure:"dry_run"`
}

// Ways to update documents, those of site and one that writes nothing.
const diffOnly = "diff"

var updates = []string{string(site.InPlace), string(site.Directory), string(site.Patch), diffOnly}

// Stored copies that documents may name.
const (
	toRegistry  = "registry"
	toDirectory = "directory"
)

func (c *Config) decode(raws ...any) error {
	var set mapstructure.Metadata
	// Not interpolated: Jinja expressions in a profile are not Packer's.
	if err := config.Decode(c, &config.DecodeOpts{PluginType: "airship-publish", Metadata: &set}, raws...); err != nil {
		return err
	}
	var mistakes *multierror.Error
	for _, choice := range []struct {
		name, value string
		allowed     []string
	}{{"update", c.Update, updates}, {"point_to", c.PointTo, []string{toRegistry, toDirectory}}} {
		if choice.value != "" && choice.value != document.Unknown && !slices.Contains(choice.allowed, choice.value) {
			mistakes = multierror.Append(mistakes, fmt.Errorf("%s is %q: want one of %q", choice.name, choice.value, choice.allowed))
		}
	}
	for i, t := range c.Targets {
		if t.Format != "" && t.Format != document.Unknown && !slices.Contains(publish.Formats(), t.Format) {
			mistakes = multierror.Append(mistakes, fmt.Errorf("target %d: format is %q%s; want one of %q", i+1, t.Format, mistake.Suggest(t.Format, publish.Formats()), publish.Formats()))
		}
	}
	if needs := c.Update == string(site.Directory) || c.Update == string(site.Patch); needs && c.UpdateDirectory == "" {
		mistakes = multierror.Append(mistakes, fmt.Errorf("update is %q: want an update_directory for it", c.Update))
	}
	if c.CABundle != "" && c.CABundle != document.Unknown {
		if _, err := os.Stat(c.CABundle); err != nil {
			mistakes = multierror.Append(mistakes, fmt.Errorf("ca_bundle: %w", err))
		}
	}
	if slices.Contains(set.Keys, "profile_yaml") {
		profile, err := document.Choice{YAML: c.ProfileYAML, WithYAML: true}.Read(context.Background())
		if err != nil {
			mistakes = multierror.Append(mistakes, err)
		}
		c.profile = profile
		if err == nil && profile != nil && !c.unknown() {
			mistakes = multierror.Append(mistakes, c.order(&profile.Image).check(c.changes()))
		}
	}
	return mistakes.ErrorOrNil()
}

// unknown says whether an option is that of a data source which `packer validate` does not execute.
func (c *Config) unknown() bool {
	values := []string{c.Registry, c.Tag, c.Bundle, c.Directory, c.URL, c.PointTo, c.Update, c.UpdateDirectory}
	for _, t := range c.Targets {
		values = append(values, t.Kind, t.Name, t.Namespace, t.File, t.FieldPath, t.Value, t.Checksum, t.Format)
	}
	return slices.Contains(slices.Concat(values, c.Documents, c.Kustomizations), document.Unknown)
}
