package document

import (
	"context"
	"errors"
	"slices"
)

// Unknown is what `packer validate` gives for the outputs of a data source that it does not
// execute; a list is empty then.
const Unknown = "<unknown>"

// Choice names a profile in the two ways that a template can: its resolved YAML, or documents and
// a selection.
type Choice struct {
	YAML      string // the option profile_yaml
	Source    Source
	Selection Selection
	// Decrypt decrypts what the data source left encrypted.
	Decrypt bool
	// WithYAML and WithDocuments say which of the two the template gives, known or not.
	WithYAML, WithDocuments bool
}

// Read reads and checks the profile; it is nil while a value is not known yet, which `packer
// validate` must accept.
func (c Choice) Read(ctx context.Context, checks ...Check) (*Profile, error) {
	selected := c.Selection != Selection{} && !c.unknown()
	switch {
	case c.WithYAML && c.WithDocuments:
		return nil, errors.New("profile_yaml and documents are both there; give one")
	case !c.WithYAML && !c.WithDocuments:
		return nil, errors.New("the profile is missing: give profile_yaml (data.airship-nodeprofile.NAME.profile_yaml) or documents")
	case c.WithYAML && selected:
		return nil, errors.New("profile_name and image_name choose among documents; with profile_yaml the data source's name and image do that")
	case c.YAML == Unknown, c.unknown():
		return nil, nil
	case c.YAML != "":
		return parse(ctx, c.YAML, "profile_yaml", c.Decrypt, checks)
	case len(c.Source.Documents) == 0 && c.Source.Cluster == nil:
		return nil, nil
	}
	source := c.Source
	source.LeaveEncrypted = source.LeaveEncrypted && !c.Decrypt
	set, err := source.Read(ctx, checks...)
	if err != nil {
		return nil, err
	}
	chosen, err := set.Select(c.Selection)
	if err != nil {
		return nil, err
	}
	return one(chosen)
}

// Open is a profile that Read gave, decrypted where it was left encrypted.
func (c Choice) Open(ctx context.Context, profile *Profile, checks ...Check) (*Profile, error) {
	if profile == nil || profile.origin == nil || !profile.origin.LeaveEncrypted {
		return profile, nil
	}
	c.Decrypt = true
	return c.Read(ctx, checks...)
}

// unknown says whether something that documents are chosen by is not known yet.
func (c Choice) unknown() bool {
	values := append(slices.Clone(c.Source.Documents), c.Selection.Name, c.Selection.Image, c.Selection.Labels,
		c.Source.Phase, c.Source.Overrides, c.Source.Platform)
	return slices.Contains(values, Unknown)
}
