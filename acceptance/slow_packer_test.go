//go:build acceptance && slow

package acceptance

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTenSources builds ten images of one template at once, into one directory, from a cache that is empty but for the
// tools: they share downloads and the machine's ports, and each gets its own.
func TestTenSources(t *testing.T) {
	const count = 10
	r := newRootRun(t)
	r.env = append(r.env, "PACKER_CACHE_DIR="+coldCache(t))
	var template strings.Builder
	text, err := os.ReadFile("testdata/root.pkr.hcl")
	require.NoError(t, err)
	header, _, _ := strings.Cut(string(text), "variable")
	template.WriteString(header)
	template.WriteString("source \"airship\" \"small\" {\n  documents = [\"${path.root}/small.yaml\"]\n  action = \"build-root\"\n" +
		"  output_directory = \"${path.root}/output\"\n  isolation = \"namespace\"\n}\nbuild {\n")
	for i := range count {
		fmt.Fprintf(&template, "  source \"airship.small\" {\n    name = \"n%d\"\n    vm_name = \"n%d\"\n  }\n", i, i)
	}
	template.WriteString("  provisioner \"shell\" {\n    inline = [\"echo ${source.name} > /etc/name\"]\n  }\n}\n")
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "root.pkr.hcl"), []byte(template.String()), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "small.yaml"),
		[]byte("apiVersion: airshipit.org/v1alpha1\nkind: NodeProfile\nmetadata: {name: small}\nspec: {}\n"), 0o644))
	t.Log(r.build(t))
	for i := range count {
		name := fmt.Sprintf("n%d", i)
		assert.Equal(t, name+"\n", tool(t, "sh", "-euc", "zstd -qdc '"+r.output()+"/"+name+".tar.zst' | tar --extract --to-stdout ./etc/name"))
	}
	left := tool(t, "find", r.output(), "-name", ".*.partial")
	assert.Empty(t, left)
}

// coldCache has the shared cache's tools and no package.
func coldCache(t *testing.T) string {
	t.Helper()
	cache := t.TempDir()
	tool(t, "cp", "-rp", sharedCache(t)+"/.", cache)
	for _, name := range []string{"store", "locks"} {
		require.NoError(t, os.RemoveAll(filepath.Join(cache, "airship", name)))
	}
	return cache
}

// TestAskAndDebug answers Packer's questions: a step that failed is tried again and the build goes on; each pause
// names the step.
func TestAskAndDebug(t *testing.T) {
	r := newRootRun(t)
	build := r.command("build", "-debug", "-on-error=ask", "-only=airship.root")
	words := make([]string, 0, len(build.Args))
	for _, a := range build.Args {
		words = append(words, "'"+a+"'")
	}
	// Packer asks terminals alone.
	cmd := exec.Command("script", "--quiet", "--return", "--flush", "--command", strings.Join(words, " "), "/dev/null")
	cmd.Dir, cmd.Env = r.dir, append(r.env, "PACKER_NO_COLOR=1")
	keyboard, err := cmd.StdinPipe()
	require.NoError(t, err)
	screen, err := cmd.StdoutPipe()
	require.NoError(t, err)
	// What the step needs is missing at first.
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "output"), nil, 0o644))
	require.NoError(t, cmd.Start())
	var seen bytes.Buffer
	answered := 0
	for part := make([]byte, 4096); ; {
		n, err := screen.Read(part)
		seen.Write(part[:n])
		rest := seen.String()[answered:]
		switch {
		case strings.Contains(rest, "retry step"):
			require.NoError(t, os.Remove(filepath.Join(r.dir, "output")))
			_, _ = io.WriteString(keyboard, "r\r") // what the key Enter sends
			answered = seen.Len()
		case strings.Contains(rest, "to continue"):
			_, _ = io.WriteString(keyboard, "\r")
			answered = seen.Len()
		}
		if err != nil {
			break
		}
	}
	require.NoError(t, cmd.Wait(), "%s", seen.String())
	assert.Contains(t, seen.String(), `Step "stepReserveOutput" failed`)
	assert.Contains(t, seen.String(), `Pausing after run of step 'stepResolvePackages'`)
	assert.FileExists(t, r.output()+"/base.oci.tar")
}

// TestPostProcessors has Packer's own post-processors compress an image, and remove what the builder made.
func TestPostProcessors(t *testing.T) {
	r := newRootRun(t)
	r.editFile(t, "root.pkr.hcl", "    post-processor \"manifest\" {", "    post-processor \"compress\" {\n      output = \"${path.root}/packer.tar.gz\"\n    }\n    post-processor \"manifest\" {")
	r.editFile(t, "root.pkr.hcl", "post-processor \"shell-local\" {", "post-processor \"shell-local\" {\n      keep_input_artifact = false")
	t.Log(r.build(t, "-only=airship.root"))
	listing := tool(t, "tar", "--list", "--file", r.dir+"/packer.tar.gz")
	assert.Contains(t, listing, "base.tar.zst\n")
	assert.Contains(t, listing, "base.oci.tar.sha512\n")
	left, err := os.ReadDir(r.output())
	if err == nil {
		assert.Empty(t, left, "the directory, too, is the artifact's")
	}
}
