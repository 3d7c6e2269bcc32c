package site

import (
	"fmt"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Request says which documents point at which image.
type Request struct {
	// Targets are the documents to change.
	Targets []Target `json:"targets,omitempty"`
	// Status writes each image's URL, checksum, size and digests into its AirshipImage.
	Status bool `json:"status,omitempty"`
}

// Target is a document, or, without a name, all hosts or machine templates that an image's hostSelector selects.
type Target struct {
	// Kind is BareMetalHost, Metal3MachineTemplate, VersionsCatalogue, BaremetalManager, or any other with a Path.
	Kind string `json:"kind"`
	// Name and Namespace are the document's. Without a name the images' host labels select: BareMetalHosts by their
	// labels, Metal3MachineTemplates by the labels that they ask of hosts. A namespace chooses among documents of one name.
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// File is a glob that chooses among documents of one name, such as those of two phases.
	File string `json:"file,omitempty"`
	// Path leads to what holds the image: a mapping with url (and checksum), or a text. Empty: where the kind has it.
	Path string `json:"path,omitempty"`
	// Value is what a text at Path becomes: url (default), checksum, checksumType, format, size.
	Value string `json:"value,omitempty"`
	// Checksum is the algorithm: sha256 or sha512, or another one of the image's Digests (md5, for a baremetal-operator
	// before 0.10 that reads a catalogue without checksumType). Empty: the one that the document names, or that its checksum shows
	// where it names none, if the image has it, else sha256.
	Checksum string `json:"checksum,omitempty"`
	// Image is the name of the AirshipImage, or of the profile. Empty: the only one, or the one that selects the host.
	Image string `json:"image,omitempty"`
	// Format chooses among an image's files.
	Format string `json:"format,omitempty"`
}

// Form is how the changed documents are handed out.
type Form string

// The forms.
const (
	// InPlace changes the files. What cannot be changed there becomes a patch in Output.Directory, where one is given.
	InPlace Form = "in-place"
	// Directory gets copies of the changed files, with the relative paths that they have; whole rendered documents, too.
	Directory Form = "directory"
	// Patch gets kustomize patches and a kustomization of the kind Component that applies them, to be named in `components`.
	Patch Form = "patch"
)

// Output is where the changes go.
type Output struct {
	// Form is InPlace where empty.
	Form Form `json:"form,omitempty"`
	// Directory is made where it is missing.
	Directory string `json:"directory,omitempty"`
}

// Kinds that hold an image at a place of their own.
const (
	kindHost      = "BareMetalHost"
	kindTemplate  = "Metal3MachineTemplate"
	kindVersions  = "VersionsCatalogue"
	kindManager   = "BaremetalManager"
	kindVariables = "VariableCatalogue"
)

// ownPaths are those places. Of airshipctl: pkg/api/v1alpha1/baremetal_manager.go and
// manifests/function/airshipctl-base-catalogues; of metal3: the CRDs.
var ownPaths = map[string]string{
	kindHost:     "spec.image",
	kindTemplate: "spec.template.spec.image",
	kindVersions: "spec.files.k8scontrol.cluster_controlplane_image",
	kindManager:  "spec.operationOptions.remoteDirect.isoURL",
}

var (
	knownKinds = []string{kindHost, kindTemplate, kindVersions, kindManager, kindVariables}
	values     = []string{keyURL, keyChecksum, keyChecksumType, keyFormat, keySize}
)

// check finds what is wrong with a request whatever the documents are.
func (r Request) check() (all []*mistake.Mistake) {
	if len(r.Targets) == 0 && !r.Status {
		return []*mistake.Mistake{{Problem: "no document is named; want targets, or the status of AirshipImages"}}
	}
	for _, t := range r.Targets {
		wrong := func(format string, args ...any) {
			all = append(all, &mistake.Mistake{Field: t.describe(), Problem: fmt.Sprintf(format, args...)})
		}
		_, own := ownPaths[t.Kind]
		switch {
		case t.Kind == "":
			wrong("has no kind; known: %s, or any other with a path", mistake.Enumerate(knownKinds))
		case !own && t.Path == "" && mistake.Near(t.Kind, knownKinds) != "" && t.Kind != kindVariables:
			wrong("is of an unknown kind%s", mistake.Suggest(t.Kind, knownKinds))
		case !own && t.Path == "":
			wrong("needs a path: where in a %s the image stands is not known", mistake.Word(t.Kind))
		}
		if t.Name == "" && t.Kind != kindHost && t.Kind != kindTemplate && (own || t.Path != "") {
			wrong("needs a name; hosts and machine templates alone are selected by labels")
		}
		if t.Value != "" && !slices.Contains(values, t.Value) {
			wrong("has the unknown value %s%s", mistake.Word(t.Value), mistake.Suggest(t.Value, values))
		}
	}
	return all
}

// describe is the target in messages.
func (t Target) describe() string {
	text := mistake.Word(t.Kind)
	if t.Kind == "" {
		text = "target"
	}
	if t.Name != "" {
		text += " " + mistake.Word(t.Name)
	}
	return text
}

func (o Output) check() (all []*mistake.Mistake) {
	switch o.Form {
	case "", InPlace:
	case Directory, Patch:
		if o.Directory == "" {
			all = append(all, &mistake.Mistake{Problem: "the form " + string(o.Form) + " needs a directory"})
		}
	default:
		forms := []string{string(InPlace), string(Directory), string(Patch)}
		all = append(all, &mistake.Mistake{Problem: "the form " + mistake.Word(string(o.Form)) + " is unknown" + mistake.Suggest(string(o.Form), forms)})
	}
	return all
}
