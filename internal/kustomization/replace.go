package kustomization

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// substring is a field reference with a pattern of which the value replaces every match.
var substring = regexp.MustCompile(`^(.+)%(\S+)%$`)

func (x *replacer) target(target, value, from *tree.Node) {
	if !x.known(target, targetFields) {
		return
	}
	reference, fields := target.Get("objref"), target.Get("fieldrefs")
	if !reference.IsMapping() || !fields.IsList() {
		x.report.Mistake(target.Place, "a target needs objref, a mapping, and fieldrefs, a list")
		return
	}
	found, ok := x.selected(reference)
	if !ok {
		return
	}
	if len(found) == 0 {
		x.report.Mistake(reference.Place, "no resource is %s%s", describe(reference), x.near(reference))
	}
	for _, i := range found {
		for _, field := range fields.Content {
			own := value
			if isSecretData(reference, field.Value) && value.IsScalar() {
				own = tree.Text(base64.StdEncoding.EncodeToString([]byte(value.Value)), value.Place)
			}
			if err := x.replace(i, field, own); err != nil {
				x.report.Mistake(field.Place, "%s of %s: %s", mistake.Word(field.Value), describe(x.documents[i]), err)
			}
		}
	}
}

// replace writes value into a field of the document i.
func (x *replacer) replace(i int, field, value *tree.Node) error {
	text, pattern := field.Value, ""
	if match := substring.FindStringSubmatch(text); match != nil {
		text, pattern = match[1], match[2]
	}
	path, err := parsePath(text)
	if err != nil {
		return err
	}
	paths, err := path.find(x.documents[i], pattern == "")
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		x.report.Warn(field.Place, "%s has no such field; nothing is replaced", describe(x.documents[i]))
		return nil
	}
	if pattern == "" {
		for _, one := range paths {
			x.write(i, one, value)
		}
		return nil
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return fmt.Errorf("the pattern %s is not a regular expression", mistake.Word(pattern))
	}
	if !value.IsScalar() {
		return fmt.Errorf("a pattern is replaced by a text or number only; what is there is %s", kindOf(value))
	}
	matched := false
	for _, one := range paths {
		did, err := x.substitute(i, one, expression, value)
		if err != nil {
			return err
		}
		matched = matched || did
	}
	if !matched {
		x.report.Warn(field.Place, "the pattern is not in %s; nothing is replaced", describe(x.documents[i]))
	}
	return nil
}

// substitute replaces a pattern in a text, or in each text of a list.
func (x *replacer) substitute(i int, path []string, pattern *regexp.Regexp, value *tree.Node) (bool, error) {
	old := x.documents[i]
	for _, step := range path {
		_, old = child(old, step)
	}
	switch {
	case old.IsList():
		matched := false
		for j := range old.Content {
			did, err := x.substitute(i, append(slices.Clone(path), fmt.Sprint(j)), pattern, value)
			if err != nil {
				return false, err
			}
			matched = matched || did
		}
		return matched, nil
	case !old.IsScalar():
		return false, fmt.Errorf("a pattern is replaced in texts only; what is there is %s", kindOf(old))
	case !pattern.MatchString(old.Value):
		return false, nil
	}
	// The line of the text that the pattern is in says more than the line of what replaced it.
	text := old.Shell()
	text.Value = pattern.ReplaceAllLiteralString(old.Value, value.Value)
	if len(text.Value) > tree.MaxText {
		return false, fmt.Errorf("the text becomes larger than %d KiB", tree.MaxText>>10)
	}
	if text.Style == 0 {
		text.Tag = plain(text.Value, text.Place).Tag
	}
	text.Secret = old.Secret || value.Secret
	x.write(i, path, text)
	return true, nil
}

func (x *replacer) write(i int, path []string, value *tree.Node) {
	x.documents[i] = set(x.documents[i], path, value)
	x.changes[i] = append(x.changes[i], write{path: path, node: value})
}
