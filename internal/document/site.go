package document

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// site is a set of documents while it is read.
type site struct {
	report *tree.Report
	checks []Check
	// overrides lie over every profile's spec; nil for none.
	overrides *tree.Node

	// directories are where relative paths in a file start.
	directories map[string]string
	// resolved: profiles have their images' params already.
	resolved bool
	comments string // as the gatherer's
	// leaveEncrypted: what sops encrypted may be in profiles as it is.
	leaveEncrypted bool
	// parse reads the documents of a file.
	parse func(file string, data []byte, r *tree.Report) []*tree.Node
	// open is a file's text, decrypted where it is encrypted; false after what is wrong with it was reported.
	open func(file string, data []byte, r *tree.Report) (text []byte, secret, ok bool)
	// fetch looks for a document outside of the set; it may be nil.
	fetch func(kind, name string, at tree.Place) []*tree.Node

	// partial: something of the set could not be read, so what is missing is no mistake of its own.
	partial bool

	// named are the documents by KIND/NAME, kinds the names of each kind.
	named map[string][]*tree.Node
	kinds map[string][]string

	profiles map[string]*written
	order    []*written
	// secrets are the Secrets that values were taken from.
	secrets map[*tree.Node]opening
	scripts scriptDirectories
	images  []*image
	// work is what was spent of maxWork, compared of maxCompared.
	work, compared int
	// names are those of all profiles there are, once asked for.
	names []string
}

// sort takes documents for what they are.
func (s *site) sort(documents []*tree.Node) {
	s.named, s.kinds = map[string][]*tree.Node{}, map[string][]string{}
	s.profiles, s.secrets = map[string]*written{}, map[*tree.Node]opening{}
	for _, root := range documents {
		kind, name := root.Get("kind").String(), root.Get("metadata", "name").String()
		s.named[kind+"/"+name] = append(s.named[kind+"/"+name], root)
		if kind != "" {
			s.kinds[kind] = append(s.kinds[kind], name)
		}
		switch kindOf(root, s.report) {
		case v1alpha1.KindNodeProfile:
			s.addProfile(root)
		case v1alpha1.KindAirshipImage, v1alpha1.KindAirshipImageRootFS:
			s.addImage(root)
		}
	}
	for _, w := range s.order {
		w.join(s.report)
	}
	s.imagesAlone()
	for _, w := range slices.Clone(s.order) {
		s.link(w)
	}
	for _, w := range s.order {
		s.lineOf(w, nil)
	}
}

// imagesAlone gives a profile to images of a set without any: their params are all there is of one.
func (s *site) imagesAlone() {
	if len(s.order) > 0 || s.partial {
		return
	}
	for _, i := range s.images {
		if i.named || i.name == "" || !i.root.Get("spec", "params").IsMapping() {
			continue
		}
		w := &written{name: i.name, parts: []*tree.Node{tree.Mapping(i.root.Place).
			Put(tree.Text(v1alpha1.APIVersion, i.root.Place), "apiVersion").
			Put(tree.Text(v1alpha1.KindNodeProfile, i.root.Place), "kind").
			Put(i.root.Get("metadata", "name"), "metadata", "name").
			Put(tree.Mapping(i.root.Place.Key("spec")), "spec")}}
		s.order, s.profiles[i.name] = append(s.order, w), w
		w.join(s.report)
	}
}

// variant is one profile with one image, and what is wrong with the two.
type variant struct {
	*Profile
	mistakes []*mistake.Mistake
	// isBase: the profile is there for others to build on.
	isBase bool
}

// variants are all profiles with all of their images.
func (s *site) variants() []*variant {
	imagesOf := map[*written][]*image{}
	for _, i := range s.images {
		w := s.profile(i.profile)
		switch {
		case i.profile == "", w == nil && s.partial:
		case w == nil && i.named:
			s.report.Mistake(i.root.Get("spec", "nodeProfileRef", "name").Place, "there is no NodeProfile %s%s", mistake.Word(i.profile), s.suggest(i.profile, s.known()))
		case w == nil:
			s.report.Mistake(i.root.Place.Key("spec").Key("nodeProfileRef"), "is required, as there is no NodeProfile of the image's own name %s%s",
				mistake.Word(i.profile), s.suggest(i.profile, s.known()))
		default:
			if !slices.Contains(s.order, w) {
				s.order = append(s.order, w)
			}
			imagesOf[w] = append(imagesOf[w], i)
		}
	}
	var all []*variant
	for _, w := range s.order {
		if len(imagesOf[w]) == 0 {
			all = append(all, s.variant(w, nil))
			continue
		}
		w.isBase = false
		for _, i := range imagesOf[w] {
			all = append(all, s.variant(w, i))
		}
	}
	return all
}

// variant is a profile with an image, or with the one derived where i is nil, as far as the mistakes in them allow.
func (s *site) variant(w *written, i *image) *variant {
	out := &variant{Profile: &Profile{file: w.root.Place.File, leaveEncrypted: s.leaveEncrypted, places: places{}, secrets: map[string]bool{}}, isBase: w.isBase}
	if s.exhausted() || slices.ContainsFunc(w.line, func(below *written) bool { return below.incomplete }) {
		return out
	}
	own := &tree.Report{}
	if err := s.finish(out.Profile, w, i, own); err != nil {
		own.Mistake(w.root.Place, "%s", err)
	}
	for _, part := range w.parts {
		out.uses(part.Place.File)
	}
	for _, below := range w.line {
		for _, part := range below.parts {
			if _, isFile := s.directories[part.Place.File]; isFile {
				out.uses(part.Place.File)
			}
		}
	}
	if i != nil {
		own.Warnings = append(own.Warnings, i.warnings...)
		for _, file := range append([]string{i.root.Place.File}, i.files...) {
			out.uses(file)
		}
	}
	out.Warnings, out.mistakes = own.Warnings, own.Mistakes
	return out
}

// uses adds a file to those that the profile came from.
func (p *Profile) uses(file string) {
	if !slices.Contains(p.Files, file) {
		p.Files = append(p.Files, file)
	}
}

// finish makes the profile of all its layers: resolved, decoded and checked.
func (s *site) finish(p *Profile, w *written, i *image, r *tree.Report) error {
	spec := s.layered(w)
	p.Image = derivedImage(w.name)
	var params *tree.Node
	if i != nil {
		spec = variables.Layer(spec, i.over)
		params = i.root.Get("spec", "params")
	}
	spec = variables.Layer(spec, s.overrides)
	s.spend(spec)
	if spec.IsMapping() || spec.IsNull() && w.root.Get("spec") != nil {
		if !spec.IsMapping() {
			spec = tree.Mapping(w.root.Place.Key("spec"))
		}
		spec = defaults(withSecrets(spec), w.name)
		fill := newReferences(spec, r)
		var err error
		if spec, err = fill.fill(spec, "spec", plainOnly); err != nil {
			return err
		}
		if params != nil {
			// Its mistakes are the profile's, told there.
			fill.report = &tree.Report{}
			if params, err = fill.fill(withSecrets(params), "spec", plainOnly); err != nil {
				return err
			}
		}
		spec = resolve(spec, w.name)
	}
	root := w.root
	if spec != nil {
		key, _ := root.Field("spec")
		if key == nil {
			key = tree.Text("spec", root.Place.Key("spec"))
		}
		root = root.With(key, spec)
	}
	p.decode(root, r)
	if i != nil {
		var d *decoder
		p.Image, d = i.typed(params, r)
		p.imageSecrets, p.withImage = d.secrets, true
		p.OutputDirectory = s.outputDirectory(i)
	}
	if err := p.takePlaces(s.comments); err != nil {
		return err
	}
	p.inlineKeyrings(s.directories, r)
	p.inlineScripts(&s.scripts, s.directories, r)
	p.absoluteBase(s.directories, r)
	p.check(s.checks, r)
	return nil
}
