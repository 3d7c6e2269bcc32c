//go:generate packer-sdc struct-markdown

package nodeprofile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/networkdata"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// DatasourceOutput is what a template reads.
type DatasourceOutput struct {
	// All profiles that were selected, as `profile_yaml` by name: that of the AirshipImage, or the
	// profile's own where no document holds an AirshipImage of it.
	Profiles map[string]string `mapstructure:"profiles"`

	// The resolved NodeProfile as YAML: what it extends, its image's params, its defaults and the
	// references between its variables filled in, keys sorted, a comment behind each value with the
	// file and line it comes from. The builder and the provisioner take it as their `profile_yaml`.
	// In the place of a secret is a reference that they resolve from the documents. An AirshipImage
	// that a document holds is a second YAML document in it. What the builder chooses by itself, such as
	// the kernel of the platform and the layout of the disk, is not in it. This and all that follows is
	// empty where `selector` selects several profiles.
	ProfileYAML string `mapstructure:"profile_yaml"`
	// The profile's AirshipImage, the one that a document holds or the one that follows from the profile.
	ImageYAML string `mapstructure:"image_yaml"`
	// The profile's Ansible variables as a vars file, keys sorted. Airship's variables keep their
	// names and shapes; fields of our own begin with `airship_`. Secrets are left out as in `profile_yaml`.
	VarsYAML string `mapstructure:"vars_yaml"`
	// The same variables as JSON in one line, for `jsondecode`.
	VarsJSON string `mapstructure:"vars_json"`
	// The variables of each of Airship's roles as a vars file of its own, by the role's name:
	// `multistrap`, `osconfig`, `livecdcontent`, `qcow`. `software.packages` are among `ubuntu_packages` there.
	RoleVars map[string]string `mapstructure:"role_vars"`
	// The NodeProfile's `metadata.name`.
	Name string `mapstructure:"name"`
	// The labels of the NodeProfile and its AirshipImage.
	Labels map[string]string `mapstructure:"labels"`
	// What the node runs on: `baremetal`, `vm`, `azure`, `gcp` or `openstack`.
	Platform string `mapstructure:"platform"`
	// `debian` or `ubuntu`.
	Distribution string `mapstructure:"distribution"`
	// The distribution's code name, such as `bookworm`.
	Suite string `mapstructure:"suite"`
	// Debian's name of the architecture: `amd64` or `arm64`.
	Architecture string `mapstructure:"architecture"`
	// The packages that the profile asks for, `NAME` or `NAME=VERSION`, sorted; what they depend
	// on is not among them. Here, too, a reference stands in the place of a secret.
	Packages []string `mapstructure:"packages"`
	// The disk's virtual size in MiB with `M` behind it, as the qemu builder's `disk_size` takes it: `19456M`;
	// empty where it is a secret or what it follows from is still encrypted.
	DiskSize string `mapstructure:"disk_size"`
	// The same in GiB, rounded up, for clouds: `os_disk_size_gb` of azure-arm, `disk_size` of googlecompute;
	// 0 where `disk_size` is empty.
	DiskSizeGB int `mapstructure:"disk_size_gb"`
	// Cloud-init's user data; empty where there is none or it is a secret.
	UserData string `mapstructure:"user_data"`
	// OpenStack's network_data.json; empty where there is none or something in it is a secret.
	NetworkData string `mapstructure:"network_data"`
	// The kernel command line's arguments, joined by spaces.
	KernelCommandLine string `mapstructure:"kernel_command_line"`
}

// render is the outputs of the profiles that were selected.
func render(profiles []*document.Profile) (DatasourceOutput, error) {
	// Empty, not nil: Packer's core knows an output's type by its value.
	all := map[string]string{}
	for _, profile := range profiles {
		text, err := profile.SourcedYAML()
		if err != nil {
			return DatasourceOutput{}, err
		}
		all[profile.Image.Name] = text
	}
	output := DatasourceOutput{
		RoleVars: map[string]string{}, Labels: map[string]string{}, Packages: []string{},
	}
	if len(profiles) == 1 {
		var err error
		if output, err = renderOne(profiles[0]); err != nil {
			return DatasourceOutput{}, err
		}
		output.ProfileYAML = all[profiles[0].Image.Name]
	}
	output.Profiles = all
	return output, nil
}

// renderOne is the outputs of one profile but profile_yaml and profiles.
func renderOne(profile *document.Profile) (DatasourceOutput, error) {
	referenced := profile.Referenced()
	spec := referenced.NodeProfile.Spec
	output := DatasourceOutput{
		Name:              profile.NodeProfile.Name,
		Labels:            referenced.Labels(),
		Platform:          spec.Platform,
		Distribution:      spec.Distribution,
		Suite:             spec.Suite,
		Architecture:      spec.Architecture,
		Packages:          referenced.Packages(),
		KernelCommandLine: strings.Join(plan.Cmdline(&referenced.NodeProfile), " "),
	}
	err := output.setDisk(profile)
	if err != nil {
		return output, err
	}
	if output.ImageYAML, err = profile.ImageYAML(); err != nil {
		return output, err
	}
	if err := output.setVariables(referenced); err != nil {
		return output, err
	}
	return output, output.setFirstBoot(profile)
}

// setDisk sets the disk's sizes, where they are no secret and what they follow from is decrypted.
func (o *DatasourceOutput) setDisk(profile *document.Profile) error {
	if profile.IsSecret("spec.storage.qcow_capacity") || slices.ContainsFunc(
		[]string{"spec.storage", "spec.platform", "spec.architecture"}, profile.IsSealed) {
		return nil
	}
	disk, err := plan.NewDisk(&profile.NodeProfile, "")
	if err != nil {
		return err
	}
	o.DiskSize = fmt.Sprintf("%dM", disk.Size>>20)
	o.DiskSizeGB = int((disk.Size + 1<<30 - 1) >> 30)
	return nil
}

func (o *DatasourceOutput) setVariables(referenced *document.Profile) error {
	vars, err := variables.Render(referenced.NodeProfile)
	if err != nil {
		return err
	}
	if o.VarsYAML, err = vars.YAML(); err != nil {
		return err
	}
	if o.VarsJSON, err = vars.JSON(); err != nil {
		return err
	}
	o.RoleVars = map[string]string{}
	for role, own := range variables.Roles(vars) {
		if o.RoleVars[role], err = own.YAML(); err != nil {
			return err
		}
	}
	return nil
}

// setFirstBoot sets what clouds hand to cloud-init, where none of it is secret.
func (o *DatasourceOutput) setFirstBoot(profile *document.Profile) error {
	spec := profile.NodeProfile.Spec
	if !profile.IsSecret("spec.cloudInit.userData") {
		o.UserData = spec.CloudInit.UserData
	}
	if len(spec.Networking.NetworkData) == 0 || profile.IsSecret("spec.networking.networkData") {
		return nil
	}
	text, err := networkdata.JSON(map[string]any(spec.Networking.NetworkData))
	if err != nil {
		return err
	}
	if !json.Valid(text) {
		return fmt.Errorf("render network_data: not valid JSON")
	}
	o.NetworkData = string(text)
	return nil
}
