//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Config,Cluster,DatasourceOutput

package nodeprofile

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/mitchellh/mapstructure"

	"github.com/airshipit/packer-plugin-airship/internal/cluster"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/isolation"
)

// Config is the data source's block in a template.
type Config struct {
	// Where the documents are: YAML files, directories and globs. A directory that holds a
	// `kustomization.yaml` is built as `kustomize build` does; of any other its `*.yaml` and `*.yml`
	// files are read, not those of directories inside it. A relative path starts in the directory that
	// `packer` was started in; `${path.root}` starts in the template's. Required where there is no
	// `cluster`.
	Documents []string `mapstructure:"documents"`
	// A Kubernetes cluster whose objects are read, besides `documents` if both are there.
	Cluster *Cluster `mapstructure:"cluster"`
	// The name of a Phase among the documents: what its executor and its `documentEntryPoint` say is
	// read, as `airshipctl phase run` would.
	Phase string `mapstructure:"phase"`

	// The `metadata.name` of the NodeProfile to use. Default: the only one there is; where there are
	// several, `name`, `image` or `selector` is needed.
	Name string `mapstructure:"name"`
	// The `metadata.name` of the AirshipImage to use, for a profile that has several.
	Image string `mapstructure:"image"`
	// A label selector as `kubectl -l` takes it, such as `airshipit.org/site=test,tier in (a, b)`; all
	// profiles that it selects are in `profiles`. The empty selector selects every profile.
	Selector string `mapstructure:"selector"`

	// Replaces the profile's `platform`: `baremetal`, `vm`, `azure`, `gcp` or `openstack`.
	Platform string `mapstructure:"platform"`
	// YAML or JSON that is laid over every profile, of the shape of a NodeProfile's `spec`:
	// `yamlencode({ osKernel = { grub = { GRUB_TIMEOUT = 1 } } })`.
	Overrides string `mapstructure:"overrides"`

	// Decrypt documents that sops has encrypted. `false` leaves their encrypted values as they are, so
	// that a template can be validated without the key: the builder and the provisioner decrypt them.
	// Default: `true`.
	Decrypt *bool `mapstructure:"decrypt"`

	// Ask the repositories, too: that packages and versions exist, that they can be installed together,
	// and that none of them brings an unapproved one. Takes the network, and a machine as the
	// builder's. Default: `false`.
	CheckRepositories bool `mapstructure:"check_repositories"`
	// With `check_repositories`: as the builder's option of that name.
	Mirror string `mapstructure:"mirror"`
	// With `check_repositories`: as the builder's option of that name.
	SecurityMirror string `mapstructure:"security_mirror"`
	// With `check_repositories`: as the builder's option of that name.
	CABundle string `mapstructure:"ca_bundle"`
	// With `check_repositories`: as the builder's option of that name.
	Isolation string `mapstructure:"isolation"`
	// With `check_repositories`: as the builder's option of that name.
	Accelerator string `mapstructure:"accelerator"`

	withSelector bool
}

// Cluster says which cluster is read, and as whom. An empty block is what `kubectl` would use.
type Cluster struct {
	// The kubeconfig file. Default: `KUBECONFIG`, else `~/.kube/config`, else the pod's own account.
	Kubeconfig string `mapstructure:"kubeconfig"`
	// The kubeconfig's context. Default: its current one.
	Context string `mapstructure:"context"`
	// The namespace, or `*` for all. Default: the context's.
	Namespace string `mapstructure:"namespace"`
}

func (c *Config) decode(raws ...any) error {
	var set mapstructure.Metadata
	// Not interpolated: Jinja expressions in overrides are not Packer's.
	if err := config.Decode(c, &config.DecodeOpts{PluginType: "airship-nodeprofile", Metadata: &set}, raws...); err != nil {
		return err
	}
	c.withSelector = slices.Contains(set.Keys, "selector")
	var mistakes []error
	if len(c.Documents) == 0 && c.Cluster == nil {
		mistakes = append(mistakes, errors.New("documents is empty and there is no cluster: want files, directories or globs"))
	}
	if c.withSelector && (c.Name != "" || c.Image != "") {
		mistakes = append(mistakes, errors.New("selector chooses profiles, and so do name and image: give one of them"))
	}
	kinds := []string{isolation.Auto, isolation.QEMU, isolation.Namespace}
	if c.Isolation != "" && !slices.Contains(kinds, c.Isolation) {
		mistakes = append(mistakes, fmt.Errorf("isolation is %q: want one of %q", c.Isolation, kinds))
	}
	if len(mistakes) == 1 {
		return mistakes[0]
	}
	return multierror.Append(nil, mistakes...).ErrorOrNil()
}

// source is what the documents are read from.
func (c *Config) source() document.Source {
	source := document.Source{
		Documents: c.Documents, Phase: c.Phase,
		Platform: c.Platform, Overrides: c.Overrides,
		LeaveEncrypted: c.Decrypt != nil && !*c.Decrypt,
	}
	if c.Cluster != nil {
		source.Cluster = &cluster.Config{
			Kubeconfig: c.Cluster.Kubeconfig, Context: c.Cluster.Context, Namespace: c.Cluster.Namespace,
		}
	}
	return source
}

// unknown says whether an option comes from another data source that `packer validate` does not
// execute.
func (c *Config) unknown() bool {
	return slices.Contains(append([]string{c.Name, c.Image, c.Selector, c.Phase, c.Platform, c.Overrides}, c.Documents...), document.Unknown)
}
