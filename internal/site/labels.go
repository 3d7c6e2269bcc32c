package site

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// byLabels are the documents of a kind that the images' host labels select, each with its image.
func (s *selector) byLabels(t Target) []choice {
	found := map[*document][]*Image{}
	candidates := t.oneFile(s.candidates(t))
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
			s.report.Mistake(d.labelsPlace(), "%s is selected by %d images: %s; change its labels or the hostSelectors, or choose by image",
				d.title(), len(images), selectors(images))
		case len(images) == 1 && s.alsoSelected(d, images[0]):
		case len(images) == 1:
			// A patch over the host would hide what is changed below it.
			for _, layer := range s.over(d) {
				all = append(all, choice{layer, t, images[0]})
			}
		}
	}
	return all
}

// alsoSelected reports a document that another AirshipImage of the site selects, too: it would have the image of whichever is built last. An ISO and a disk
// do not stand in each other's way: the one that is asked for is built.
func (s *selector) alsoSelected(d *document, image *Image) (found bool) {
	for _, other := range s.documents {
		action := other.root.Get("spec", "builder", "action").String()
		if other.kind != v1alpha1.KindAirshipImage || other.patch || other.name == image.ImageName || (action == v1alpha1.ActionBuildISO) != image.isISO() || action == v1alpha1.ActionBuildRoot {
			continue
		}
		wanted := map[string]string{}
		selector := other.root.Get("spec", "hostSelector", "matchLabels")
		selector.Fields(func(key, value *tree.Node) { wanted[key.Value] = value.String() })
		if d.selected(wanted) {
			s.report.Mistake(d.labelsPlace(), "%s is selected by the image %s (%s) and by the AirshipImage %s at %s (%s): it would have whichever is built last; "+
				"change its labels or a hostSelector", d.title(), image.name(), labels.FormatLabels(image.HostLabels), mistake.Word(other.name), selector.Place, labels.FormatLabels(wanted))
			found = true
		}
	}
	return found
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
