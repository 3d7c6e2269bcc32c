package krm

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const exampleSite = "../../example/airshipctl"

// genericContainer has airshipctl's fields of the kind (its pkg/api/v1alpha1/genericcontainer_types.go).
type genericContainer struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Metadata   map[string]any `yaml:"metadata"`
	Spec       struct {
		Type    string `yaml:"type"`
		Airship struct {
			ContainerRuntime string   `yaml:"containerRuntime"`
			Cmd              []string `yaml:"cmd"`
			Privileged       bool     `yaml:"privileged"`
		} `yaml:"airship"`
		KRM           struct{} `yaml:"krm"`
		SinkOutputDir string   `yaml:"sinkOutputDir"`
		HostNetwork   bool     `yaml:"hostNetwork"`
		Image         string   `yaml:"image"`
		EnvVars       []string `yaml:"envVars"`
		Mounts        []struct {
			Type  string `yaml:"type"`
			Src   string `yaml:"src"`
			Dst   string `yaml:"dst"`
			Write bool   `yaml:"rw"`
		} `yaml:"mounts"`
	} `yaml:"spec"`
	Config    string    `yaml:"config"`
	ConfigRef reference `yaml:"configRef"`
}

type reference struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Name       string `yaml:"name"`
}

type phase struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Metadata   map[string]any `yaml:"metadata"`
	Config     struct {
		ExecutorRef        reference `yaml:"executorRef"`
		DocumentEntryPoint string    `yaml:"documentEntryPoint"`
	} `yaml:"config"`
}

// rendered is a kustomization of the example, as airshipctl and kustomize render it.
func rendered(t *testing.T, path string) []*yaml.RNode {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(exampleSite, path))
	require.NoError(t, err)
	text, err := resources.AsYaml()
	require.NoError(t, err)
	documents, err := (&kio.ByteReader{Reader: bytes.NewReader(text), OmitReaderAnnotations: true}).Read()
	require.NoError(t, err)
	return documents
}

func strictly(t *testing.T, document *yaml.RNode, into any) {
	t.Helper()
	decoder := yaml3.NewDecoder(strings.NewReader(document.MustString()))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(into), document.MustString())
}

// TestExampleOfAirshipctl runs each phase of the example up to Packer, as airshipctl does: its executor's configuration, and what its
// entry point renders.
func TestExampleOfAirshipctl(t *testing.T) {
	bundle := rendered(t, "phases")
	find := func(kind, name string) *yaml.RNode {
		for _, document := range bundle {
			if document.GetKind() == kind && document.GetName() == name {
				return document
			}
		}
		require.Fail(t, "there is no "+kind+" "+name)
		return nil
	}
	phases := 0
	for _, document := range bundle {
		if document.GetKind() != "Phase" {
			continue
		}
		phases++
		t.Run(document.GetName(), func(t *testing.T) {
			var p phase
			strictly(t, document, &p)
			assert.Equal(t, "GenericContainer", p.Config.ExecutorRef.Kind)
			var executor genericContainer
			strictly(t, find(p.Config.ExecutorRef.Kind, p.Config.ExecutorRef.Name), &executor)
			assert.Equal(t, "krm", executor.Spec.Type)
			assert.False(t, executor.Spec.Airship.Privileged)
			config := executor.Config
			if config == "" {
				config = find(executor.ConfigRef.Kind, executor.ConfigRef.Name).MustString()
			}
			assertReachesPacker(t, config, rendered(t, p.Config.DocumentEntryPoint))
		})
	}
	assert.Equal(t, 4, phases)
}

// TestExampleOfKustomize does the same with the two forms of a transformer.
func TestExampleOfKustomize(t *testing.T) {
	items := rendered(t, "function/site")
	for _, form := range []string{"container", "exec"} {
		text, err := os.ReadFile(filepath.Join(exampleSite, "function", form, "image.yaml"))
		require.NoError(t, err)
		assertReachesPacker(t, string(text), items)
	}
}

func assertReachesPacker(t *testing.T, config string, items []*yaml.RNode) {
	t.Helper()
	var texts []string
	for _, item := range items {
		texts = append(texts, item.MustString())
	}
	_, err := run(t, config, texts...)
	require.ErrorContains(t, err, "there is no program packer on the PATH")
}
