package plan

import (
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Options are what the template says about the image beyond the profile.
type Options struct {
	// Plugin is this plugin's version, Packer that of Packer's core, Toolbox the digest of the tools as
	// they were unpacked.
	Plugin, Packer, Toolbox string
	// Format is qcow2 or raw.
	Format string
	// Compression of a qcow2: zlib, zstd or none.
	Compression string
	// Variables are the profile's Ansible variables, secrets already replaced by digests.
	Variables map[string]any
}

// Check finds what is wrong with a resolved profile before anything is fetched. The error is a
// *multierror.Error of *mistake.Mistake.
func Check(profile *v1alpha1.NodeProfile) error {
	var mistakes *multierror.Error
	disk, err := NewDisk(profile, "")
	if err != nil {
		mistakes = multierror.Append(mistakes, err)
	}
	if _, err := NewRequest(profile, disk); err != nil {
		mistakes = multierror.Append(mistakes, err)
	}
	return mistakes.ErrorOrNil()
}

// Ask is the Request of a resolved profile.
func Ask(profile *v1alpha1.NodeProfile) (Request, error) {
	disk, err := NewDisk(profile, "")
	if err != nil {
		return Request{}, err
	}
	return NewRequest(profile, disk)
}

// New plans the image of a resolved profile with the packages that lock names.
func New(profile *v1alpha1.NodeProfile, lock Lock, options Options) (Plan, error) {
	request, err := Ask(profile)
	if err != nil {
		return Plan{}, err
	}
	if err := lock.Check(request); err != nil {
		return Plan{}, err
	}
	epoch, err := lock.epoch(request.Target.Suite)
	if err != nil {
		return Plan{}, err
	}
	rootfs := RootFS{
		Sources:    lock.withKeyrings(request.Sources),
		Include:    withoutBare(slices.Concat(request.Include, request.Taken(lock.Packages))),
		Unapproved: request.Unapproved,
		Packages:   lock.Packages,
	}
	// Identifiers on the disk follow from everything that decides its contents but themselves.
	p := Plan{
		Profile:   profile.Name,
		Target:    request.Target,
		Epoch:     epoch,
		Plugin:    options.Plugin,
		Packer:    options.Packer,
		Toolbox:   options.Toolbox,
		RootFS:    rootfs,
		System:    NewSystem(profile),
		Variables: options.Variables,
		Output:    NewOutput(profile, options),
	}
	p.Disk, err = NewDisk(profile, digest("seed", p.Digests().System, profile.Spec.Storage))
	return p, err
}

// NewSystem is what a machine of a resolved profile has, whoever installs its packages.
func NewSystem(profile *v1alpha1.NodeProfile) System {
	grub := profile.Spec.OSKernel.Grub
	s := System{
		Hostname:    profile.Spec.Networking.Hostname,
		Cmdline:     Cmdline(profile),
		GrubTimeout: 5,
		GrubSerial:  arguments(grub.SerialCommand),
	}
	if s.Hostname == "" {
		s.Hostname = profile.Name
	}
	if grub.Timeout != nil {
		s.GrubTimeout = *grub.Timeout
	}
	return s
}

// Cmdline are the arguments of a profile's kernel command line, NAME=VALUE or NAME, in order. Where the
// profile names no console, its platform's come first.
func Cmdline(profile *v1alpha1.NodeProfile) []string {
	kernel := profile.Spec.OSKernel
	own := arguments(slices.Concat(kernel.Grub.CmdlineLinuxDefault, kernel.GrubCmdlineLinuxDefaultAppend))
	if hasConsole(own) {
		return own
	}
	return append(console(profile.Spec.Platform, profile.Spec.Architecture), own...)
}

func arguments(list []v1alpha1.Argument) []string {
	var texts []string
	for _, a := range list {
		if a.Value == nil {
			texts = append(texts, a.Name)
		} else {
			texts = append(texts, a.Name+"="+string(*a.Value))
		}
	}
	return texts
}

// NewOutput is the file that a profile's image becomes.
func NewOutput(profile *v1alpha1.NodeProfile, options Options) Output {
	o := Output{Name: profile.Spec.Storage.ImgName, Format: options.Format, Compression: options.Compression}
	if o.Format == "" {
		o.Format = "qcow2"
	}
	switch compress := profile.Spec.Storage.QcowCompress; {
	case o.Format != "qcow2":
		o.Compression = ""
	case o.Compression != "":
	case compress != nil && !*compress:
		o.Compression = "none"
	default:
		o.Compression = "zlib"
	}
	if o.Name == "" {
		o.Name = profile.Name + "." + o.Format
	}
	// img_name is Airship's name of a qcow2.
	if base, found := strings.CutSuffix(o.Name, ".qcow2"); found {
		o.Name = base + "." + o.Format
	}
	return o
}
