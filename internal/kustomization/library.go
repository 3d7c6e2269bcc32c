package kustomization

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// library is held while kustomize runs: its schema of Kubernetes' kinds is global.
var library sync.Mutex

// run lets kustomize build r as if its file held kustomization. For functions, names are as they are
// before hashes are added to them, and no document is dropped.
func (b *build) run(r *root, kustomization *tree.Node, functions bool) (m resmap.ResMap, err error) {
	library.Lock()
	defer library.Unlock()
	if b.disk.shown, err = b.shown(r, kustomization, functions); err != nil {
		return nil, err
	}
	b.disk.aside = functions
	defer func() {
		if problem := recover(); problem != nil {
			m, err = nil, wrong(tree.Place{File: r.name}, "kustomize fails on it: %v", firstLine(fmt.Sprint(problem)))
		}
	}()
	m, err = krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(b.disk, r.directory)
	if err != nil {
		return nil, b.explain(r, err)
	}
	return m, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// shown are the kustomization files that the library must see otherwise than they are written.
func (b *build) shown(top *root, kustomization *tree.Node, functions bool) (map[string][]byte, error) {
	shown := map[string][]byte{}
	for path, file := range b.virtual {
		shown[path] = file.text
	}
	for _, r := range b.roots {
		root := r.final
		if r == top {
			root = withOrigins(kustomization)
		}
		if functions {
			root = root.Put(word("true", "!!bool", root.Place), "generatorOptions", "disableNameSuffixHash")
		}
		if root == r.tree {
			continue
		}
		text, err := yaml.Marshal(root.YAML())
		if err != nil {
			return nil, fmt.Errorf("prepare %s: %w", r.name, err)
		}
		shown[r.file] = text
	}
	return shown, nil
}

// withOrigins makes kustomize tell each resource's file, in annotations that no document keeps.
func withOrigins(kustomization *tree.Node) *tree.Node {
	at := kustomization.Place
	metadata := tree.List(at, tree.Text("originAnnotations", at))
	if own := kustomization.Get("buildMetadata"); own.IsList() {
		for _, element := range own.Content {
			if element.String() == "managedByLabel" {
				metadata.Content = append(metadata.Content, element)
			}
		}
	}
	return kustomization.Put(metadata, "buildMetadata")
}

func word(text, tag string, at tree.Place) *tree.Node {
	return &tree.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text, Place: at}
}

const localConfig, localConfigAside = "config.kubernetes.io/local-config", "config.kubernetes.io/local-config-aside"

// setAside renames the annotation for which kustomize drops a document at its end.
func setAside(data []byte) []byte {
	return bytes.ReplaceAll(data, []byte(localConfig), []byte(localConfigAside))
}

func fromAside(data []byte) []byte {
	return bytes.ReplaceAll(data, []byte(localConfigAside), []byte(localConfig))
}
