//go:build acceptance

package acceptance

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// newFunction copies the example of the kustomize function, and gives the environment that runs its exec form: the programs on PATH.
func newFunction(t *testing.T) (dir string, env []string) {
	t.Helper()
	r := newRun(t, sharedCache(t))
	dir, programs := t.TempDir(), t.TempDir()
	tool(t, "cp", "-r", "../example/airshipctl/function/.", dir)
	require.NoError(t, os.Symlink(os.Getenv("AIRSHIP_PACKER"), filepath.Join(programs, "packer")))
	require.NoError(t, os.Symlink(installedPlugin(t), filepath.Join(programs, "packer-plugin-airship")))
	return dir, append(r.env, "PATH="+programs+":"+os.Getenv("PATH"), "PKR_VAR_isolation=namespace", "PKR_VAR_verify_boot=false")
}

// installedPlugin is the plugin that packer would start.
func installedPlugin(t *testing.T) string {
	t.Helper()
	plugins, err := filepath.Glob(filepath.Join(os.Getenv("PACKER_PLUGIN_PATH"), "github.com/airshipit/airship/packer-plugin-airship_*_amd64"))
	require.NoError(t, err)
	require.Len(t, plugins, 1)
	return plugins[0]
}

// kustomize runs it in a directory, and returns what it wrote to stdout.
func kustomize(t *testing.T, dir string, env []string, arguments ...string) string {
	t.Helper()
	program := os.Getenv("AIRSHIP_KUSTOMIZE")
	require.NotEmpty(t, program, "AIRSHIP_KUSTOMIZE is not set: run make acceptance")
	cmd := exec.Command(program, arguments...)
	cmd.Dir, cmd.Env = dir, env
	var said logWriter
	cmd.Stderr = &said
	output, err := cmd.Output()
	require.NoError(t, err, "%s%s", said.text, output)
	t.Log(string(said.text))
	return string(output)
}

type logWriter struct{ text []byte }

func (w *logWriter) Write(text []byte) (int, error) {
	w.text = append(w.text, text...)
	return len(text), nil
}

// published are what documents say of an image.
type published struct {
	Kind     string
	Metadata struct {
		Name        string
		Annotations map[string]string
	}
	Spec struct {
		Files struct {
			K8sControl struct {
				Image struct{ URL, Checksum string } `json:"cluster_controlplane_image"`
			} `json:"k8scontrol"`
		}
		Publish struct{ Directory string }
	}
	Status struct {
		URL     string
		Digests map[string]string
	}
}

// documentsOf are those of a stream, by kind.
func documentsOf(t *testing.T, stream string) map[string]published {
	t.Helper()
	all := map[string]published{}
	for _, text := range strings.Split(stream, "\n---\n") {
		var d published
		require.NoError(t, yaml.Unmarshal([]byte(text), &d), text)
		all[d.Kind] = d
	}
	return all
}

// TestFunction has kustomize run the plugin as a function, which builds an image, stores it and points the documents at it; then as
// an operator does it in a checkout, whose files change in their places.
func TestFunction(t *testing.T) {
	dir, env := newFunction(t)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "exec", "images"), 0o755))

	stream := kustomize(t, dir, env, "build", "--enable-alpha-plugins", "--enable-exec", "exec")
	file := filepath.Join(dir, "exec", "images", "control-plane.qcow2")
	documents := documentsOf(t, stream)
	catalogue := documents["VersionsCatalogue"].Spec.Files.K8sControl.Image
	assert.Equal(t, "http://images.example.org/control-plane-"+sumOf(t, file)[:12]+".qcow2", catalogue.URL)
	assert.Equal(t, sumOfMD5(t, file), catalogue.Checksum)
	image := documents["AirshipImage"]
	assert.Equal(t, catalogue.URL, image.Status.URL)
	assert.Equal(t, sumOf(t, file), image.Status.Digests["sha256"])
	assert.Equal(t, "images", image.Spec.Publish.Directory, "a document was changed that nobody asked to change")
	assert.Empty(t, image.Metadata.Annotations)
	assert.Contains(t, documents, "NodeProfile")
	tool(t, "qemu-img", "check", "-q", file)
	if bootsToo == "true" {
		assert.Contains(t, bootAndReadEtc(t, imageNode(t, file, 1))[0].state, "running")
	}

	t.Run("in place", func(t *testing.T) {
		kustomize(t, filepath.Join(dir, "exec"), env, "fn", "run", "--enable-exec", "--fn-path", "image.yaml", filepath.Join(dir, "site"))
		after := tool(t, "cat", filepath.Join(dir, "site", "versions.yaml"))
		assert.Contains(t, after, "url: "+catalogue.URL+"\n")
		assert.Contains(t, after, "checksum: "+catalogue.Checksum+"\n", "the image is another the second time")
		assert.Contains(t, after, "# Airship's replacements take it to the Metal3MachineTemplate.", "a comment is gone")
		assert.YAMLEq(t, tool(t, "cat", "../example/airshipctl/function/site/node.yaml"), tool(t, "cat", filepath.Join(dir, "site", "node.yaml")))
		assert.Contains(t, tool(t, "cat", filepath.Join(dir, "site", "airshipimage-control-plane.yaml")), "url: "+catalogue.URL)
	})
	t.Run("a mistake", func(t *testing.T) {
		run{dir: dir}.editFile(t, "site/node.yaml", "software:", "sofware:")
		cmd := exec.Command(os.Getenv("AIRSHIP_KUSTOMIZE"), "build", "--enable-alpha-plugins", "--enable-exec", "exec")
		cmd.Dir, cmd.Env = dir, env
		output, err := cmd.CombinedOutput()
		require.Error(t, err, "%s", output)
		assert.Contains(t, string(output), "spec.sofware: unknown field; did you mean software?")
	})
}

// A function that is ended, or killed, leaves no build and no documents behind.
func TestFunctionEnds(t *testing.T) {
	_, env := newFunction(t)
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "kill -9": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			temporary, output := t.TempDir(), t.TempDir()
			plugin := exec.Command(installedPlugin(t), "build")
			plugin.Env = append(env, "TMPDIR="+temporary)
			// Where nobody else has the packages' tree in the cache, so that there is time.
			packages := map[string]string{"SIGTERM": "[python3, bc]", "kill -9": "[python3, dc]"}[name]
			plugin.Stdin = strings.NewReader(strings.Replace(list("{}", output), "[python3]", packages, 1))
			said, err := plugin.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, plugin.Start())
			lines := bufio.NewScanner(said)
			for lines.Scan() && !strings.Contains(lines.Text(), "Downloading the packages") {
			}
			go func() {
				for lines.Scan() {
				}
			}()
			// To itself alone, as a container's runtime does.
			require.NoError(t, plugin.Process.Signal(signal))
			_, _ = plugin.Process.Wait() // it fails, as it should
			require.Eventually(t, func() bool { return len(machines(t)) == 0 }, 30*time.Second, 100*time.Millisecond, "processes of the machine are left")
			// After kill -9 Packer, which this process started, is still at it for a moment.
			require.EventuallyWithT(t, func(t *assert.CollectT) {
				left, err := filepath.Glob(filepath.Join(output, "*"))
				require.NoError(t, err)
				assert.Empty(t, left)
			}, 30*time.Second, 100*time.Millisecond)
			if signal == syscall.SIGTERM {
				left, err := filepath.Glob(filepath.Join(temporary, "airship-function-*"))
				require.NoError(t, err)
				assert.Empty(t, left)
			}
		})
	}
}
