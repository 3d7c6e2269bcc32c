package plan

import (
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Options are what the template says about the image beyond the profile.
type Options struct {
	// Plugin is this plugin's version, Packer that of Packer's core, Toolbox the digest of the tools as
	// they were unpacked.
	Plugin, Packer, Toolbox string
	Form                    Form
	// Variables are the profile's Ansible variables, secrets already replaced by digests.
	Variables map[string]any
}

// Check finds what is wrong with a resolved profile, and what its image asks for, before anything is fetched. The
// error is a *multierror.Error of *mistake.Mistake.
func Check(profile *v1alpha1.NodeProfile, image *v1alpha1.AirshipImage) error {
	return FormOf(image).CheckProfile(profile)
}

// CheckProfile finds what is wrong with a resolved profile in a form. The error is a *multierror.Error of
// *mistake.Mistake.
func (f Form) CheckProfile(profile *v1alpha1.NodeProfile) error {
	var mistakes *multierror.Error
	disk, err := f.disk(profile)
	if err != nil {
		mistakes = multierror.Append(mistakes, err)
	}
	if _, err := NewRequest(profile, f, disk); err != nil {
		mistakes = multierror.Append(mistakes, err)
	}
	return mistakes.ErrorOrNil()
}

// disk is the layout, without its identifiers, where the form has one.
func (f Form) disk(profile *v1alpha1.NodeProfile) (Disk, error) {
	if !f.IsDisk() {
		return Disk{}, nil
	}
	return NewDisk(profile, "")
}

// Ask is the Request of a resolved profile in a form.
func Ask(profile *v1alpha1.NodeProfile, form Form) (Request, error) {
	disk, err := form.disk(profile)
	if err != nil {
		return Request{}, err
	}
	return NewRequest(profile, form, disk)
}

// New plans the image of a resolved profile with the packages that lock names.
func New(profile *v1alpha1.NodeProfile, lock Lock, options Options) (Plan, error) {
	request, err := Ask(profile, options.Form)
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
		Base:       lock.Base,
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
		Action:    options.Form.action(),
		Outputs:   options.Form.Outputs(profile),
	}
	switch p.Action {
	case v1alpha1.ActionBuildQcow2:
		p.Disk, err = NewDisk(profile, digest("seed", p.Digests().System, profile.Spec.Storage))
	case v1alpha1.ActionBuildISO:
		p.System.Hostname = Hostname(profile, p.Action)
		if profile.Spec.OSKernel.Grub.Timeout == nil {
			p.System.GrubTimeout = liveTimeout
		}
		p.ISO, err = newISO(profile, digest("seed", p.Digests().System))
	}
	return p, err
}

// NewSystem is what a machine of a resolved profile has, whoever installs its packages.
func NewSystem(profile *v1alpha1.NodeProfile) System {
	grub := profile.Spec.OSKernel.Grub
	s := System{
		Hostname:    Hostname(profile, ""),
		Cmdline:     Cmdline(profile),
		GrubTimeout: 5,
		GrubSerial:  arguments(grub.SerialCommand),
		SecureBoot:  profile.Spec.OSKernel.SecureBoot,
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
