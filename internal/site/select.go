package site

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// choice is a document that is to point at an image.
type choice struct {
	document *document
	target   Target
	image    *Image
}

// selector finds the documents of a request's targets.
type selector struct {
	documents []*document
	images    []Image
	report    *tree.Report
}

// wrong reports a mistake in a target.
func (s *selector) wrong(t Target, format string, args ...any) {
	s.report.Mistakes = append(s.report.Mistakes, &mistake.Mistake{Field: t.describe(), Problem: fmt.Sprintf(format, args...)})
}

func (s *selector) choices(targets []Target) []choice {
	var all []choice
	for _, t := range targets {
		if t.Name == "" {
			all = append(all, s.byLabels(t)...)
			continue
		}
		image, ok := s.image(t)
		for _, d := range s.byName(t) {
			if ok {
				all = append(all, choice{d, t, image})
			}
		}
	}
	for _, c := range all {
		s.architecture(c)
	}
	return all
}

// candidates are the images that a target allows.
func (s *selector) candidates(t Target) []*Image {
	var all []*Image
	for i := range s.images {
		image := &s.images[i]
		if (t.Image == "" || t.Image == image.ImageName || t.Image == image.Profile) && (t.Format == "" || t.Format == image.Format) &&
			(t.Kind != kindManager || t.Image != "" || image.isISO()) {
			all = append(all, image)
		}
	}
	return all
}

// oneFile leaves of each image the first file that documents of the target's kind can name, else the first: the formats of one image are
// the same system.
func (t Target) oneFile(images []*Image) []*Image {
	can := func(i *Image) bool {
		_, known := metal3Formats[i.Format]
		return known || t.Kind != kindHost && t.Kind != kindTemplate
	}
	var all []*Image
	for _, image := range images {
		at := slices.IndexFunc(all, func(i *Image) bool { return i.ImageName == image.ImageName && i.Profile == image.Profile })
		switch {
		case at < 0:
			all = append(all, image)
		case !can(all[at]) && can(image):
			all[at] = image
		}
	}
	return all
}

// image is the only one that a target allows.
func (s *selector) image(t Target) (*Image, bool) {
	found := t.oneFile(s.candidates(t))
	switch {
	case len(found) == 1:
		return found[0], true
	case len(found) > 1:
		s.wrong(t, "%d images could be meant: %s; name one by image", len(found), imageNames(found))
		return nil, false
	}
	s.noImage(t)
	return nil, false
}

func (s *selector) noImage(t Target) {
	var names, formats []string
	for i := range s.images {
		image := &s.images[i]
		names = append(names, image.ImageName, image.Profile)
		if t.Image == "" || t.Image == image.ImageName || t.Image == image.Profile {
			formats = append(formats, image.Format)
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case t.Image != "" && !slices.Contains(names, t.Image):
		s.wrong(t, "no image is named %s%s", mistake.Word(t.Image), mistake.Suggest(t.Image, names))
	case t.Format != "":
		s.wrong(t, "no image of the format %s is published%s", mistake.Word(t.Format), mistake.Suggest(t.Format, formats))
	default:
		s.wrong(t, "takes an ISO, and none is published")
	}
}

func imageNames(images []*Image) string {
	var all []string
	for _, image := range images {
		all = append(all, image.name()+" ("+mistake.Word(image.Format)+")")
	}
	return mistake.Enumerate(all)
}

// byName are the documents of a target's name: one, but for a host that base and patches describe.
func (s *selector) byName(t Target) []*document {
	var found []*document
	for _, d := range s.documents {
		if d.is(t.Kind, t.Name, t.Namespace) && d.in(t.File) {
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 0 && t.Kind == kindHost:
		if host := s.generated(t); host != nil {
			return []*document{host}
		}
		fallthrough
	case len(found) == 0:
		s.missing(t)
		return nil
	case len(found) == 1:
		return found
	case t.Kind == kindHost || t.Kind == kindTemplate:
		if same := layers(found); same != nil {
			return same
		}
	}
	var places []string
	for _, d := range found {
		places = append(places, d.place())
	}
	s.wrong(t, "there are %d of them; choose by file or namespace: %s", len(found), strings.Join(places, ", "))
	return nil
}

// layers are those of a document's base and patches that name an image, or the base; nil where these are different documents.
func layers(found []*document) []*document {
	var bases, with []*document
	for _, d := range found {
		if !d.patch {
			bases = append(bases, d)
		}
		if !d.root.Get(strings.Split(ownPaths[d.kind], ".")...).IsNull() {
			with = append(with, d)
		}
	}
	switch {
	case len(bases) > 1:
		return nil
	case len(with) > 0:
		return with
	case len(bases) == 1:
		return bases
	}
	return nil
}

// in says whether the document is in a file that matches a glob; an empty one is any.
func (d *document) in(glob string) bool {
	if glob == "" {
		return true
	}
	name := d.root.Place.File
	if d.file != nil {
		name = d.file.name
	}
	for _, candidate := range []string{filepath.ToSlash(name), filepath.Base(name)} {
		if ok, err := filepath.Match(filepath.ToSlash(glob), candidate); err == nil && ok {
			return true
		}
	}
	return filepath.Clean(glob) == filepath.Clean(name)
}

func (d *document) place() string {
	if at := d.root.Place.String(); at != "" {
		return at
	}
	return d.title()
}

// missing says that no document has a target's name, and what there is.
func (s *selector) missing(t Target) {
	var names, kinds, elsewhere []string
	for _, d := range s.documents {
		kinds = append(kinds, d.kind)
		switch {
		case d.kind != t.Kind:
		case d.name != t.Name:
			names = append(names, d.name)
		default:
			elsewhere = append(elsewhere, d.place())
		}
	}
	if t.Kind == kindHost {
		for _, d := range s.documents {
			for _, entry := range hostEntries(d) {
				names = append(names, entry.key.Value)
			}
		}
	}
	switch {
	case len(elsewhere) > 0 && t.File != "":
		s.wrong(t, "is in no file that matches %s; it is in %s", mistake.Word(t.File), strings.Join(elsewhere, ", "))
	case len(elsewhere) > 0:
		s.wrong(t, "is not in the namespace %s; it is in %s", mistake.Word(t.Namespace), strings.Join(elsewhere, ", "))
	case len(names) > 0:
		s.wrong(t, "no %s has this name%s", mistake.Word(t.Kind), mistake.Suggest(t.Name, distinct(names)))
	default:
		near := ""
		if best := mistake.Near(t.Kind, distinct(kinds)); best != "" && best != t.Kind {
			near = "; did you mean " + best + "?"
		}
		s.wrong(t, "the documents hold no %s%s", mistake.Word(t.Kind), near)
	}
}

func distinct(names []string) []string {
	sorted := slices.Sorted(slices.Values(names))
	return slices.Compact(sorted)
}

func few(names []string) string {
	const most = 20
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func isImage(d *document, image *Image) bool {
	return (d.kind == v1alpha1.KindAirshipImage || d.kind == v1alpha1.KindAirshipImageRootFS) && d.name == image.ImageName
}

// machines are processors as Linux names them, by Debian's names.
var machines = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// architecture refuses an image of another processor than a host says it has.
func (s *selector) architecture(c choice) {
	is := c.document.root.Get("spec", "architecture")
	wanted := machines[c.image.Architecture]
	if c.document.kind == kindHost && wanted != "" && is.String() != "" && is.Value != wanted && !isSealed(is.Value) {
		s.report.Mistake(is.Place, "%s is of %s, and the image %s of %s", c.document.title(), mistake.Word(is.Value), c.image.name(), wanted)
	}
}
