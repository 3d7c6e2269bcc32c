//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Config

package airship

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/mitchellh/mapstructure"
	"sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/osconfig"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// Config is the provisioner's block in a template.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	// The resolved NodeProfile as YAML: the data source's `profile_yaml`. Either it or `documents`
	// is required.
	ProfileYAML string `mapstructure:"profile_yaml"`
	// Where the documents are: files, directories and globs, as the data source takes them.
	Documents []string `mapstructure:"documents"`
	// The NodeProfile to use where the documents hold several.
	ProfileName string `mapstructure:"profile_name"`
	// The AirshipImage to use where the profile has several.
	ImageName string `mapstructure:"image_name"`

	// Ansible playbooks of your own that run after the role `osconfig`, in order, on the host `target` with the
	// profile's variables. The directories that Ansible looks for beside a playbook (`roles`, `files`, `templates`, `group_vars`, …)
	// and the YAML files there come along. Default: `[]`.
	PlaybookFiles []string `mapstructure:"playbook_files"`
	// The same, before the role `osconfig`. Default: `[]`.
	PlaybookFilesBefore []string `mapstructure:"playbook_files_before"`
	// Directories with roles for your playbooks. Default: `[]`.
	RolesPath []string `mapstructure:"roles_path"`
	// More variables for your playbooks, a mapping as JSON or YAML: `jsonencode({site = "one"})`. They lie over the
	// profile's `extraVars`; Airship's own variables are the profile's to set. Default: none.
	ExtraVars string `mapstructure:"extra_vars"`
	// Roles of this plugin that do not run: `packages` (installs the profile's packages on a machine that the builder `airship` did not
	// make), `osconfig` (applies the configuration), `finalise` (takes host keys, machine id, logs and caches off such a
	// machine). Default: `[]`.
	SkipRoles []string `mapstructure:"skip_roles"`
	// More arguments of `ansible-playbook`, such as `["-v"]` or `["--skip-tags", "slow"]`. What Ansible prints is shown then. Default: `[]`.
	AnsibleArguments []string `mapstructure:"ansible_arguments"`
	// Install Python on a machine that has none, by its own apt. Default: `false`, and it is an error.
	InstallPython bool `mapstructure:"install_python"`

	// With a builder other than `airship`, Ansible runs in a machine of this plugin on this host, as builds do:
	// `qemu`, `namespace` or `auto` (default).
	Isolation string `mapstructure:"isolation"`
	// QEMU's accelerator for that machine: `kvm`, `hvf`, `whpx`, `tcg` or `auto` (default).
	Accelerator string `mapstructure:"accelerator"`
	// The base URL of the Debian mirror that this machine's tools come from. Default: the environment variable
	// `AIRSHIP_MIRROR`, else what this host's apt sources name, else Debian's alias.
	Mirror string `mapstructure:"mirror"`
	// A PEM file of certificate authorities to trust besides the system's, for downloads (`fetch_from_url` and the tools). Proxies are
	// taken from `http_proxy`, `https_proxy` and `no_proxy`.
	CABundle string `mapstructure:"ca_bundle"`

	choice document.Choice
	plays  osconfig.Plays
	// profile is nil while its source is not known.
	profile *document.Profile
}

// open decrypts the profile where the data source left that to the build.
func (c *Config) open(ctx context.Context) (err error) {
	c.profile, err = c.choice.Open(ctx, c.profile, plan.Check)
	return err
}

// decode reads the options, then the profile wherever its source is known. All mistakes are reported.
func (c *Config) decode(raws ...any) error {
	var set mapstructure.Metadata
	// Not interpolated: Jinja expressions in a profile are not Packer's.
	if err := config.Decode(c, &config.DecodeOpts{PluginType: "airship", Metadata: &set}, raws...); err != nil {
		return err
	}
	var mistakes *multierror.Error
	wrong := func(err error) {
		if err != nil {
			mistakes = multierror.Append(mistakes, err)
		}
	}
	for _, one := range []struct {
		name, value string
		allowed     []string
	}{
		{"isolation", c.Isolation, []string{"", isolation.Auto, isolation.QEMU, isolation.Namespace}},
		{"accelerator", c.Accelerator, []string{"", qemu.Auto, qemu.KVM, qemu.HVF, qemu.WHPX, qemu.TCG}},
	} {
		if !slices.Contains(one.allowed, one.value) && one.value != document.Unknown {
			wrong(fmt.Errorf("%s is %q: want one of %q", one.name, one.value, one.allowed[1:]))
		}
	}
	for _, name := range c.SkipRoles {
		if !slices.Contains(osconfig.Roles, name) && name != document.Unknown {
			wrong(fmt.Errorf("skip_roles: unknown role %q%s; this plugin's are %q", name, mistake.Suggest(name, osconfig.Roles), osconfig.Roles))
		}
	}
	if c.CABundle != "" && c.CABundle != document.Unknown {
		if _, err := os.Stat(c.CABundle); err != nil {
			wrong(fmt.Errorf("ca_bundle: %w", err))
		}
	}
	wrong(c.decodePlays())
	c.choice = document.Choice{
		YAML: c.ProfileYAML, Source: document.Source{Documents: c.Documents}, Selection: document.Selection{Name: c.ProfileName, Image: c.ImageName},
		WithYAML:      slices.Contains(set.Keys, "profile_yaml"),
		WithDocuments: slices.Contains(set.Keys, "documents"),
	}
	var err error
	c.profile, err = c.choice.Read(context.Background(), plan.Check)
	wrong(err)
	return mistakes.ErrorOrNil()
}

// decodePlays checks the operator's plays and variables.
func (c *Config) decodePlays() error {
	known := func(names []string) (clean []string) {
		for _, name := range names {
			if name != document.Unknown {
				clean = append(clean, filepath.Clean(name))
			}
		}
		return clean
	}
	c.plays = osconfig.Plays{Before: known(c.PlaybookFilesBefore), After: known(c.PlaybookFiles), RolesPath: known(c.RolesPath)}
	var mistakes *multierror.Error
	if err := c.plays.Check(); err != nil {
		mistakes = multierror.Append(mistakes, err)
	}
	if c.ExtraVars == "" || c.ExtraVars == document.Unknown {
		return mistakes.ErrorOrNil()
	}
	var vars v1alpha1.Object
	if err := yaml.Unmarshal([]byte(c.ExtraVars), &vars); err != nil {
		return multierror.Append(mistakes, fmt.Errorf("extra_vars: want a mapping as JSON or YAML, such as jsonencode({site = \"one\"}): %w", err))
	}
	for _, m := range mistake.All(variables.CheckExtraVars(vars)) {
		m.Field = "extra_vars." + m.Field[len("spec.extraVars."):]
		mistakes = multierror.Append(mistakes, m)
	}
	return mistakes.ErrorOrNil()
}

// skips says whether a role is left out.
func (c *Config) skips(role string) bool { return slices.Contains(c.SkipRoles, role) }
