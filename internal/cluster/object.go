package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Object is one object of a cluster.
type Object struct {
	Kind      schema.GroupVersionKind
	Namespace string // "" where the kind has none
	Name      string
	Place     string // for messages: "NodeProfile site/worker in context prod"
	Text      []byte // YAML, without what the cluster adds to a document
}

// object makes the document of what the cluster holds.
func (c *Connection) object(o *unstructured.Unstructured, kind schema.GroupVersionKind) (Object, error) {
	name := o.GetName()
	if o.GetNamespace() != "" {
		name = o.GetNamespace() + "/" + name
	}
	place := fmt.Sprintf("%s %s %s", kind.Kind, name, c.target.in())
	o.SetGroupVersionKind(kind) // the items of a list may leave it out
	strip(o.Object)
	text, err := render(o.Object)
	if err != nil {
		return Object{}, fmt.Errorf("%s: %w", place, err)
	}
	if len(text) > c.limits.text {
		return Object{}, fmt.Errorf("%s has %d KiB; a document may have %d", place, len(text)>>10, c.limits.text>>10)
	}
	return Object{kind, o.GetNamespace(), o.GetName(), place, text}, nil
}

// strip removes what is the cluster's and not the operator's.
func strip(object map[string]any) {
	delete(object, "status")
	metadata, _ := object["metadata"].(map[string]any)
	for _, name := range []string{
		"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink",
		"ownerReferences", "finalizers", "deletionTimestamp", "deletionGracePeriodSeconds",
	} {
		delete(metadata, name)
	}
	annotations, _ := metadata["annotations"].(map[string]any)
	delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
	if len(annotations) == 0 {
		delete(metadata, "annotations")
	}
}

// render is an object as YAML. Where YAML would not read back as the same, which no text that is known does, it is JSON.
func render(object map[string]any) ([]byte, error) {
	wanted, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(object); err != nil {
		return nil, err
	}
	var back map[string]any
	if err := yaml.Unmarshal(text.Bytes(), &back); err == nil {
		if got, err := json.Marshal(back); err == nil && bytes.Equal(got, wanted) {
			return text.Bytes(), nil
		}
	}
	return []byte(strings.TrimSpace(string(wanted)) + "\n"), nil
}
