package document

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/transpose"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// image is one AirshipImage as its document has it.
type image struct {
	root *tree.Node
	name string
	// profile is that of nodeProfileRef, else the image's own name; named says which.
	profile string
	named   bool
	// over is what the image lays on the profile's spec: its params and what its files hold.
	over *tree.Node
	// files that were read for it.
	files    []string
	warnings []string
}

// addImage adds a document of kind AirshipImage or AirshipImageRootFS.
func (s *site) addImage(root *tree.Node) {
	spec := root.Get("spec")
	i := &image{
		root: root, name: root.Get("metadata", "name").String(),
		profile: spec.Get("nodeProfileRef", "name").String(), over: spec.Get("params"),
	}
	written := spec.Get("nodeProfileRef", "name")
	if broken := spec.Get("nodeProfileRef"); broken != nil && broken.Tag == tree.Broken {
		written = broken
	}
	if i.named = i.profile != "" || written != nil && written.Tag == tree.Broken; !i.named {
		i.profile = i.name
	}
	if !i.over.IsMapping() {
		// What else it is the image's decoder says.
		i.over = nil
	}
	for _, field := range []string{"extends", "valuesFrom"} {
		if key, value := i.over.Field(field); !value.IsNull() {
			s.report.Mistake(key.Place, "belongs to a NodeProfile; params are its areas alone")
		}
	}
	for _, earlier := range s.images {
		if earlier.name == i.name && i.name != "" {
			s.report.Mistake(root.Get("metadata", "name").Place, "another AirshipImage is named %s, in %s", mistake.Word(i.name), earlier.root.Place)
			return
		}
	}
	own := &tree.Report{}
	s.checkImage(root, own)
	if s.resolved {
		i.over = nil
	} else {
		s.readFiles(i, own)
	}
	i.warnings = own.Warnings
	own.Warnings = nil
	s.report.Add(own)
	s.images = append(s.images, i)
}

// checkImage finds what is wrong with an image whatever its profile.
func (s *site) checkImage(root *tree.Node, r *tree.Report) {
	if key, container := root.Get("spec").Field("container"); !container.IsNull() {
		r.Warn(key.Place, "no container is used; of this only the host's side of volume has an effect: files are read and written there")
	}
	actions := []string{v1alpha1.ActionBuildQcow2, v1alpha1.ActionBuildISO, v1alpha1.ActionBuildRoot}
	action := root.Get("spec", "builder", "action")
	switch word := action.String(); {
	case word == "":
	case !slices.Contains(actions, word):
		r.Mistake(action.Place, "unknown action %s%s", mistake.Word(word), mistake.Suggest(word, actions))
	case root.Get("kind").String() == v1alpha1.KindAirshipImageRootFS && word != v1alpha1.ActionBuildRoot:
		r.Mistake(action.Place, "an %s is built by %s alone; for %s want kind %s",
			v1alpha1.KindAirshipImageRootFS, v1alpha1.ActionBuildRoot, word, v1alpha1.KindAirshipImage)
	}
}

// readFiles lays what the builder's file names lead to on the image's params.
func (s *site) readFiles(i *image, r *tree.Report) {
	builder := i.root.Get("spec", "builder")
	if i.over == nil {
		i.over = tree.Mapping(i.root.Place.Key("spec").Key("params"))
	}
	put := func(value *tree.Node, keys ...string) {
		if value != nil && i.over.Holds(keys...) {
			i.over = i.over.Put(value, keys...)
		}
	}
	put(s.userData(i, builder.Get("userDataFileName"), r), "cloudInit", "userData")
	put(s.networkData(i, builder.Get("networkConfigFileName"), r), "networking", "networkData")
	if name := builder.Get("outputFileName"); name.String() != "" {
		put(name, "storage", "img_name")
	}
}

func (s *site) userData(i *image, name *tree.Node, r *tree.Report) *tree.Node {
	file, data := s.namedFile(i, name, r)
	if data == nil {
		return nil
	}
	data, secret, ok := s.open(file, data, r)
	if !ok {
		return nil
	}
	if line, problem := tree.Encoding(data); problem != "" {
		r.Mistake(tree.Place{File: file, Line: line}, "%s", problem)
		return nil
	}
	text := tree.Text(string(data), tree.Place{File: file, Line: 1, Column: 1})
	text.Secret = secret
	return text
}

func (s *site) networkData(i *image, name *tree.Node, r *tree.Report) *tree.Node {
	file, data := s.namedFile(i, name, r)
	if data == nil {
		return nil
	}
	documents := s.parse(file, data, r)
	switch {
	case len(documents) == 1:
		return documents[0]
	case len(documents) > 1:
		r.Mistake(documents[1].Place, "want one document with the network data; this is another one")
	}
	return nil
}

// namedFile reads a file that the image's builder names; nil where there is none or it cannot be read.
func (s *site) namedFile(i *image, name *tree.Node, r *tree.Report) (file string, data []byte) {
	if name.String() == "" {
		return "", nil
	}
	file, problem := s.hostPath(i, name)
	if problem == "" {
		data, problem = load(file)
	}
	switch {
	case problem != "" && file != "":
		r.Mistake(name.Place, "%s: %s", file, problem)
		return file, nil
	case problem != "":
		r.Mistake(name.Place, "%s", problem)
		return file, nil
	case len(data) == 0:
		r.Mistake(name.Place, "%s: is empty", file)
		return file, nil
	}
	i.files = append(i.files, file)
	return file, data
}

// hostPath is where a file of the image lies: on the host's side of container.volume, else beside the
// document.
func (s *site) hostPath(i *image, name *tree.Node) (path, problem string) {
	directory, isFile := s.directories[i.root.Place.File]
	volume := i.root.Get("spec", "container", "volume").String()
	path = transpose.HostPath(filepath.Join(directory, "document"), filepath.FromSlash(volume), filepath.FromSlash(name.String()))
	if !isFile && !filepath.IsAbs(path) {
		return "", "a relative path needs a document that is a file, or a container.volume whose host's side is an absolute path"
	}
	return path, ""
}

// outputDirectory is where the image's output goes, empty where it does not say.
func (s *site) outputDirectory(i *image) string {
	volume := i.root.Get("spec", "container", "volume")
	if volume.String() == "" {
		return ""
	}
	path, _ := s.hostPath(i, tree.Text(".", volume.Place))
	return path
}

// typed is the image as it is known outside of here; params are those it has, with their references
// filled in.
func (i *image) typed(params *tree.Node, r *tree.Report) (v1alpha1.AirshipImage, *decoder) {
	root := i.root
	if params != nil && root.Get("spec", "params") != nil {
		root = root.Put(params, "spec", "params")
	}
	var out v1alpha1.AirshipImage
	d := newDecoder(r)
	d.unknown = unsupportedParam
	d.decode(root, reflect.ValueOf(&out).Elem(), "", root.Place, false)
	if out.Spec.NodeProfileRef.Name == "" {
		out.Spec.NodeProfileRef.Name = i.profile
	}
	if out.Spec.Builder.Action == "" {
		out.Spec.Builder.Action = v1alpha1.ActionBuildQcow2
		if out.Kind == v1alpha1.KindAirshipImageRootFS {
			out.Spec.Builder.Action = v1alpha1.ActionBuildRoot
		}
	}
	if out.Name != "" && !resourceName.MatchString(out.Name) {
		r.Mistake(root.Get("metadata", "name").Place, "want a name of lower-case letters, digits, - and .")
	}
	return out, d
}

// unsupportedParam takes the fields of params that a profile's areas may have and that have no effect.
// The profile, over which they lie, warns of them.
func unsupportedParam(_ *tree.Report, at tree.Place, area, name string) bool {
	inner, isParam := strings.CutPrefix(area, "spec.params")
	return isParam && unsupported(&tree.Report{}, at, "spec"+inner, name)
}

// derivedImage is the AirshipImage of a profile that no document gives one.
func derivedImage(profile string) v1alpha1.AirshipImage {
	return v1alpha1.AirshipImage{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindAirshipImage},
		ObjectMeta: metav1.ObjectMeta{Name: profile},
		Spec: v1alpha1.AirshipImageSpec{
			NodeProfileRef: v1alpha1.Reference{Name: profile},
			Builder:        v1alpha1.ImageBuilder{Action: v1alpha1.ActionBuildQcow2},
		},
	}
}
