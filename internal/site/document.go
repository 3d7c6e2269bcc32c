package site

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// origin is where a document is from, and so how it is changed.
type origin int

const (
	// written in a file that was read.
	written origin = iota
	// rendered by a kustomization; what it was made of may make others, too.
	rendered
	// generated from a host catalogue by a template, so that there is no document yet.
	generated
)

// document is one that may be changed.
type document struct {
	origin origin
	// file and index are of a written one: its position among the file's documents, empty ones left out.
	file  *file
	index int
	// root has the places; node is the same document to change, nil for a generated one.
	root *tree.Node
	node *yaml.Node

	apiVersion, kind, name, namespace string

	labels map[string]string
	// opened: root and node are what sops decrypted.
	opened bool
	// patch: a kustomization lays it over other documents.
	patch bool
	// entry is where a host catalogue's entry for a host has its image.
	entry []string
	// from is the file that a rendered one comes from.
	from string
}

func newDocument(root *tree.Node, node *yaml.Node) *document {
	d := &document{
		root: root, node: node,
		apiVersion: root.Get("apiVersion").String(), kind: root.Get("kind").String(),
		name: root.Get("metadata", "name").String(), namespace: root.Get("metadata", "namespace").String(),
	}
	labels := root.Get("metadata", "labels")
	if d.kind == kindTemplate {
		// What a machine template asks of hosts.
		labels = root.Get("spec", "template", "spec", "hostSelector", "matchLabels")
	}
	d.labels = map[string]string{}
	labels.Fields(func(key, value *tree.Node) { d.labels[key.Value] = value.Value })
	return d
}

// defaultNamespace is that of documents that name none.
const defaultNamespace = "default"

// is says whether d is the document of a kind and name; an empty namespace is any.
func (d *document) is(kind, name, namespace string) bool {
	return d.kind == kind && d.name == name && (namespace == "" || d.namespace == namespace || d.namespace == "" && namespace == defaultNamespace)
}

// selected says whether labels select d; no labels select nothing.
func (d *document) selected(labels map[string]string) bool {
	for key, value := range labels {
		if is, ok := d.labels[key]; !ok || is != value {
			return false
		}
	}
	return len(labels) > 0
}

// title is kind and name in messages.
func (d *document) title() string { return mistake.Word(d.kind) + " " + mistake.Word(d.name) }

// file is one that was read, with what was in it then.
type file struct {
	// name is as the operator named it; relative is where its copy goes.
	name, relative string
	data           []byte
	encrypted      bool
	// mistakes are why documents of it may be missing.
	mistakes []*mistake.Mistake
}

// sealedMark begins what sops encrypted.
const sealedMark = "ENC[AES256_GCM,"

func isSealed(text string) bool { return strings.HasPrefix(text, sealedMark) }

// secretKey tells keys whose values no output shows.
var secretKey = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|secret|token|(private|api|access)[-_]?key|credentials?)$`)

// references are keys below secretKey that name a Secret instead of holding one.
var references = map[string]bool{"name": true, "namespace": true, "key": true}

// secrets are the values of a document that no diff may show in the lines around a change.
func secrets(root *tree.Node) []string {
	var all []string
	var walk func(n *tree.Node, secret bool)
	walk = func(n *tree.Node, secret bool) {
		if n.IsScalar() && secret && len(n.Value) > 3 && n.Tag != tagBoolean && !isSealed(n.Value) {
			all = append(all, strings.Split(strings.TrimSpace(n.Value), "\n")...)
		}
		if n.IsMapping() {
			n.Fields(func(key, value *tree.Node) {
				walk(value, secret && !references[key.Value] || secretKey.MatchString(key.Value))
			})
			return
		}
		for _, element := range n.Content {
			walk(element, secret)
		}
	}
	isSecret := root.Get("kind").String() == "Secret"
	root.Fields(func(key, value *tree.Node) {
		walk(value, isSecret && (key.Value == "data" || key.Value == "stringData"))
	})
	return all
}
