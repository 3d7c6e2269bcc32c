package transpose

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
	"github.com/airshipit/packer-plugin-airship/internal/variables"
)

// What Airship's builder calls its output where a v1 or v2 file does not.
const (
	defaultISO      = "ephemeral.iso"
	defaultMetadata = "output-metadata.yaml"
)

// rolesOfV1 are the fields of a v1 file's builder that name vars files, with their roles.
var rolesOfV1 = []struct{ field, role string }{
	{"osconfigVarsFileName", variables.OSConfig},
	{"qcowVarsFileName", variables.Qcow},
}

var builderFieldsOfV1 = []string{
	"imageType", "action", "userDataFileName", "networkConfigFileName", "outputMetadataFileName",
	fieldOutput, "osconfigVarsFileName", "qcowVarsFileName",
}

// readV1 makes a profile and an image of each v1 file: its own vars files, and those without an owner
// that lie beside it or in the host's side of its volume.
func (e *entryPoints) readV1() {
	specs := make([]*tree.Node, len(e.v1))
	for i, root := range e.v1 {
		specs[i] = e.namedVars(root)
	}
	directories := e.unowned()
	read := map[string]*tree.Node{}
	for i, root := range e.v1 {
		near := []string{filepath.Dir(absolute(root.Place.File)), filepath.Dir(absolute(hostPath(root, "vars.yaml")))}
		for _, directory := range slices.Compact(near) {
			if read[directory] == nil && directories[directory] != nil {
				read[directory] = e.together(directories[directory])
			}
			specs[i] = unite(specs[i], read[directory], e.report)
		}
		e.made[root] = e.imageOfV1(root, specs[i])
	}
}

// namedVars is the spec of the vars files that a v1 file names.
func (e *entryPoints) namedVars(root *tree.Node) *tree.Node {
	spec := tree.Mapping(root.Place.Key("spec"))
	for _, of := range rolesOfV1 {
		name := root.Get(fieldBuilder, of.field)
		if text(name, e.report) == "" {
			continue
		}
		for _, vars := range e.load(hostPath(root, name.Value), name) {
			spec = unite(spec, e.spec(vars, of.role), e.report)
		}
	}
	return spec
}

func hostPath(root *tree.Node, name string) string {
	return HostPath(root.Place.File, root.Get("container", "volume").String(), name)
}

// load is the documents of a file that name names, which may be among the documents already.
func (e *entryPoints) load(file string, name *tree.Node) []*tree.Node {
	there, known := e.byFile[absolute(file)]
	for _, root := range there {
		e.named[root], e.made[root] = true, nil
	}
	switch {
	case known:
		return there
	case e.env.Load == nil:
		e.report.Mistake(name.Place, "names a file, which is not read here; write its variables into a NodeProfile")
		return nil
	}
	own := &tree.Report{}
	there = e.env.Load(file, own)
	e.byFile[absolute(file)] = there
	if len(there) == 0 && onlyComments(own) {
		return nil
	}
	for _, m := range own.Mistakes {
		if m.Line == 0 {
			// The file as a whole is wrong, or the name of it.
			m.File, m.Line, m.Column, m.Field = name.Place.File, name.Place.Line, name.Place.Column, name.Place.Field
			m.Problem = "names " + file + ": " + m.Problem
		}
	}
	e.report.Add(own)
	return there
}

// onlyComments says whether a file was refused for nothing but holding no document; a vars file may.
func onlyComments(r *tree.Report) bool {
	return len(r.Mistakes) == 1 && r.Mistakes[0].Line == 0 && strings.HasPrefix(r.Mistakes[0].Problem, "is empty")
}

func (e *entryPoints) imageOfV1(root, spec *tree.Node) []*tree.Node {
	known(root, v1Fields, e.report)
	builder := root.Get(fieldBuilder)
	if !mapping(builder, e.report) {
		builder = tree.Mapping(root.Place.Key(fieldBuilder))
	}
	known(builder, builderFieldsOfV1, e.report)

	i := image{
		at: root.Place, container: root.Get("container"), output: builder.Get(fieldOutput),
		fields: only(builder, []string{"userDataFileName", "networkConfigFileName", "outputMetadataFileName"}),
	}
	i.metadata = named(tree.Text(entryName(i.output, filepath.Dir(root.Place.File)), i.namePlace()), root.Place)
	i.profile = i.metadata
	i.action = e.formOf([]*tree.Node{builder.Get("imageType"), builder.Get("action")}, i.output, builder.Place.Key("imageType"))
	if absent(builder, "outputMetadataFileName") {
		i.fields = put(i.fields, "outputMetadataFileName", tree.Text(defaultMetadata, builder.Place.Key("outputMetadataFileName")))
	}
	i.nameISO(builder.Place)
	return []*tree.Node{entryProfile(root.Place, i.metadata, spec), i.document()}
}

// namePlace is where an entry point's name comes from.
func (i image) namePlace() tree.Place {
	if i.output.IsNull() {
		return i.at
	}
	return i.output.Place
}

// nameISO gives an ISO without a name the one that Airship does. A disk image has one among its variables.
func (i *image) nameISO(at tree.Place) {
	if i.output.IsNull() && i.action.Value == v1alpha1.ActionBuildISO {
		i.output = tree.Text(defaultISO, at.Key(fieldOutput))
	}
}
