package repository

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Relation asks for one package, as a term of Depends, Pre-Depends or Provides (deb-control(5),
// Debian policy 7.1).
type Relation struct {
	Name string
	// Qualifier is what follows a colon: any, native or an architecture.
	Qualifier string
	// Operator is one of << <= = >= >>; empty together with Version.
	Operator string
	Version  string
	// Architectures restricts the relation: amd64, or !amd64 throughout. Empty: everywhere.
	Architectures []string
}

// Alternatives are relations of which one is enough, in order of preference.
type Alternatives []Relation

// ParseRelations reads a dependency field: terms separated by commas, all of which are needed, each
// with alternatives separated by bars.
func ParseRelations(field string) ([]Alternatives, error) {
	var all []Alternatives
	for term := range strings.SplitSeq(field, ",") {
		if strings.TrimSpace(term) == "" {
			continue // a trailing comma is common
		}
		var either Alternatives
		for text := range strings.SplitSeq(term, "|") {
			relation, err := parseRelation(strings.TrimSpace(text))
			if err != nil {
				return nil, fmt.Errorf("relation %q: %w", strings.TrimSpace(term), err)
			}
			either = append(either, relation)
		}
		all = append(all, either)
	}
	return all, nil
}

// parseRelation reads NAME[:QUALIFIER] [(OPERATOR VERSION)] [[ARCHITECTURE…]].
func parseRelation(text string) (Relation, error) {
	end := strings.IndexAny(text, " \t\n([")
	if end < 0 {
		end = len(text)
	}
	var r Relation
	name, qualifier, qualified := strings.Cut(text[:end], ":")
	r.Name, r.Qualifier = name, qualifier
	if !validName(r.Name) {
		return r, fmt.Errorf("%q is not a package name", r.Name)
	}
	if qualified && !validName(r.Qualifier) {
		return r, fmt.Errorf("%q is not an architecture", r.Qualifier)
	}
	rest := strings.TrimSpace(text[end:])
	if inner, after, found := bracketed(rest, "(", ")"); found {
		var err error
		if r.Operator, r.Version, err = parseConstraint(inner); err != nil {
			return r, err
		}
		rest = after
	}
	if inner, after, found := bracketed(rest, "[", "]"); found {
		if r.Architectures = strings.Fields(inner); len(r.Architectures) == 0 {
			return r, errors.New("empty architecture list")
		}
		rest = after
	}
	if rest != "" {
		return r, fmt.Errorf("unexpected %q", rest)
	}
	return r, nil
}

// bracketed cuts a leading bracket from text: what stands inside, and what follows it.
func bracketed(text, opening, closing string) (inner, after string, found bool) {
	if !strings.HasPrefix(text, opening) {
		return "", text, false
	}
	inner, after, found = strings.Cut(text[1:], closing)
	if !found {
		return "", text, false
	}
	return strings.TrimSpace(inner), strings.TrimSpace(after), true
}

func parseConstraint(text string) (operator, version string, err error) {
	operator = text[:len(text)-len(strings.TrimLeft(text, "<=>"))]
	version = strings.TrimSpace(text[len(operator):])
	switch operator {
	case "<<", "<=", "=", ">=", ">>":
	case "<", ">": // the old spelling, which has always meant "or equal"
		operator += "="
	default:
		return "", "", fmt.Errorf("%q has none of the operators << <= = >= >>", text)
	}
	if version == "" || strings.ContainsAny(version, " \t\n()") {
		return "", "", fmt.Errorf("%q is not a version", version)
	}
	return operator, version, nil
}

// validName is what dpkg accepts for package names and architectures, and capitals, which some
// repositories have.
func validName(name string) bool {
	if name == "" || strings.Contains("+-._", name[:1]) {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isDigit(c) && !isLetter(c) && !strings.Contains("+-._", name[i:i+1]) {
			return false
		}
	}
	return true
}

// Matches says whether version satisfies the relation's constraint; every version does where there
// is none.
func (r Relation) Matches(version string) bool {
	order := CompareVersions(version, r.Version)
	switch r.Operator {
	case "<<":
		return order < 0
	case "<=":
		return order <= 0
	case "=":
		return order == 0
	case ">=":
		return order >= 0
	case ">>":
		return order > 0
	}
	return true
}

// AppliesTo says whether the relation's architecture list covers architecture.
func (r Relation) AppliesTo(architecture string) bool {
	if len(r.Architectures) == 0 {
		return true
	}
	if strings.HasPrefix(r.Architectures[0], "!") {
		return !slices.Contains(r.Architectures, "!"+architecture)
	}
	return slices.Contains(r.Architectures, architecture) || slices.Contains(r.Architectures, "any")
}

// String is the relation as control files write it.
func (r Relation) String() string {
	text := r.Name
	if r.Qualifier != "" {
		text += ":" + r.Qualifier
	}
	if r.Operator != "" {
		text += fmt.Sprintf(" (%s %s)", r.Operator, r.Version)
	}
	if len(r.Architectures) > 0 {
		text += " [" + strings.Join(r.Architectures, " ") + "]"
	}
	return text
}

// String is the term as control files write it.
func (a Alternatives) String() string {
	texts := make([]string, len(a))
	for i, relation := range a {
		texts[i] = relation.String()
	}
	return strings.Join(texts, " | ")
}
