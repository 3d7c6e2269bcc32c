package variables

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Spec is the spec of the NodeProfile whose variables vars are: a mapping with each variable in its
// area, values with the places where they were written. role is the role whose vars file it is, or
// empty for any of Airship's variables and those that Render makes of fields of our own.
//
// _append lists stay as they are, and so do references to other variables. A variable that nobody
// knows goes to extraVars where another value refers to it; else it is reported as a mistake, as is
// another role's, which the role never reads. What has no effect is a warning.
func Spec(role string, vars *tree.Node, r *tree.Report) *tree.Node {
	if vars == nil {
		return tree.Mapping(tree.Place{})
	}
	s := &sorter{role: role, vars: vars, report: r, spec: tree.Mapping(vars.Place), set: map[string]*tree.Node{}}
	// Where all of a file is comments, as Airship ships them, there is nothing.
	if !vars.IsMapping() && !vars.IsNull() {
		r.Mistake(vars.Place, "want a mapping of variables: NAME: VALUE")
	}
	vars.Fields(s.variable)
	return s.spec
}

// sorter puts variables into the areas of a spec.
type sorter struct {
	role   string
	vars   *tree.Node
	report *tree.Report
	spec   *tree.Node
	// set are the spec's fields, and its areas, by their paths.
	set       map[string]*tree.Node
	suggested int
	// referred are the names in Jinja expressions of vars; nil until they are asked for.
	referred map[string]bool
}

func (s *sorter) variable(key, value *tree.Node) {
	name := key.Value
	e, known := table[name]
	switch {
	case HasNoEffect(name):
		s.report.Warn(key.Place, "is accepted and has no effect here: it is about Airship's own build container%s", Instead(name))
	case name == profileName:
		// A profile's name is its document's.
	case settled[name] != nil:
		s.settled(key, value)
	case !known:
		s.unknown(key, value)
	case s.role != "" && e.role == "":
		s.report.Mistake(key.Place, "is no variable of Airship's role %s; write it in a NodeProfile as spec.%s",
			s.role, strings.Join(e.path, "."))
	case s.role != "" && e.role != s.role:
		s.misplaced(key, e.role)
	case value.IsNull():
		// All entries commented out: no value.
	default:
		s.put(key, value, e.path...)
	}
}

// file is the name of a role's vars file.
func file(role string) string { return role + "-vars.yaml" }

func (s *sorter) misplaced(key *tree.Node, role string) {
	s.report.Mistake(key.Place, "is a variable of the role %s, and the role %s never reads it; move it to %s",
		role, s.role, file(role))
}

// put sets the field at path, at most one area deep, whose own place is the variable's.
func (s *sorter) put(key, value *tree.Node, path ...string) {
	field := *key
	field.Value = path[len(path)-1]
	at := strings.Join(path, ".")
	if other := s.set[at]; other != nil {
		if !same(other, value) {
			s.report.Mistake(key.Place, "says something else than line %d, which sets spec.%s, too", other.Place.Line, at)
		}
		return
	}
	s.set[at] = value
	// Nobody has seen these mappings yet, and a copy for each variable takes too long for many.
	in := s.spec
	if len(path) > 1 {
		in = s.area(path[0], key)
	}
	in.Content = append(in.Content, &field, value)
}

// area is the mapping of an area. It is not written in vars: it stands where its first variable does.
func (s *sorter) area(name string, first *tree.Node) *tree.Node {
	if s.set[name] == nil {
		around := s.vars.Place.At(first.Place)
		s.set[name] = tree.Mapping(around)
		s.spec.Content = append(s.spec.Content, tree.Text(name, around), s.set[name])
	}
	return s.set[name]
}

// same says whether two scalars are equal; what is not scalar is not compared.
func same(a, b *tree.Node) bool {
	return a.IsScalar() && b.IsScalar() && a.Tag == b.Tag && a.Value == b.Value
}

// settled are variables whose one value is built in here.
var settled = map[string]*struct{ role, value, reason string }{
	"mksquashfs_compression": {LiveCDContent, "lz4", "the file system of an ISO is compressed in one way alone, with Zstandard"},
}

func (s *sorter) settled(key, value *tree.Node) {
	only := settled[key.Value]
	switch {
	case s.role != "" && s.role != only.role:
		s.misplaced(key, only.role)
	case !value.IsNull() && value.Value != only.value:
		s.report.Mistake(value.Place, "cannot be changed: %s; remove the line", only.reason)
	}
}

// renamed are variables of Airship's older releases.
var renamed = map[string]string{
	"buildtime_user_scripts":             "is now called user_scripts",
	"runtime_user_scripts":               "is now user_scripts with run_contexts: [qcow]",
	"qcow_container_runtime_scripts_dns": "is gone from Airship, too: scripts find names as the build does; remove it",
}

func (s *sorter) unknown(key, value *tree.Node) {
	name := key.Value
	switch {
	case s.isReferredTo(name) && taken(name) == "":
		s.put(key, value, extraVars, name)
	case renamed[name] != "":
		s.report.Mistake(key.Place, "%s", renamed[name])
	case isField(name):
		s.report.Mistake(key.Place, "is a field of a NodeProfile; a vars file holds the variables alone, without areas")
	default:
		s.report.Mistake(key.Place, "unknown variable%s", s.suggestion(name))
	}
}

// suggestions bounds how many unknown variables get one: a file of another kind has thousands.
const suggestions = 100

// suggestion says what may have been meant by an unknown variable.
func (s *sorter) suggestion(name string) string {
	const longest = 100 // bytes; no variable's name is nearly so long, and comparing takes its square
	if s.suggested++; s.suggested <= suggestions && len(name) <= longest {
		if near := mistake.Near(name, s.candidates()); near != "" {
			return "; did you mean " + near + "?"
		}
		if near := mistake.Near(name, Names()); near != "" {
			return "; did you mean " + near + "? That belongs in " + file(table[near].role)
		}
	}
	return "; one for plays of your own belongs in a NodeProfile's extraVars"
}

// candidates are the variables that may stand in vars.
func (s *sorter) candidates() []string {
	names := slices.Clone(withoutEffect)
	for name, e := range table {
		if s.role == "" || s.role == e.role {
			names = append(names, name)
		}
	}
	for name, only := range settled {
		if s.role == "" || s.role == only.role {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// isField says whether name is an area of a NodeProfile, or a field of our own in one.
func isField(name string) bool {
	if _, ok := fieldsOf(reflect.TypeFor[v1alpha1.NodeProfileSpec]())[name]; ok {
		return true
	}
	return slices.ContainsFunc(slices.Collect(maps.Values(table)), func(e entry) bool {
		return e.role == "" && e.path[len(e.path)-1] == name
	})
}
