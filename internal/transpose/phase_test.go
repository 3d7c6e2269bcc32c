package transpose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// The seed's phase runs the seed's executor.
func TestSeedPhase(t *testing.T) {
	r := &tree.Report{}
	documents := loadAll(t, r, "testdata/seed/05-phase.yaml", "testdata/seed/06-executor.yaml")
	for _, name := range []string{"bootstrap", ""} {
		phase, ok := PhaseOf(documents, name, r)
		require.NoError(t, r.Err())
		require.True(t, ok)
		assert.Equal(t, "bootstrap", phase.Name)
		assert.Same(t, documents[1], phase.Executor)
		assert.Equal(t, "airshipctl/manifests/site/test-site/ephemeral/bootstrap", phase.EntryPoint.Value)
	}
}

// phaseText is a Phase's document.
func phaseText(name, kind, executor string) string {
	return "---\napiVersion: airshipit.org/v1alpha1\nkind: Phase\nmetadata: {name: " + name +
		"}\nconfig:\n  executorRef: {kind: " + kind + ", name: " + executor + "}\n"
}

func documentText(kind, name, rest string) string {
	return "---\napiVersion: airshipit.org/v1alpha1\nkind: " + kind + "\nmetadata: {name: " + name + "}\n" + rest
}

func TestPhaseMistakes(t *testing.T) {
	isogen := documentText("ImageConfiguration", "isogen", "")
	for name, c := range map[string]struct{ documents, phase, want string }{
		"none": {isogen, "bootstrap", "the documents hold no Phase of airshipit.org/v1alpha1"},
		"near": {isogen + phaseText("bootstrap", "ImageConfiguration", "isogen"), "bootstrp", "there is no Phase bootstrp; did you mean bootstrap?"},
		"unknown": {
			phaseText("one", "ImageConfiguration", "isogen") + phaseText("two", "ImageConfiguration", "isogen"), "bootstrap",
			"there is no Phase bootstrap; there are: one, two",
		},
		"which": {
			phaseText("one", "ImageConfiguration", "isogen") + phaseText("two", "ImageConfiguration", "isogen"), "",
			"the documents hold 2 Phases, so a name is needed; there are: one, two",
		},
		"twice": {
			phaseText("one", "ImageConfiguration", "isogen") + phaseText("one", "ImageConfiguration", "isogen"), "one",
			"site.yaml:8:1: metadata.name: another Phase has this name, in site.yaml:2",
		},
		"no config": {
			documentText("Phase", "one", ""), "one",
			"site.yaml:2:1: config: is required; want executorRef and documentEntryPoint",
		},
		"no executor": {
			documentText("Phase", "one", "config: {documentEntrypoint: a}"), "one",
			"2 mistakes:\n  site.yaml:5:9: config.executorRef: is required; want kind and name of the document that says what is built\n" +
				"  site.yaml:5:10: config.documentEntrypoint: unknown field; did you mean documentEntryPoint?",
		},
		"other executor": {
			phaseText("one", "Clusterctl", "clusterctl_init"), "one",
			"site.yaml:6:23: config.executorRef.kind: the kind Clusterctl builds no image; known: AirshipImage, AirshipImageRootFS, ImageConfiguration, IsoConfiguration",
		},
		"executor's kind misspelt": {
			phaseText("one", "ImageConfigration", "isogen"), "one",
			"site.yaml:6:23: config.executorRef.kind: the kind ImageConfigration builds no image; did you mean ImageConfiguration?",
		},
		"executor's name misspelt": {
			isogen + phaseText("one", "ImageConfiguration", "isogn"), "one",
			"site.yaml:10:49: config.executorRef.name: there is no ImageConfiguration isogn among the documents; did you mean isogen?",
		},
		"executor of another kind": {
			isogen + phaseText("one", "IsoConfiguration", "isogen"), "one",
			"site.yaml:10:47: config.executorRef.name: there is no IsoConfiguration isogen among the documents; documents that build an image: ImageConfiguration isogen",
		},
		"executor twice": {
			isogen + isogen + phaseText("one", "ImageConfiguration", "isogen"), "one",
			"site.yaml:6:1: metadata.name: another ImageConfiguration has this name, in site.yaml:2",
		},
		"executor's version": {
			isogen + documentText("Phase", "one", "config: {executorRef: {apiVersion: v1, kind: ImageConfiguration, name: isogen}}"), "one",
			"site.yaml:9:36: config.executorRef.apiVersion: want airshipit.org/v1alpha1; nothing else builds an image",
		},
		"executor without a name": {
			documentText("Phase", "one", "config: {executorRef: {kind: ImageConfiguration, nam: a}}"), "one",
			"2 mistakes:\n  site.yaml:5:23: config.executorRef.name: is required; want the executor's name\n" +
				"  site.yaml:5:50: config.executorRef.nam: unknown field; did you mean name?",
		},
		"container": {
			documentText("GenericContainer", "sops", "spec: {}\n") + phaseText("one", "GenericContainer", "sops"), "one",
			"site.yaml:11:23: config.executorRef.kind: the GenericContainer sops in site.yaml:2 runs a container, which builds no image here; " +
				"want a configRef to one of AirshipImage, AirshipImageRootFS, ImageConfiguration, IsoConfiguration",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &tree.Report{}
			_, ok := PhaseOf(parse(t, "site.yaml", c.documents), c.phase, r)
			assert.False(t, ok)
			require.EqualError(t, r.Err(), c.want)
		})
	}
}

// A container whose configuration is one of our documents stands for that document.
func TestPhaseOfContainer(t *testing.T) {
	r := &tree.Report{}
	documents := parse(t, "site.yaml", documentText("ImageConfiguration", "isogen", "")+
		documentText("GenericContainer", "box", "configRef: {kind: ImageConfiguration, name: isogen, apiVersion: airshipit.org/v1alpha1}\n")+
		phaseText("one", "GenericContainer", "box"))
	phase, ok := PhaseOf(documents, "one", r)
	require.NoError(t, r.Err())
	require.True(t, ok)
	assert.Same(t, documents[0], phase.Executor)
	directory, ok := phase.Directory(r)
	assert.True(t, ok)
	assert.Empty(t, directory, "the phase names no documents")
}

func TestPhaseDirectory(t *testing.T) {
	root := t.TempDir()
	entry := filepath.Join("manifests", "site", "test-site", "ephemeral", "bootstrap")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "airshipctl", entry), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "airshipctl", "manifests", "phases"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "airshipctl", "file"), nil, 0o644))
	t.Chdir(filepath.Join(root, "airshipctl"))
	phases := filepath.Join("manifests", "phases", "phases.yaml")
	for name, c := range map[string]struct{ file, entry, want string }{
		"with the repository's own name": {phases, "airshipctl/manifests/site/test-site/ephemeral/bootstrap", entry},
		"without it":                     {phases, "manifests/site/test-site/ephemeral/bootstrap", entry},
		"absolute file":                  {filepath.Join(root, "airshipctl", phases), "manifests/site", filepath.Join(root, "airshipctl", "manifests", "site")},
		"absolute entry":                 {phases, filepath.Join(root, "airshipctl"), filepath.Join(root, "airshipctl")},
		"beside the file":                {filepath.Join("manifests", "phases.yaml"), "site/test-site", filepath.Join("manifests", "site", "test-site")},
		"above the working directory":    {phases, "airshipctl", "."},
		"upwards":                        {phases, "../site", filepath.Join("manifests", "site")},
	} {
		t.Run(name, func(t *testing.T) {
			r := &tree.Report{}
			phase := Phase{EntryPoint: tree.Text(c.entry, tree.Place{File: c.file, Line: 9, Field: "config.documentEntryPoint"})}
			directory, ok := phase.Directory(r)
			require.NoError(t, r.Err())
			assert.True(t, ok)
			assert.Equal(t, c.want, directory)
		})
	}

	here, err := filepath.Abs(filepath.Dir(phases))
	require.NoError(t, err)
	for entry, want := range map[string]string{
		"airshipctl/manifests/nowhere": "there is no such directory below " + here +
			" or any directory above it; tried airshipctl/manifests/nowhere and manifests/nowhere in each",
		"airshipctl/file": "there is no such directory below " + here +
			" or any directory above it; tried airshipctl/file and file in each",
		filepath.Join(root, "nowhere"): "there is no such directory",
		strings.Repeat("a", 5000):      "is too long for a path",
	} {
		r := &tree.Report{}
		phase := Phase{EntryPoint: tree.Text(entry, tree.Place{File: phases, Line: 9, Field: "config.documentEntryPoint"})}
		_, ok := phase.Directory(r)
		assert.False(t, ok)
		require.EqualError(t, r.Err(), phases+":9: config.documentEntryPoint: "+want)
	}
}
