//go:generate packer-sdc struct-markdown
//go:generate packer-sdc mapstructure-to-hcl2 -type Config

package airship

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/mitchellh/mapstructure"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/disk/format"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/machine/qemu"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Config is the builder's block in a template.
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

	// The root filesystem that packages are added to, an earlier result of `build-root`: a file (`tar.zst` and other
	// compressions of tar, `squashfs`, `oci`) or `oci://REGISTRY/REPOSITORY:TAG`, for which Docker's configuration has the
	// credentials. Default: the profile's `base`, else none.
	Base string `mapstructure:"base"`

	// The directory for the images, their `.sha256` and `.sha512` and the manifest; it is made where it is missing.
	// Default: the host's side of the AirshipImage's `container.volume`, else `output-` and the profile's name.
	OutputDirectory string `mapstructure:"output_directory"`
	// What is made of the root filesystem: `build-qcow`, a disk image; `build-iso`, a live system on an ISO; or
	// `build-root`, the root filesystem itself. Default: the AirshipImage's `action`, else `build-qcow`.
	Action string `mapstructure:"action"`
	// The formats of the image, one or several. Of `build-qcow`: `qcow2` (default), `raw`, `raw.zst`, `vhd`, `vhdx`, `vmdk`,
	// `gce`; of `build-iso`: `iso`; of `build-root`: `tar.zst` (default), `squashfs`, `directory`, `oci`. Default: the
	// AirshipImage's.
	Formats []string `mapstructure:"formats"`
	// `formats` where it is one.
	Format string `mapstructure:"format"`
	// The image's file name, without the format's ending. Default: the profile's `img_name`, else its name.
	VMName string `mapstructure:"vm_name"`
	// How the clusters of a qcow2 are compressed: `zlib`, which every reader knows, `zstd` or
	// `none`. Default: `zlib`, or `none` where the profile has `qcow_compress: false`.
	QCOW2Compression string `mapstructure:"qcow2_compression"`
	// A YAML file that says what was built, in `output_directory` unless its path is absolute: `bootImagePath` and `md5sum` as
	// Airship's image builder has them, and the image's name, URL, format, sizes, checksums and digests. Default:
	// the AirshipImage's `outputMetadataFileName`, else none.
	OutputMetadata string `mapstructure:"output_metadata"`
	// The URL of the directory where the images will be served, for the file of `output_metadata`. Default: none.
	ImageURL string `mapstructure:"image_url"`
	// How whoever reads `bootImagePath` names the output directory, where this process names it otherwise: the host's side of a
	// container's volume. Default: none, the image's path here.
	BootImageDirectory string `mapstructure:"boot_image_directory"`
	// Write beside the image what it consists of (an SBOM in CycloneDX, `.cdx.json`), where it is from (provenance for in-toto and SLSA,
	// `.provenance.json`), and a page for people that shows the disk, what takes the space, the times and what changed since the
	// last build of the profile (`.report.html`). Default: `true`.
	WriteReports *bool `mapstructure:"write_reports"`
	// A file that holds the versions and hashes of all packages, tools included. Where it exists the
	// build uses exactly those; where it does not the build writes it. Default: none, packages are
	// resolved anew.
	LockFile string `mapstructure:"lock_file"`

	// The base URL of a mirror of the distribution, for repositories whose document has no `source`.
	// Default: the environment variable `AIRSHIP_MIRROR`, else what this host's apt sources name,
	// else Debian's alias. Images never name the mirror.
	Mirror string `mapstructure:"mirror"`
	// The base URL of a mirror of Debian's security archive. Default: what this host's apt sources
	// name, else Debian's alias.
	SecurityMirror string `mapstructure:"security_mirror"`
	// A PEM file of certificate authorities to trust besides the system's, for https mirrors and
	// proxies. Proxies are taken from `http_proxy`, `https_proxy` and `no_proxy`.
	CABundle string `mapstructure:"ca_bundle"`

	// The kind of machine that the build runs in: `qemu` is a virtual machine, `namespace` a user
	// namespace of this Linux host, for its own architecture. Both give the same image. `auto` (default) takes QEMU where hardware
	// acceleration works, else a user namespace where the kernel allows one, else QEMU with software
	// emulation.
	Isolation string `mapstructure:"isolation"`
	// The virtual machine's memory, in MiB. Default: a quarter of what a Linux host has available, but at
	// least 3072, or three quarters of it where that is less, and at most 8192; 3072 on other systems.
	// At least 1024. A namespace has the host's.
	Memory int64 `mapstructure:"memory"`
	// The virtual machine's processors. Default: the host's, at most 8. A namespace has the host's.
	CPUs int `mapstructure:"cpus"`

	// Take the tree of packages from the cache where an earlier build has installed the same ones, and keep it there otherwise. The
	// image is the same. Default: `true`, but `false` in a virtual machine under software emulation, where that takes
	// longer than it saves.
	ReuseStages *bool `mapstructure:"reuse_stages"`

	// Boot the finished image under QEMU, in every firmware that it supports, and ask it what it is.
	// An image that does not boot, or is not what the profile says, is not delivered. Without QEMU on
	// the host there is a warning instead. Default: `true`.
	VerifyBoot *bool `mapstructure:"verify_boot"`
	// How long one boot may take, such as `5m`. Default: `10m`, of an ISO `20m`.
	BootTimeout time.Duration `mapstructure:"boot_timeout"`
	// QEMU's accelerator, for the build and for the boot check: `kvm`, `hvf`, `whpx`, `tcg` or `auto` (default), which
	// starts a guest to see whether hardware acceleration works here.
	Accelerator string `mapstructure:"accelerator"`

	choice  document.Choice
	profile *document.Profile
}

// open decrypts the profile where the data source left that to the build.
func (c *Config) open(ctx context.Context) (err error) {
	c.profile, err = c.choice.Open(ctx, c.profile, c.check)
	return err
}

// decode reads the options, then the profile wherever its source is known. All mistakes are
// reported.
func (c *Config) decode(raws ...any) error {
	var set mapstructure.Metadata
	// Not interpolated: Jinja expressions in a profile are not Packer's.
	if err := config.Decode(c, &config.DecodeOpts{PluginType: "airship", Metadata: &set}, raws...); err != nil {
		return err
	}
	var mistakes *multierror.Error
	for _, choice := range []struct {
		name, value string
		allowed     []string
	}{
		{"qcow2_compression", c.QCOW2Compression, []string{"", "zlib", "zstd", "none"}},
		{"isolation", c.Isolation, []string{"", isolation.Auto, isolation.QEMU, isolation.Namespace}},
		{"accelerator", c.Accelerator, []string{"", qemu.Auto, qemu.KVM, qemu.HVF, qemu.WHPX, qemu.TCG}},
	} {
		if !slices.Contains(choice.allowed, choice.value) && choice.value != document.Unknown {
			mistakes = multierror.Append(mistakes, fmt.Errorf("%s is %q: want one of %q", choice.name, choice.value, choice.allowed[1:]))
		}
	}
	if c.Format != "" && len(c.Formats) > 0 {
		mistakes = multierror.Append(mistakes, errors.New("format and formats are both there: keep formats"))
	}
	if c.Memory < 0 || c.Memory > 0 && c.Memory < qemu.LeastMemory>>20 {
		mistakes = multierror.Append(mistakes, fmt.Errorf("memory is %d: want at least %d MiB", c.Memory, qemu.LeastMemory>>20))
	}
	if c.CPUs < 0 {
		mistakes = multierror.Append(mistakes, fmt.Errorf("cpus is %d: want a number of processors", c.CPUs))
	}
	if c.BootTimeout < 0 {
		mistakes = multierror.Append(mistakes, fmt.Errorf("boot_timeout is %s: want a positive duration", c.BootTimeout))
	}
	if c.CABundle != "" && c.CABundle != document.Unknown {
		if _, err := os.Stat(c.CABundle); err != nil {
			mistakes = multierror.Append(mistakes, fmt.Errorf("ca_bundle: %w", err))
		}
	}
	c.choice = document.Choice{
		YAML: c.ProfileYAML, Source: document.Source{Documents: c.Documents}, Selection: document.Selection{Name: c.ProfileName, Image: c.ImageName},
		WithYAML:      slices.Contains(set.Keys, "profile_yaml"),
		WithDocuments: slices.Contains(set.Keys, "documents"),
	}
	profile, err := c.choice.Read(context.Background(), c.check)
	if err != nil {
		mistakes = multierror.Append(mistakes, err)
	}
	c.profile = profile
	if !c.unknown() {
		err := c.form().Check()
		if err == nil && profile != nil {
			err = c.checkDisk()
		}
		if err != nil {
			mistakes = multierror.Append(mistakes, err)
		}
	}
	return mistakes.ErrorOrNil()
}

// warnings are of options that have no effect, and of what an image will not do.
func (c *Config) warnings() []string {
	var all []string
	if c.Isolation == isolation.Namespace && (c.Memory != 0 || c.CPUs != 0) {
		all = append(all, fmt.Sprintf("memory and cpus are a virtual machine's: with isolation = %q they have no effect", isolation.Namespace))
	}
	if c.profile != nil && !c.unknown() {
		all = append(all, c.form().Warnings(&c.profile.NodeProfile)...)
	}
	return all
}

func (c *Config) verifyBoot() bool { return c.VerifyBoot == nil || *c.VerifyBoot }

// unknown says whether something that the form follows from is not known yet.
func (c *Config) unknown() bool {
	return slices.Contains(append(slices.Clone(c.Formats), c.Format, c.Action, c.VMName, c.QCOW2Compression), document.Unknown)
}

// checkDisk refuses a disk that one of the formats cannot hold.
func (c *Config) checkDisk() error {
	form := c.form()
	disk, err := plan.NewDisk(&c.profile.NodeProfile, "")
	if err != nil || !form.IsDisk() {
		return nil // what is wrong with the layout is told already
	}
	var mistakes *multierror.Error
	for _, o := range form.Outputs(&c.profile.NodeProfile) {
		if err := format.Check(o.Format, disk.Size, disk.SectorSize); err != nil {
			field := "spec.storage.qcow_capacity"
			if disk.SectorSize != 512 && format.Check(o.Format, disk.Size, 512) == nil {
				field = "spec.storage.sectorSize"
			}
			mistakes = multierror.Append(mistakes, &mistake.Mistake{
				Field: field, Problem: fmt.Sprintf("the format %s: %v", o.Format, err),
			})
		}
	}
	return c.profile.Locate(mistakes.ErrorOrNil())
}

// form is what the template makes of the profile, and what it leaves open its AirshipImage.
func (c *Config) form() plan.Form {
	var f plan.Form
	if c.profile != nil {
		f = plan.FormOf(&c.profile.Image)
	}
	if c.Action != "" {
		if c.Action != f.Action {
			f.Formats = nil // the image's are of its own action
		}
		f.Action = c.Action
	}
	if len(c.Formats) > 0 {
		f.Formats = c.Formats
	}
	if c.Format != "" {
		f.Formats = []string{c.Format}
	}
	if c.profile == nil && f.Action == "" {
		// The image, which `packer validate` may not know yet, says more.
		f.Action = plan.ActionOf(f.Formats)
	}
	f.Name, f.Compression = c.VMName, c.QCOW2Compression
	return f
}

// check is plan.Check with what the template says of the action.
func (c *Config) check(profile *v1alpha1.NodeProfile, image *v1alpha1.AirshipImage) error {
	form := plan.FormOf(image)
	if c.Action != "" {
		form.Action = c.Action
	}
	return form.CheckProfile(profile)
}

// metadataName is the name of the file with the images' metadata; empty for none.
func (c *Config) metadataName() string {
	if c.OutputMetadata != "" {
		return c.OutputMetadata
	}
	return c.profile.Image.Spec.Builder.OutputMetadataFileName
}

// base is the template's, else the profile's; empty for none.
func (c *Config) base() string {
	if c.Base != "" {
		return c.Base
	}
	return c.profile.NodeProfile.Spec.Base
}

// outputDirectory is that of the template, else of the profile's image.
func (c *Config) outputDirectory() string {
	directory := c.OutputDirectory
	if directory == "" {
		directory = c.profile.OutputDirectory
	}
	if directory == "" {
		directory = "output-" + c.profile.NodeProfile.Name
	}
	return directory
}
