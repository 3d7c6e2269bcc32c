package transpose

import (
	"slices"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Phase is what one of airshipctl's phases runs, and on which documents.
type Phase struct {
	// Name is metadata.name.
	Name string
	// Executor is the document that says what is built: an ImageConfiguration, IsoConfiguration,
	// AirshipImage or AirshipImageRootFS.
	Executor *tree.Node
	// EntryPoint is documentEntryPoint as it was written; nil where the phase has none.
	EntryPoint *tree.Node
}

// Executors are the kinds that say what is built.
func Executors() []string {
	return []string{
		v1alpha1.KindAirshipImage, v1alpha1.KindAirshipImageRootFS,
		v1alpha1.KindImageConfiguration, v1alpha1.KindIsoConfiguration,
	}
}

// Fields of a Phase's config and of the references in it, as airshipctl has them.
var (
	phaseFields = []string{"executorRef", "documentEntryPoint", "validation", "siteWideKubeconfig"}
	refFields   = []string{"apiVersion", "kind", "name", "namespace"}
)

// PhaseOf is the Phase of a name among documents, or the only one where name is empty; false after
// what is wrong was reported.
func PhaseOf(documents []*tree.Node, name string, r *tree.Report) (Phase, bool) {
	root := phaseNamed(documents, name, r)
	if root == nil {
		return Phase{}, false
	}
	config := root.Get("config")
	if !config.IsMapping() {
		r.Mistake(root.Place.Key("config"), "is required; want executorRef and documentEntryPoint")
		return Phase{}, false
	}
	before := len(r.Mistakes)
	known(config, phaseFields, r)
	out := Phase{Name: nameOf(root)}
	if entry := config.Get("documentEntryPoint"); text(entry, r) != "" {
		out.EntryPoint = entry
	}
	reference := config.Get("executorRef")
	if !reference.IsMapping() {
		r.Mistake(config.Place.Key("executorRef"), "is required; want kind and name of the document that says what is built")
		return Phase{}, false
	}
	out.Executor = executor(documents, reference, r)
	return out, out.Executor != nil && len(r.Mistakes) == before
}

func phaseNamed(documents []*tree.Node, name string, r *tree.Report) *tree.Node {
	var matches []*tree.Node
	var names []string
	for _, root := range documents {
		if ours(root) != v1alpha1.KindPhase {
			continue
		}
		names = append(names, nameOf(root))
		if name == "" || nameOf(root) == name {
			matches = append(matches, root)
		}
	}
	switch {
	case len(matches) == 1:
		return matches[0]
	case len(names) == 0:
		r.Mistake(tree.Place{}, "the documents hold no Phase of %s", v1alpha1.APIVersion)
	case len(matches) == 0:
		r.Mistake(tree.Place{}, "there is no Phase %s%s", mistake.Word(name), instead(name, names))
	case name == "":
		r.Mistake(tree.Place{}, "the documents hold %d Phases, so a name is needed%s", len(names), instead("", names))
	default:
		r.Mistake(matches[1].Place.Key("metadata").Key("name"), "another Phase has this name, in %s", spot(matches[0].Place))
	}
	return nil
}

// executor is the document that a reference names, or that the GenericContainer runs that it names.
func executor(documents []*tree.Node, reference *tree.Node, r *tree.Report) *tree.Node {
	before := len(r.Mistakes)
	known(reference, refFields, r)
	kind, name := text(reference.Get("kind"), r), text(reference.Get("name"), r)
	for _, field := range []string{"kind", "name"} {
		if reference.Get(field).IsNull() {
			r.Mistake(reference.Place.Key(field), mistake.Required+"; want the executor's %s", field)
		}
	}
	version := reference.Get("apiVersion")
	if written := text(version, r); written != "" && written != v1alpha1.APIVersion {
		r.Mistake(version.Place, "want %s; nothing else builds an image", v1alpha1.APIVersion)
	}
	if len(r.Mistakes) > before || kind == "" || name == "" {
		return nil
	}
	const container = "GenericContainer"
	if !slices.Contains(append(Executors(), container), kind) {
		r.Mistake(reference.Get("kind").Place, "the kind %s builds no image%s", mistake.Word(kind), mistake.Suggest(kind, Executors()))
		return nil
	}
	root := documentNamed(documents, kind, name, reference, r)
	if root == nil || kind != container {
		return root
	}
	// What a container runs may be one of our documents; a container in turn is not followed.
	config := root.Get("configRef")
	inner := config.Get("kind").String()
	if !slices.Contains(Executors(), inner) {
		r.Mistake(reference.Get("kind").Place, "the GenericContainer %s in %s runs a container, which builds no image here; want a configRef to one of %s",
			mistake.Word(name), spot(root.Place), mistake.Enumerate(Executors()))
		return nil
	}
	return executor(documents, config, r)
}

func documentNamed(documents []*tree.Node, kind, name string, reference *tree.Node, r *tree.Report) *tree.Node {
	var matches []*tree.Node
	var names, others []string
	for _, root := range documents {
		switch of := ours(root); {
		case of == kind && nameOf(root) == name:
			matches = append(matches, root)
		case of == kind:
			names = append(names, nameOf(root))
		case slices.Contains(Executors(), of):
			others = append(others, title(root))
		}
	}
	if len(matches) > 0 {
		if len(matches) > 1 {
			r.Mistake(matches[1].Place.Key("metadata").Key("name"), "another %s has this name, in %s", kind, spot(matches[0].Place))
		}
		return matches[0]
	}
	hint := instead(name, names)
	if hint == "" && len(others) > 0 {
		hint = "; documents that build an image: " + some(others)
	}
	r.Mistake(reference.Get("name").Place, "there is no %s %s among the documents%s", kind, mistake.Word(name), hint)
	return nil
}
