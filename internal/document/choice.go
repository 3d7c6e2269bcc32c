package document

import (
	"errors"
	"slices"
)

// Unknown is what `packer validate` gives for the outputs of a data source that it does not
// execute; a list is empty then.
const Unknown = "<unknown>"

// Choice names a profile in the two ways that a template can: its resolved YAML, or documents and
// a name.
type Choice struct {
	YAML      string   // the option profile_yaml
	Documents []string // documents
	Name      string   // profile_name
	// WithYAML and WithDocuments say which of the two the template gives, known or not.
	WithYAML, WithDocuments bool
}

// Read reads and checks the profile; it is nil while a value is not known yet, which `packer
// validate` must accept.
func (c Choice) Read(checks ...Check) (*Profile, error) {
	switch {
	case c.WithYAML && c.WithDocuments:
		return nil, errors.New("profile_yaml and documents are both there; give one")
	case !c.WithYAML && !c.WithDocuments:
		return nil, errors.New("the profile is missing: give profile_yaml (data.airship-nodeprofile.NAME.profile_yaml) or documents")
	case c.WithYAML && c.Name != "" && c.Name != Unknown:
		return nil, errors.New("profile_name chooses among documents; with profile_yaml the data source's name does that")
	case c.YAML == Unknown, slices.Contains(c.Documents, Unknown), c.Name == Unknown:
		return nil, nil
	case c.YAML != "":
		return Parse(c.YAML, "profile_yaml", checks...)
	case len(c.Documents) == 0:
		return nil, nil
	}
	set, err := Read(c.Documents, checks...)
	if err != nil {
		return nil, err
	}
	return set.Select(c.Name)
}
