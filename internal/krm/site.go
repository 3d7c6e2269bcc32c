package krm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/fn/runtime/runtimeutil"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Names of what the documents of a ResourceList do not name.
const (
	documentsDirectory = "documents"
	// configurationFile is the function configuration's.
	configurationFile = "function-configuration.yaml"
	phaseName         = "function"
	phaseFile         = "phase.yaml"
)

// site is the documents of a ResourceList as files of the working directory.
type site struct {
	configuration *yaml.RNode
	// paths in their order, with the documents of each.
	paths     []string
	documents map[string][]*yaml.RNode
	// original are the list's own nodes of documents.
	original map[string][]*yaml.RNode
	// own is the list's node of the configuration, where it is one of its documents.
	own *yaml.RNode
	// inside is the configuration's volume.
	inside sides
}

// origins are the annotations by which kustomize, kpt and kyaml say where a document is from. They are no part of it.
var origins = []string{
	kioutil.PathAnnotation, kioutil.IndexAnnotation, kioutil.IdAnnotation, kioutil.SeqIndentAnnotation,
	kioutil.InternalAnnotationsMigrationResourceIDAnnotation,
	"config.kubernetes.io/path", "config.kubernetes.io/index", "config.k8s.io/id", // older names of the first three
	"kustomize.config.k8s.io/id", // of a transformer's input
}

// functions are the annotations by which kustomize and kpt say what program a configuration is for, and that it is no document of the
// site: kustomize gives every transformer the last one, and drops what has it from its output.
var functions = []string{runtimeutil.FunctionAnnotationKey, "config.k8s.io/function", "config.kubernetes.io/local-config"}

// writeSite takes the documents of a list by the paths that they were read from. The configuration may be one of them.
func writeSite(rl *framework.ResourceList) (*site, error) {
	s := &site{
		configuration: without(without(rl.FunctionConfig, origins), functions),
		documents:     map[string][]*yaml.RNode{}, original: map[string][]*yaml.RNode{},
	}
	for i, item := range rl.Items {
		if item.GetKind() == rl.FunctionConfig.GetKind() && item.GetName() == rl.FunctionConfig.GetName() && item.GetNamespace() == rl.FunctionConfig.GetNamespace() {
			s.own = item
			continue
		}
		path, _, err := kioutil.GetFileAnnotations(item)
		if err != nil {
			return nil, err
		}
		path, err = pathOf(path, item, i)
		if err != nil {
			return nil, err
		}
		s.add(path, item)
	}
	return s, nil
}

// pathOf is where a document goes, below documentsDirectory.
func pathOf(path string, item *yaml.RNode, i int) (string, error) {
	if path == "" {
		path = fmt.Sprintf("%04d-%s-%s.yaml", i, strings.ToLower(item.GetKind()), strings.ToLower(item.GetName()))
	}
	if !filepath.IsLocal(path) {
		// It is a name, not a file to be written: those above the root keep the rest of theirs.
		path = strings.TrimPrefix(filepath.Clean("/"+filepath.ToSlash(path)), "/")
	}
	if extension := filepath.Ext(path); extension != ".yaml" && extension != ".yml" {
		path += ".yaml"
	}
	if !filepath.IsLocal(path) {
		return "", fmt.Errorf("the document %s %s has the path %q, which leads out of the site", item.GetKind(), item.GetName(), path)
	}
	return filepath.Join(documentsDirectory, path), nil
}

func (s *site) add(path string, item *yaml.RNode) {
	if !slices.Contains(s.paths, path) {
		s.paths = append(s.paths, path)
	}
	s.documents[path] = append(s.documents[path], without(item, origins))
	s.original[path] = append(s.original[path], item)
}

// without is a copy of a document without some annotations.
func without(document *yaml.RNode, annotations []string) *yaml.RNode {
	document = document.Copy()
	for _, name := range annotations {
		// Clearing what is not there is no error.
		_ = document.PipeE(yaml.ClearAnnotation(name))
	}
	_ = yaml.ClearEmptyAnnotations(document)
	return document
}

// files are what Packer's components read.
func (s *site) files() []string {
	return append(slices.Clone(s.paths), configurationFile, phaseFile)
}

// write makes the files, and a Phase that has the configuration as its executor: no other image of the site is meant.
func (s *site) write() error {
	for _, path := range s.paths {
		if err := writeDocuments(path, s.documents[path]); err != nil {
			return err
		}
	}
	if err := writeDocuments(configurationFile, []*yaml.RNode{s.configuration}); err != nil {
		return err
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": v1alpha1.APIVersion, "kind": v1alpha1.KindPhase, "metadata": map[string]any{"name": phaseName},
		"config": map[string]any{"executorRef": map[string]any{
			"apiVersion": v1alpha1.APIVersion, "kind": s.configuration.GetKind(), "name": s.configuration.GetName(),
		}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(phaseFile, text, 0o600)
}

func writeDocuments(path string, documents []*yaml.RNode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	var text strings.Builder
	for i, d := range documents {
		one, err := d.String()
		if err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		if i > 0 {
			text.WriteString("---\n")
		}
		text.WriteString(one)
	}
	return os.WriteFile(path, []byte(text.String()), 0o600)
}

// read takes the documents back into the list: changed ones in the place of what they were, new ones behind them.
func (s *site) read(rl *framework.ResourceList) error {
	var all []error
	for _, path := range s.paths {
		all = append(all, s.readFile(path))
	}
	made, err := s.made()
	if err != nil {
		return errors.Join(append(all, err)...)
	}
	rl.Items = append(rl.Items, made...)
	return errors.Join(all...)
}

func (s *site) readFile(path string) error {
	now, err := readDocuments(path)
	if err != nil {
		return err
	}
	if len(now) != len(s.original[path]) {
		return fmt.Errorf("%s had %d documents and has %d now", path, len(s.original[path]), len(now))
	}
	for i, document := range now {
		if err := take(s.original[path][i], s.documents[path][i], document); err != nil {
			return err
		}
	}
	return nil
}

// take puts now into the list's node of a document if it is another than before. What says where the document is from stays.
func take(original, before, now *yaml.RNode) error {
	was, err := before.String()
	if err != nil {
		return err
	}
	is, err := now.String()
	if err != nil || is == was {
		return err
	}
	for _, name := range slices.Concat(origins, functions) {
		if value, there := original.GetAnnotations()[name]; there {
			if err := now.PipeE(yaml.SetAnnotation(name, value)); err != nil {
				return err
			}
		}
	}
	original.SetYNode(now.YNode())
	return nil
}

// made are the documents that the publication added, and the AirshipImage that was the configuration.
func (s *site) made() ([]*yaml.RNode, error) {
	known := map[string]bool{phaseFile: true}
	for _, path := range s.paths {
		known[path] = true
	}
	if !strings.HasPrefix(s.configuration.GetKind(), v1alpha1.KindAirshipImage) {
		known[configurationFile] = true
	}
	var made []*yaml.RNode
	err := filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && filepath.Dir(path) == "." && path != "." && path != documentsDirectory:
			// Packer's, and the images'.
			return filepath.SkipDir
		case entry.IsDir(), known[path], filepath.Ext(path) != ".yaml":
			return nil
		}
		documents, err := readDocuments(path)
		if err != nil {
			return err
		}
		if path == configurationFile && s.own != nil && len(documents) == 1 {
			before := s.configuration.Copy()
			s.inside.restore(before)
			s.inside.restore(documents[0])
			return take(s.own, before, documents[0])
		}
		for i, document := range documents {
			if path == configurationFile {
				s.inside.restore(document)
			}
			name := strings.TrimPrefix(path, documentsDirectory+string(filepath.Separator))
			if path == configurationFile {
				name = strings.ToLower(document.GetKind()+"-"+document.GetName()) + ".yaml"
			}
			err = errors.Join(err, document.PipeE(yaml.SetAnnotation(kioutil.PathAnnotation, filepath.ToSlash(name))),
				document.PipeE(yaml.SetAnnotation(kioutil.IndexAnnotation, fmt.Sprint(i))))
			made = append(made, document)
		}
		return err
	})
	return made, err
}

func readDocuments(path string) ([]*yaml.RNode, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	documents, err := (&kio.ByteReader{Reader: strings.NewReader(string(text)), OmitReaderAnnotations: true, DisableUnwrapping: true}).Read()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return documents, nil
}
