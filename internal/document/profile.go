package document

import (
	"maps"
	"reflect"
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Profile is one NodeProfile with one image of it, resolved and checked.
type Profile struct {
	// NodeProfile has its defaults, what it extends, and the image's params on it.
	NodeProfile v1alpha1.NodeProfile
	// Image is the AirshipImage that refers to the profile, or one derived from it.
	Image v1alpha1.AirshipImage
	// OutputDirectory is the host's side of the image's container.volume, where its output goes; empty
	// where it has none.
	OutputDirectory string
	// Files are those that the profile came from, as the operator named them.
	Files []string
	// Warnings are about what is accepted and has no effect; FILE:LINE: FIELD: text.
	Warnings []string

	// withImage: a document gave Image.
	withImage bool
	file      string
	places    places
	// secrets are the fields whose values were encrypted or come from Secrets.
	secrets, imageSecrets map[string]bool
	// leaveEncrypted: it was read so, and what sops encrypted may be in it.
	leaveEncrypted bool
	// shown: no secret is left in it, so that all of it may be rendered.
	shown bool
	// origin is where the profile can be read again.
	origin *origin
}

// Labels are those of the profile with its image's over them. Never nil.
func (p *Profile) Labels() map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, p.NodeProfile.Labels)
	if p.withImage {
		maps.Copy(labels, p.Image.Labels)
	}
	return labels
}

// Packages are all that the profile asks for, NAME or NAME=VERSION, sorted and each once; what
// they depend on is not among them. Never nil.
func (p *Profile) Packages() []string {
	spec := &p.NodeProfile.Spec
	all := append([]string{}, spec.Software.Packages...)
	all = append(all, spec.Software.UbuntuPackages...)
	for _, repo := range spec.Software.Repos {
		all = append(all, repo.Packages...)
	}
	for _, driver := range spec.Drivers {
		all = slices.Concat(all, driver.Packages, driver.DKMS, driver.Firmware)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Locate gives every Mistake in err that names a field of the profile the file, line, column
// and name by which that field was written. It changes the Mistakes in place and returns err;
// call it before err is wrapped, for fmt.Errorf keeps the text of its time.
func (p *Profile) Locate(err error) error {
	for _, m := range mistake.All(err) {
		if m.File != "" || m.Field == "" {
			continue
		}
		m.File = p.file
		if at, ok := p.places.find(m.Field); ok {
			m.File, m.Line, m.Column = at.File, at.Line, at.Column
			if at.Field != "" {
				m.Field = at.Field
			}
		}
	}
	return err
}

// decode takes the profile from its document.
func (p *Profile) decode(root *tree.Node, r *tree.Report) {
	d := newDecoder(r)
	d.unknown = unsupported
	if !p.leaveEncrypted {
		root = unsealed(root, r)
	}
	d.decode(root, reflect.ValueOf(&p.NodeProfile).Elem(), "", root.Place, false)
	p.places, p.secrets = d.places, d.secrets
	// A suite that could not be read is not missing.
	if spec := &p.NodeProfile.Spec; spec.Suite == "" && slices.Contains(r.Settled, "spec.suite") && len(suites[spec.Distribution]) > 0 {
		spec.Suite = suites[spec.Distribution][0]
	}
}

// Check finds what is wrong with a resolved profile beyond its documents, such as its disk
// layout. image says what is made of it. Mistakes in its error name fields of the profile; Read gives them file and line.
type Check func(profile *v1alpha1.NodeProfile, image *v1alpha1.AirshipImage) error

// check reports what checks of meaning find, without what follows from a mistake that is known
// already: of a value that could not be read, little can be right.
func (p *Profile) check(checks []Check, r *tree.Report) {
	p.warnOfRetries(r)
	p.warnOfFirstBoot(r)
	p.warnOfUnsignedModules(r)
	for _, check := range slices.Concat([]Check{checkMeaning}, checks) {
		settled := newSettled(r.Settled)
		err := check(&p.NodeProfile, &p.Image)
		found := mistake.All(err)
		if err != nil && len(found) == 0 {
			found = []*mistake.Mistake{{File: p.file, Problem: err.Error()}}
		}
		var hidden hiding
		if len(found) > 0 {
			hidden = newHiding(p.secrets, p.secretValues())
		}
		for _, m := range found {
			if settled.covers(m.Field) {
				continue
			}
			r.Settled = append(r.Settled, m.Field)
			hidden.hide(m)
			_ = p.Locate(m)
			r.Mistakes = append(r.Mistakes, m)
		}
	}
}

// settled are fields that nothing more is said of.
type settled struct{ known, around map[string]bool }

func newSettled(fields []string) settled {
	s := settled{map[string]bool{}, map[string]bool{}}
	for _, field := range fields {
		s.known[field] = true
		for ; field != ""; field = tree.Parent(field) {
			s.around[field] = true
		}
	}
	return s
}

// covers says whether a field, something in it or something around it is settled.
func (s settled) covers(field string) bool {
	if s.around[field] {
		return true
	}
	for ; field != ""; field = tree.Parent(field) {
		if s.known[field] {
			return true
		}
	}
	return false
}
