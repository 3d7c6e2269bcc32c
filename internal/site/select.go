package site

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

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

// image is the only one that a target allows.
func (s *selector) image(t Target) (*Image, bool) {
	found := s.candidates(t)
	switch {
	case len(found) == 1:
		return found[0], true
	case len(found) > 1:
		s.wrong(t, "%d images could be meant: %s; name one by image, or by format", len(found), imageNames(found))
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

// hostEntry is a host of a host catalogue: hosts.m3.NAME as airshipctl's hostgenerator takes them, or hosts.NAME.
type hostEntry struct {
	key, value *tree.Node
	path       []string
}

func hostEntries(d *document) (all []hostEntry) {
	if d.kind != kindVariables {
		return nil
	}
	for _, path := range [][]string{{"hosts"}, {"spec", "hosts"}} {
		d.root.Get(path...).Fields(func(key, value *tree.Node) {
			below := append(slices.Clone(path), key.Value)
			if !isGroup(value) {
				all = append(all, hostEntry{key, value, below})
				return
			}
			value.Fields(func(host, entry *tree.Node) {
				all = append(all, hostEntry{host, entry, append(slices.Clone(below), host.Value)})
			})
		})
	}
	return all
}

// isGroup says whether a mapping holds nothing but hosts.
func isGroup(n *tree.Node) bool {
	group := n.IsMapping() && len(n.Content) > 0
	n.Fields(func(_, value *tree.Node) { group = group && value.IsMapping() })
	return group
}

// generated is a host that a template makes of a catalogue's entry: the catalogue, where the entry has an image, else a host
// of which there is no document.
func (s *selector) generated(t Target) *document {
	for _, d := range s.documents {
		for _, entry := range hostEntries(d) {
			if entry.key.Value != t.Name || !d.in(t.File) {
				continue
			}
			if entry.value.Get("image").IsMapping() {
				changed := *d
				changed.entry = append(slices.Clone(entry.path), "image")
				return &changed
			}
			return &document{
				origin: generated, root: tree.Mapping(entry.key.Place), file: d.file, name: t.Name, namespace: t.Namespace,
				apiVersion: "metal3.io/v1alpha1", kind: kindHost,
			}
		}
	}
	return nil
}

// byLabels are the documents of a kind that the images' host labels select, each with its image.
func (s *selector) byLabels(t Target) []choice {
	found := map[*document][]*Image{}
	candidates := s.candidates(t)
	if len(candidates) == 0 {
		s.noImage(t)
		return nil
	}
	withLabels := 0
	for _, image := range candidates {
		if image.Action == v1alpha1.ActionBuildRoot && t.Image == "" {
			continue // a root filesystem is for no host
		}
		if len(image.HostLabels) == 0 {
			if t.Image != "" || len(candidates) == 1 {
				s.wrong(t, "the image %s has no hostSelector, so it selects none; name the document, or give the AirshipImage one", image.name())
				return nil
			}
			continue
		}
		withLabels++
		count := 0
		for _, d := range s.documents {
			if d.is(t.Kind, d.name, t.Namespace) && d.in(t.File) && d.selected(image.HostLabels) {
				found[d] = append(found[d], image)
				count++
			}
		}
		if count == 0 {
			s.noMatch(t, image)
		}
	}
	if withLabels == 0 {
		s.wrong(t, "no published image has a hostSelector, so none is selected; name the document")
	}
	var all []choice
	for _, d := range s.documents {
		images := found[d]
		switch {
		case len(images) > 1:
			s.report.Mistake(d.labelsPlace(), "%s is selected by %d images: %s; change its labels or the hostSelectors, or choose by image or format",
				d.title(), len(images), selectors(images))
		case len(images) == 1:
			// A patch over the host would hide what is changed below it.
			for _, layer := range s.over(d) {
				all = append(all, choice{layer, t, images[0]})
			}
		}
	}
	return all
}

// over is a document, or the patches over it that name an image.
func (s *selector) over(d *document) []*document {
	var same []*document
	for _, other := range s.documents {
		if other == d || other.patch && other.is(d.kind, d.name, "") && (other.namespace == "" || other.namespace == d.namespace) {
			same = append(same, other)
		}
	}
	if found := layers(same); found != nil {
		return found
	}
	return []*document{d}
}

func (d *document) labelsPlace() tree.Place {
	if d.kind == kindTemplate {
		if found := d.root.Get("spec", "template", "spec", "hostSelector", "matchLabels"); found != nil {
			return found.Place
		}
	}
	if key, _ := d.root.Get("metadata").Field("labels"); key != nil {
		return key.Place
	}
	return d.root.Place
}

// noMatch says that an image's labels select nothing, where its hostSelector stands if that is here.
func (s *selector) noMatch(t Target, image *Image) {
	var there []string
	for _, d := range s.documents {
		if d.kind == t.Kind {
			set := "no labels"
			if len(d.labels) > 0 {
				set = labels.FormatLabels(d.labels)
			}
			there = append(there, d.name+" ("+set+")")
		}
	}
	known := "there is no " + t.Kind
	if len(there) > 0 {
		known = "there are: " + few(distinct(there))
	}
	at := tree.Place{Field: t.describe()}
	for _, d := range s.documents {
		if isImage(d, image) {
			if found := d.root.Get("spec", "hostSelector", "matchLabels"); found != nil {
				at = found.Place
			}
		}
	}
	s.report.Mistake(at, "no %s has the labels %s of the image %s%s; %s", t.Kind, labels.FormatLabels(image.HostLabels), image.name(), nearLabel(s.documents, t, image), known)
}

// nearLabel suggests a value or a key that was meant.
func nearLabel(documents []*document, t Target, image *Image) string {
	for _, key := range slices.Sorted(maps.Keys(image.HostLabels)) {
		var keys, values []string
		for _, d := range documents {
			if d.kind != t.Kind {
				continue
			}
			keys = slices.AppendSeq(keys, maps.Keys(d.labels))
			if value, ok := d.labels[key]; ok {
				values = append(values, value)
			}
		}
		if !slices.Contains(keys, key) {
			if best := mistake.Near(key, keys); best != "" {
				return "; did you mean " + best + "?"
			}
		} else if !slices.Contains(values, image.HostLabels[key]) {
			if best := mistake.Near(image.HostLabels[key], values); best != "" {
				return "; did you mean " + key + "=" + best + "?"
			}
		}
	}
	return ""
}

func selectors(images []*Image) string {
	var all []string
	for _, image := range images {
		all = append(all, image.name()+" ("+mistake.Word(image.Format)+", "+labels.FormatLabels(image.HostLabels)+")")
	}
	return strings.Join(all, ", ")
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
