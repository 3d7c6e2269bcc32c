package document

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Selection chooses profiles of a set; empty fields choose nothing away.
type Selection struct {
	// Name is the NodeProfile's metadata.name.
	Name string `json:"name,omitempty"`
	// Image is the AirshipImage's metadata.name.
	Image string `json:"image,omitempty"`
	// Labels is a selector as kubectl's -l takes it: role=worker,site!=lab. All that match are chosen.
	Labels string `json:"labels,omitempty"`
	// All chooses all that are left; without it and Labels there must be one.
	All bool `json:"all,omitempty"`
}

// Select is the profiles that are chosen, at least one. Without a name and labels it is the only one
// that no other builds on. Their warnings are the set's and their own. Where there is none, or no choice
// can be made, the error says what there is; else it holds the mistakes in what was chosen.
func (s *Set) Select(selection Selection) ([]*Profile, error) {
	selector, err := labels.Parse(selection.Labels)
	if err != nil {
		return nil, fmt.Errorf("the selector %s is not valid: %w", mistake.Word(selection.Labels), err)
	}
	chosen := s.variants
	if s.source.Phase != "" {
		chosen = with(chosen, func(v *variant) bool { return v.withImage })
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no NodeProfile in %s", s.where())
	}
	there := chosen
	if selection.Name != "" {
		if chosen = with(chosen, func(v *variant) bool { return v.NodeProfile.Name == selection.Name }); len(chosen) == 0 {
			return nil, fmt.Errorf("no NodeProfile is named %s%s", mistake.Word(selection.Name), suggest(selection.Name, profileNames(there)))
		}
	}
	if selection.Image != "" {
		within := chosen
		if chosen = with(chosen, func(v *variant) bool { return v.Image.Name == selection.Image }); len(chosen) == 0 {
			return nil, fmt.Errorf("no AirshipImage%s is named %s%s", ofProfile(selection.Name), mistake.Word(selection.Image), suggest(selection.Image, imageNames(within)))
		}
	}
	if selection.Labels != "" || selection.All {
		within := chosen
		if chosen = with(chosen, func(v *variant) bool { return selector.Matches(labels.Set(v.Labels())) }); len(chosen) == 0 {
			return nil, fmt.Errorf("no NodeProfile has the labels %s; there are: %s", selector, labelled(within))
		}
		return s.profiles(chosen)
	}
	if selection == (Selection{}) {
		if leaves := with(chosen, func(v *variant) bool { return !v.isBase }); len(leaves) > 0 {
			chosen = leaves
		}
	}
	if len(chosen) > 1 {
		return nil, several(chosen)
	}
	return s.profiles(chosen)
}

func with(variants []*variant, keep func(*variant) bool) []*variant {
	return slices.DeleteFunc(slices.Clone(variants), func(v *variant) bool { return !keep(v) })
}

func ofProfile(name string) string {
	if name == "" {
		return ""
	}
	return " of the profile " + mistake.Word(name)
}

// several is why no choice can be made.
func several(chosen []*variant) error {
	profiles := profileNames(chosen)
	if len(profiles) > 1 {
		return fmt.Errorf("the documents hold %d NodeProfiles and none is chosen by name; they are: %s", len(profiles), few(profiles))
	}
	return fmt.Errorf("the profile %s has %d AirshipImages and none is chosen by name; they are: %s",
		mistake.Word(profiles[0]), len(chosen), few(imageNames(chosen)))
}

// profiles are those of variants, for the caller to keep.
func (s *Set) profiles(chosen []*variant) ([]*Profile, error) {
	var profiles []*Profile
	var mistakes []*mistake.Mistake
	for _, v := range chosen {
		mistakes = append(mistakes, v.mistakes...)
		copied := *v.Profile
		copied.Warnings = slices.Concat(s.Warnings, v.Warnings)
		copied.origin = &origin{Source: s.source, Selection: v.selection()}
		profiles = append(profiles, &copied)
	}
	if err := mistake.Join(mistakes); err != nil {
		return nil, err
	}
	return profiles, nil
}

// selection chooses this variant alone.
func (v *variant) selection() Selection {
	chosen := Selection{Name: v.NodeProfile.Name}
	if v.withImage {
		chosen.Image = v.Image.Name
	}
	return chosen
}

// where is what was read.
func (s *Set) where() string {
	if len(s.Files) == 0 {
		return "the cluster"
	}
	return few(s.Files)
}

func profileNames(variants []*variant) []string {
	var all []string
	for _, v := range variants {
		all = append(all, v.NodeProfile.Name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func imageNames(variants []*variant) []string {
	var all []string
	for _, v := range variants {
		all = append(all, v.Image.Name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// labelled are variants with their labels.
func labelled(variants []*variant) string {
	var all []string
	for _, v := range variants {
		name := v.NodeProfile.Name
		if set := v.Labels(); len(set) > 0 {
			name += " (" + labels.FormatLabels(set) + ")"
		} else {
			name += " (none)"
		}
		all = append(all, name)
	}
	slices.Sort(all)
	return few(slices.Compact(all))
}

// few lists names, the first of many.
func few(names []string) string {
	const most = 20
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// one is the only profile of several, for whoever builds one image.
func one(profiles []*Profile) (*Profile, error) {
	if len(profiles) != 1 {
		return nil, errors.New("the labels choose several profiles; one image is built of one")
	}
	return profiles[0], nil
}
