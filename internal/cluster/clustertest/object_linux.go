package clustertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
)

var (
	definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	namespaces  = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
)

// Namespace makes a namespace. An API server alone never removes one.
func (s *Server) Namespace(t testing.TB, name string) {
	t.Helper()
	_, err := s.client.Resource(namespaces).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
	}}, metav1.CreateOptions{})
	require.NoError(t, err)
}

// ApplyDefinitions applies the CustomResourceDefinitions of all *.yaml files in a directory, and waits until the
// server serves their kinds. Those that are there already are replaced.
func (s *Server) ApplyDefinitions(t testing.TB, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "no definitions in %s", dir)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		objects, err := decode(string(text))
		require.NoError(t, err, file)
		for _, o := range objects {
			_, err := s.client.Resource(definitions).Apply(t.Context(), o.GetName(), o,
				metav1.ApplyOptions{FieldManager: "clustertest", Force: true})
			require.NoError(t, err, file)
		}
		for _, o := range objects {
			require.NoError(t, s.served(t.Context(), o), file)
		}
	}
}

// served waits until each version of a definition's kind can be found and listed.
func (s *Server) served(ctx context.Context, definition *unstructured.Unstructured) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	plural, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "plural")
	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, v := range versions {
		version, _ := v.(map[string]any)["name"].(string)
		resource := schema.GroupVersionResource{Group: group, Version: version, Resource: plural}
		for {
			_, err := s.find(ctx, resource.GroupVersion().WithKind(kind))
			if err == nil {
				_, err = s.client.Resource(resource).List(ctx, metav1.ListOptions{Limit: 1})
			}
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return fmt.Errorf("wait for %s: %w", resource, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// Create creates the documents of a YAML text in a namespace, which a document's own overrides.
func (s *Server) Create(t testing.TB, namespace, text string) {
	t.Helper()
	require.NoError(t, s.TryCreate(t.Context(), namespace, text))
}

// TryCreate is Create; its error says of each document that the server refused why it did. Unknown fields are
// refused, as with kubectl's --validate=strict.
func (s *Server) TryCreate(ctx context.Context, namespace, text string) error {
	return s.create(ctx, s.client, namespace, text, metav1.CreateOptions{})
}

func (s *Server) create(ctx context.Context, objects dynamic.Interface, namespace, text string, options metav1.CreateOptions) error {
	documents, err := decode(text)
	if err != nil {
		return err
	}
	options.FieldValidation = metav1.FieldValidationStrict
	var all []error
	for _, o := range documents {
		client, err := s.resourceOf(ctx, objects, o.GroupVersionKind(), namespace, o.GetNamespace())
		if err == nil {
			_, err = client.Create(ctx, o, options)
		}
		if err != nil {
			all = append(all, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err))
		}
	}
	return errors.Join(all...)
}

// SetStatus replaces an object's status, as a controller does.
func (s *Server) SetStatus(t testing.TB, kind schema.GroupVersionKind, namespace, name string, status map[string]any) {
	t.Helper()
	client, err := s.resource(t.Context(), kind, namespace, "")
	require.NoError(t, err)
	object, err := client.Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	object.Object["status"] = status
	_, err = client.UpdateStatus(t.Context(), object, metav1.UpdateOptions{})
	require.NoError(t, err)
}

// Get is an object as the server has it.
func (s *Server) Get(t testing.TB, kind schema.GroupVersionKind, namespace, name string) *unstructured.Unstructured {
	t.Helper()
	client, err := s.resource(t.Context(), kind, namespace, "")
	require.NoError(t, err)
	object, err := client.Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	return object
}

// resource is the client for the objects of a kind, in the last namespace that is not empty.
func (s *Server) resource(ctx context.Context, kind schema.GroupVersionKind, namespaces ...string) (dynamic.ResourceInterface, error) {
	return s.resourceOf(ctx, s.client, kind, namespaces...)
}

func (s *Server) resourceOf(ctx context.Context, objects dynamic.Interface, kind schema.GroupVersionKind, namespaces ...string) (dynamic.ResourceInterface, error) {
	served, err := s.find(ctx, kind)
	if err != nil {
		return nil, err
	}
	client := objects.Resource(kind.GroupVersion().WithResource(served.Name))
	if !served.Namespaced {
		return client, nil
	}
	namespace := ""
	for _, n := range namespaces {
		if n != "" {
			namespace = n
		}
	}
	return client.Namespace(namespace), nil
}

func decode(text string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewBufferString(text), 4096)
	for {
		var document runtime.RawExtension
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if len(document.Raw) == 0 || string(document.Raw) == "null" {
			continue
		}
		// Not decoded into a map at once, which would make floating-point numbers of integers.
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(document.Raw); err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
}
