package cluster

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/klog/v2"
)

const whole = `apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: east
  cluster: {server: "https://127.0.0.1:1"}
users:
- name: me
  user: {token: PLANTED}
contexts:
- name: prod
  context: {cluster: east, user: me, namespace: site}
- name: staging
  context: {cluster: east, user: me}
`

func TestKubeconfigMistakes(t *testing.T) {
	change := func(old, new string) string {
		require.Contains(t, whole, old)
		return strings.Replace(whole, old, new, 1)
	}
	var got strings.Builder
	for _, c := range []struct{ name, text, context string }{
		{"another context", whole, "prd"},
		{"an unknown context", whole, "zurich"},
		{"no current context", change("current-context: prod\n", ""), ""},
		{"another cluster", change("cluster: east, user: me, n", "cluster: eest, user: me, n"), ""},
		{"another user", change("cluster: east, user: me, n", "cluster: east, user: you, n"), ""},
		{"no server", change(`server: "https://127.0.0.1:1"`, `server: ""`), ""},
		{"certificate that is not there", change("token: PLANTED", "client-certificate: /no/such.crt, client-key: /no/such.key"), ""},
		{"certificate of another key", change("token: PLANTED", "client-certificate-data: UExBTlRFRA==, client-key-data: UExBTlRFRA=="), ""},
		{"auth-provider", change("token: PLANTED", "auth-provider: {name: oidc, config: {id-token: PLANTED}}"), ""},
		{"proxy", change("{server:", `{proxy-url: "http://me:PLANTED@proxy:x", server:`), ""},
		{"no YAML", change("token: PLANTED}", "token: PLANTED"), ""},
		{"tabs", change("  user: {token", "\tuser: {token"), ""},
		{"quoted", change("token: PLANTED}", `token: "PLANTED\q"}`), ""},
		{"no base64", change("token: PLANTED", "client-key-data: PLANTED!"), ""},
		{"a wrong type", change("token: PLANTED", "token: [PLANTED]"), ""},
		{"another document", "apiVersion: v1\nkind: Secret\ndata: {token: PLANTED}\n", ""},
		{"text", "PLANTED\n", ""},
		{"empty", "", ""},
	} {
		file := filepath.Join(t.TempDir(), "config")
		require.NoError(t, os.WriteFile(file, []byte(c.text), 0o600))
		_, err := Connect(t.Context(), Config{Kubeconfig: file, Context: c.context})
		require.Error(t, err, c.name)
		assert.NotContains(t, err.Error(), "PLANTED", c.name)
		fmt.Fprintf(&got, "%s: %s\n", c.name, strings.ReplaceAll(err.Error(), file, "FILE"))
	}
	golden(t, "kubeconfig.txt", got.String())
}

func TestKubeconfigThatIsMissing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none")
	_, err := Connect(t.Context(), Config{Kubeconfig: missing})
	require.EqualError(t, err, "kubeconfig "+missing+": no such file or directory")

	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	t.Setenv("KUBECONFIG", missing)
	_, err = Connect(t.Context(), Config{})
	require.EqualError(t, err, "no kubeconfig: there is no "+missing+"; name one")

	_, err = Connect(t.Context(), Config{Kubeconfig: filepath.Dir(missing)})
	require.EqualError(t, err, "kubeconfig "+filepath.Dir(missing)+": is a directory")

	_, err = Connect(t.Context(), Config{Kubeconfig: os.DevNull})
	require.EqualError(t, err, "kubeconfig "+os.DevNull+" is a device, or has more than 16 MiB")
}

// Several files of KUBECONFIG are one, and an error names the one that has the context.
func TestKubeconfigOfSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	require.NoError(t, os.WriteFile(first, []byte("apiVersion: v1\nkind: Config\ncurrent-context: prod\n"), 0o600))
	require.NoError(t, os.WriteFile(second, []byte(whole), 0o600))
	t.Setenv("KUBECONFIG", strings.Join([]string{first, filepath.Join(dir, "none"), second}, string(filepath.ListSeparator)))
	c, err := Connect(t.Context(), Config{})
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, "prod", c.Context)
	assert.Equal(t, "site", c.Namespace)
	assert.Equal(t, "https://127.0.0.1:1 (context prod of "+second+")", c.where())

	c, err = Connect(t.Context(), Config{Context: "staging"})
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, "default", c.Namespace)
}

func TestKlogIsSilent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte(whole), 0o600))
	c, err := Connect(t.Context(), Config{Kubeconfig: file})
	require.NoError(t, err)
	defer c.Close()

	stderr := os.Stderr
	defer func() { os.Stderr = stderr }()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	os.Stderr = write
	klog.Error("seen")
	klog.Flush()
	require.NoError(t, write.Close())
	text, err := io.ReadAll(read)
	require.NoError(t, err)
	assert.Empty(t, string(text))
}

// No mistake in a file, wherever it is, makes an error that has the key.
func FuzzDiagnoseHidesSecrets(f *testing.F) {
	for _, at := range []int{0, 40, 120, 200, 230, len(whole)} {
		f.Add(at, "\t: [\"")
		f.Add(at, "'")
	}
	f.Fuzz(func(t *testing.T, at int, insert string) {
		if at < 0 || at > len(whole) || strings.Contains(insert, "PLANTED") {
			t.Skip()
		}
		if err := diagnose([]byte(whole[:at] + insert + whole[at:])); err != nil {
			assert.NotContains(t, err.Error(), "PLANTED")
		}
	})
}
