package transpose

import (
	"path/filepath"
	"regexp"
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// entryPoints are the documents of a set that have no kind and are told by their names or fields.
type entryPoints struct {
	env    Environment
	action *tree.Node // what IMAGE_TYPE says; nil where it says nothing
	report *tree.Report

	v1, v2, vars []*tree.Node
	// named are the files that a v1 file names, whatever they hold.
	named map[*tree.Node]bool
	// made are the documents that come out in the place of one.
	made map[*tree.Node][]*tree.Node
	all  []*tree.Node
	// byFile are the documents without a kind, and those that were loaded, by their files' absolute names.
	byFile map[string][]*tree.Node
	// specs are vars files that were read: several v1 files may name one, or lie beside it.
	specs map[reading]*tree.Node
}

// reading is a vars file and the role that it is read for.
type reading struct {
	vars *tree.Node
	role string
}

// files puts NodeProfiles and AirshipImages in the place of the files of Airship's entry points.
func files(documents []*tree.Node, env Environment, r *tree.Report) []*tree.Node {
	e := &entryPoints{
		env: env, report: r, all: documents,
		named: map[*tree.Node]bool{}, made: map[*tree.Node][]*tree.Node{},
		specs: map[reading]*tree.Node{}, byFile: map[string][]*tree.Node{},
	}
	e.sort()
	if len(e.v1)+len(e.v2)+len(e.vars) == 0 {
		return documents
	}
	if env.ImageType != "" {
		e.action = action(tree.Text(env.ImageType, tree.Place{Field: "IMAGE_TYPE"}), r)
	}
	for _, root := range e.v2 {
		e.made[root] = e.readV2(root)
	}
	e.readV1()
	e.readDirectories()

	var out []*tree.Node
	for _, root := range documents {
		made, ok := e.made[root]
		if !ok {
			made = []*tree.Node{root}
		}
		out = append(out, made...)
	}
	return out
}

// Fields by which a file without a kind is known.
var (
	v1Fields = []string{"builder", "container"}
	v2Fields = []string{"osconfig", "qcow", "user_data", "network_config", fieldOutput}
)

// sort tells the entry points' files from other documents.
func (e *entryPoints) sort() {
	for _, root := range e.all {
		has := func(names []string) bool { return len(only(root, names).Content) > 0 }
		switch {
		case !root.IsMapping() || has(append([]string{"spec"}, envelope...)):
			continue
		case Role(root.Place.File) != "":
			e.vars = append(e.vars, root)
		case has(v1Fields):
			e.v1 = append(e.v1, root)
		case has(v2Fields):
			e.v2 = append(e.v2, root)
		case holdsVariables(root):
			e.vars = append(e.vars, root)
		}
		file := absolute(root.Place.File)
		e.byFile[file] = append(e.byFile[file], root)
	}
}

// absolute is a path that can be compared with another.
func absolute(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	return full
}

var varsFile = regexp.MustCompile(`^(multistrap|osconfig|livecdcontent|qcow)-vars\.ya?ml$`)

// Role is the role whose vars file a file is by its name, qcow of qcow-vars.yaml; empty where the name
// tells none. Airship ships such files with nothing but comments.
func Role(file string) string {
	match := varsFile.FindStringSubmatch(filepath.Base(file))
	if match == nil {
		return ""
	}
	return match[1]
}

// holdsVariables says whether a document has one of Airship's variables at its root.
func holdsVariables(root *tree.Node) bool {
	found := false
	root.Fields(func(key, _ *tree.Node) {
		_, ok := variables.Area(key.Value)
		found = found || ok
	})
	return found
}

// unowned are the vars files that no v1 file names, by their directories' absolute names.
func (e *entryPoints) unowned() map[string][]*tree.Node {
	directories := map[string][]*tree.Node{}
	for _, vars := range e.vars {
		if directory := filepath.Dir(absolute(vars.Place.File)); !e.named[vars] {
			directories[directory] = append(directories[directory], vars)
		}
	}
	return directories
}

// readDirectories makes a profile of the vars files that no v1 file stands beside or names, of those
// of one directory together.
func (e *entryPoints) readDirectories() {
	directories := e.unowned()
	for _, first := range e.vars {
		if _, done := e.made[first]; done {
			continue
		}
		directory := filepath.Dir(first.Place.File)
		spec := e.together(directories[absolute(directory)])
		metadata := named(tree.Text(entryName(nil, directory), first.Place), first.Place)
		made := []*tree.Node{entryProfile(first.Place, metadata, spec)}
		if e.action != nil {
			i := image{at: first.Place, metadata: metadata, profile: metadata, action: e.action}
			made = append(made, i.document())
		}
		e.made[first] = made
	}
}

// together is the spec of vars files of one directory, which are done with it.
func (e *entryPoints) together(roots []*tree.Node) *tree.Node {
	spec := tree.Mapping(roots[0].Place.Key("spec"))
	for _, root := range roots {
		spec = unite(spec, e.spec(root, Role(root.Place.File)), e.report)
		e.made[root] = nil
	}
	return spec
}

// spec is the spec of a vars file.
func (e *entryPoints) spec(vars *tree.Node, role string) *tree.Node {
	which := reading{vars, role}
	if e.specs[which] == nil {
		e.specs[which] = variables.Spec(role, vars, e.report)
	}
	return e.specs[which]
}

// entryProfile is a NodeProfile of an entry point. Airship's roles lay their vars files over their own
// defaults, which are the profile airship-default here.
func entryProfile(at tree.Place, metadata, spec *tree.Node) *tree.Node {
	extends := spec.Place.Key("extends").At(at)
	spec = put(spec, "extends", tree.List(extends, tree.Text("airship-default", extends.Index(0))))
	return document(v1alpha1.KindNodeProfile, at, metadata, spec)
}

// formOf is the action of an entry point's image: IMAGE_TYPE's, else what its words say, else other.
func (e *entryPoints) formOf(words []*tree.Node, output *tree.Node, at tree.Place) *tree.Node {
	if e.action != nil {
		words = []*tree.Node{e.action}
	}
	return oneAction(words, output, at, e.report)
}

// absent says whether none of the fields is written.
func absent(node *tree.Node, fields ...string) bool {
	return !slices.ContainsFunc(fields, func(field string) bool { return !node.Get(field).IsNull() })
}
