package site

import (
	"path/filepath"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/kustomization"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/sops"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// markPatches finds the documents that a kustomization beside them or around them lays over others.
func (r *reader) markPatches() {
	patches := map[string]bool{}
	for _, f := range r.site.files {
		switch filepath.Base(f.name) {
		case "kustomization.yaml", "kustomization.yml":
			addPatches(patches, f.name, f.data)
		default:
			// The file may have been named alone.
			beside := filepath.Join(filepath.Dir(f.name), "kustomization.yaml")
			if data, err := load(beside); err == nil && !r.seen[beside] {
				addPatches(patches, beside, data)
			}
		}
	}
	for _, d := range r.site.documents {
		d.patch = patches[d.file.name]
	}
}

func addPatches(patches map[string]bool, name string, data []byte) {
	for _, root := range tree.Parse(name, data, &tree.Report{}) {
		for _, list := range []string{"patches", "patchesStrategicMerge", "patchesJson6902"} {
			if elements := root.Get(list); elements.IsList() {
				for _, element := range elements.Content {
					path := element.String()
					if element.IsMapping() {
						path = element.Get("path").String()
					}
					if path != "" && !strings.Contains(path, "\n") {
						patches[filepath.Join(filepath.Dir(name), filepath.FromSlash(path))] = true
					}
				}
			}
		}
	}
}

// kustomization renders a directory. What is written in a file that was read is changed there, and only its labels are taken.
func (r *reader) kustomization(directory string) {
	built, err := kustomization.Build(r.ctx, directory, kustomization.Options{Read: func(path string, data []byte) ([]byte, error) {
		if !sops.Encrypted(data) {
			return data, nil
		}
		// No key is needed, as no secret matters here.
		sealed, err := sops.Seal(path, data)
		if err != nil {
			return nil, err
		}
		return sealed.Text, nil
	}})
	if err != nil {
		found := mistake.All(err)
		if len(found) == 0 {
			r.report.Mistake(tree.Place{File: directory}, "%s", err)
		}
		r.report.Mistakes = append(r.report.Mistakes, found...)
		return
	}
	for _, one := range built.Documents {
		nodes, err := roots(one.Text)
		if err != nil || len(nodes) != 1 {
			r.report.Mistake(one.Root.Place, "what is rendered is not one document")
			continue
		}
		d := newDocument(one.Root, nodes[0])
		d.origin, d.from = rendered, one.File
		known := false
		for _, other := range r.site.documents {
			if other.origin == written && other.is(d.kind, d.name, "") && (other.namespace == "" || other.namespace == d.namespace) && !other.patch {
				other.labels, known = d.labels, true
			}
		}
		if !known {
			r.site.documents = append(r.site.documents, d)
		}
	}
}
