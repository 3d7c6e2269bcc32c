//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/airshipit/packer-plugin-airship/internal/cluster"
	"github.com/airshipit/packer-plugin-airship/internal/cluster/clustertest"
)

// kubernetesVariants are ways to build that docs/kubernetes.md compares: components, and the Pod Security level that their
// pods keep.
var kubernetesVariants = []struct {
	name, level string
	components  []string
}{
	{"auto", "restricted", nil},
	{"kvm", "restricted", []string{"kvm"}},
	{"emulation", "restricted", []string{"emulation"}},
	{"namespace", "privileged", []string{"namespace"}},
	{"namespace-kvm", "privileged", []string{"kvm", "namespace"}},
	{"pod-cache", "restricted", []string{"emulation", "pod-cache"}},
	{"cluster-documents", "restricted", []string{"kvm", "cluster-documents"}},
}

// rendered is the example with components, in a namespace of its own.
func rendered(t *testing.T, namespace string, components ...string) resmap.ResMap {
	t.Helper()
	dir := t.TempDir()
	tool(t, "cp", "-r", "../example/kubernetes/.", dir)
	r := run{dir: dir}
	for i := range components {
		components[i] = "components/" + components[i]
	}
	r.editFile(t, "kustomization.yaml", "components: []", "components: ["+strings.Join(components, ", ")+"]")
	r.editFile(t, "kustomization.yaml", "namespace: images", "namespace: "+namespace)
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	require.NoError(t, err)
	return resources
}

// object is the one of a kind that was rendered, under its name or another with a hash behind it.
func object(t *testing.T, resources resmap.ResMap, kind, name string) *unstructured.Unstructured {
	t.Helper()
	for _, r := range resources.Resources() {
		if r.GetKind() == kind && strings.HasPrefix(r.GetName(), name) {
			text, err := r.MarshalJSON()
			require.NoError(t, err)
			o := &unstructured.Unstructured{}
			require.NoError(t, o.UnmarshalJSON(text))
			return o
		}
	}
	require.Failf(t, "not rendered", "%s %s", kind, name)
	return nil
}

// pod is what the Job's controller makes of the template for an index.
func pod(t *testing.T, job *unstructured.Unstructured, index int) string {
	t.Helper()
	template, _, err := unstructured.NestedMap(job.Object, "spec", "template")
	require.NoError(t, err)
	o := &unstructured.Unstructured{Object: template}
	o.SetAPIVersion("v1")
	o.SetKind("Pod")
	o.SetName(fmt.Sprintf("%s-%d", job.GetName(), index))
	o.SetAnnotations(map[string]string{"batch.kubernetes.io/job-completion-index": fmt.Sprint(index)})
	text, err := o.MarshalJSON()
	require.NoError(t, err)
	return string(text)
}

// TestKubernetesDryRun wants all of example/kubernetes to be taken by a real API server, and its pods by the admission of the
// Pod Security level that the documentation promises.
func TestKubernetesDryRun(t *testing.T) {
	server := clustertest.Start(t)
	server.ApplyDefinitions(t, filepath.Join("..", "docs", "crds"))
	for _, v := range kubernetesVariants {
		t.Run(v.name, func(t *testing.T) {
			namespace := "images-" + v.name
			resources := rendered(t, namespace, v.components...)
			space := object(t, resources, "Namespace", namespace)
			assert.Equal(t, v.level, space.GetLabels()["pod-security.kubernetes.io/enforce"])
			for _, kind := range []string{"Namespace", "ServiceAccount"} {
				text, err := object(t, resources, kind, "").MarshalJSON()
				require.NoError(t, err)
				server.Create(t, "", string(text))
			}
			for _, r := range resources.Resources() {
				if r.GetKind() == "Namespace" || r.GetKind() == "ServiceAccount" {
					continue
				}
				assert.Equal(t, namespace, r.GetNamespace(), r.GetKind())
				text, err := r.AsYAML()
				require.NoError(t, err)
				warnings, err := server.DryRun(t.Context(), "", string(text))
				require.NoError(t, err)
				assert.Empty(t, warnings, "%s %s", r.GetKind(), r.GetName())
			}
			warnings, err := server.DryRun(t.Context(), namespace, pod(t, object(t, resources, "Job", "images"), 1))
			require.NoError(t, err)
			assert.Empty(t, warnings)
		})
	}
}

// TestKubernetesNamespaceIsNotRestricted: what the choice of user namespaces costs is what the documentation says, and the
// API server refuses it elsewhere.
func TestKubernetesNamespaceIsNotRestricted(t *testing.T) {
	server := clustertest.Start(t)
	resources := rendered(t, "images-refused", "namespace")
	server.Create(t, "", `
apiVersion: v1
kind: Namespace
metadata: {name: images-refused, labels: {pod-security.kubernetes.io/enforce: baseline}}
`)
	account, err := object(t, resources, "ServiceAccount", "").MarshalJSON()
	require.NoError(t, err)
	server.Create(t, "", string(account))
	job := object(t, resources, "Job", "images")
	_, err = server.DryRun(t.Context(), "images-refused", pod(t, job, 0))
	require.ErrorContains(t, err, "forbidden AppArmor profile")
	require.ErrorContains(t, err, "procMount")
	for _, kept := range []string{"capabilities", "seccomp", "privileged", "host namespaces", "hostPath"} {
		assert.NotContains(t, err.Error(), kept)
	}
	unstructured.RemoveNestedField(job.Object, "spec", "template", "spec", "hostUsers")
	_, err = server.DryRun(t.Context(), "images-refused", pod(t, job, 0))
	require.ErrorContains(t, err, "`hostUsers` must be false to use `Unmasked`")
}

// TestKubernetesAccess applies an AirshipImage as the builds' service account, which may do that and nothing else.
func TestKubernetesAccess(t *testing.T) {
	server := clustertest.Start(t)
	server.ApplyDefinitions(t, filepath.Join("..", "docs", "crds"))
	image := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "airshipit.org/v1alpha1", "kind": "AirshipImage", "metadata": map[string]any{"name": "worker"},
		"spec":   map[string]any{"nodeProfileRef": map[string]any{"name": "worker"}},
		"status": map[string]any{"url": "oci://registry.example.org/site/worker:latest"},
	}}
	// account is the service account's connection, without the verb in the rule of that number.
	account := func(t *testing.T, namespace string, components []string, rule int, verb string) *cluster.Connection {
		resources := rendered(t, namespace, components...)
		for _, kind := range []string{"Namespace", "ServiceAccount", "Role", "RoleBinding"} {
			o := object(t, resources, kind, "")
			if kind == "Role" && verb != "" {
				rules := o.Object["rules"].([]any)
				verbs := rules[rule].(map[string]any)["verbs"].([]any)
				kept := []any{"watch"} // a rule has verbs
				for _, v := range verbs {
					if v != verb {
						kept = append(kept, v)
					}
				}
				require.Len(t, kept, len(verbs))
				rules[rule].(map[string]any)["verbs"] = kept
			}
			text, err := o.MarshalJSON()
			require.NoError(t, err)
			server.Create(t, "", string(text))
		}
		config := clustertest.Write(t, server.ServiceAccount(t, namespace, "image-builder"))
		connection, err := cluster.Connect(t.Context(), cluster.Config{Kubeconfig: config})
		require.NoError(t, err)
		t.Cleanup(connection.Close)
		return connection
	}

	c := account(t, "access", nil, 0, "")
	for range 2 { // made, then changed
		_, err := c.Apply(t.Context(), image, cluster.ApplyOptions{})
		require.NoError(t, err)
	}
	_, err := c.Read(t.Context(), airshipKinds("NodeProfile"))
	require.ErrorContains(t, err, "may not list nodeprofiles")
	_, err = c.Get(t.Context(), schema.GroupVersionKind{Version: "v1", Kind: "Secret"}, "", "registry")
	require.ErrorContains(t, err, "may not get secrets")

	for i, lacking := range []struct {
		rule int
		verb string
	}{{0, "create"}, {0, "patch"}, {1, "patch"}} {
		c := account(t, fmt.Sprintf("access-%d", i), nil, lacking.rule, lacking.verb)
		_, err := c.Apply(t.Context(), image, cluster.ApplyOptions{})
		assert.ErrorContains(t, err, "may not", "without %s it works as well", lacking.verb)
	}

	c = account(t, "access-documents", []string{"cluster-documents"}, 0, "")
	_, err = c.Read(t.Context(), airshipKinds("NodeProfile", "AirshipImage", "AirshipImageRootFS", "ImageConfiguration",
		"IsoConfiguration", "VariableCatalogue", "VersionsCatalogue", "Phase"))
	require.NoError(t, err)
	_, err = c.Get(t.Context(), schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, "", "values")
	require.ErrorIs(t, err, cluster.ErrAbsent)
}

func airshipKinds(names ...string) (kinds []schema.GroupVersionKind) {
	for _, name := range names {
		kinds = append(kinds, schema.FromAPIVersionAndKind("airshipit.org/v1alpha1", name))
	}
	return kinds
}

// kubernetesRun is what the container check of a pod does: its command and environment as rendered, in a directory as
// kubelet makes one of a ConfigMap.
type kubernetesRun struct {
	site    string
	command []string
	env     []string
}

func newKubernetesRun(t *testing.T, index int) kubernetesRun {
	t.Helper()
	packer := os.Getenv("AIRSHIP_PACKER")
	require.NotEmpty(t, packer, "AIRSHIP_PACKER is not set: run make acceptance")
	resources := rendered(t, "images")
	containers, _, err := unstructured.NestedSlice(object(t, resources, "Job", "images").Object, "spec", "template", "spec", "initContainers")
	require.NoError(t, err)
	check := containers[0].(map[string]any)

	scratch := openTemporary(t)
	k := kubernetesRun{site: filepath.Join(scratch, "site"), env: []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + scratch, "PACKER_PLUGIN_PATH=" + os.Getenv("PACKER_PLUGIN_PATH")}}
	for _, word := range check["command"].([]any) {
		k.command = append(k.command, word.(string))
	}
	require.Equal(t, "packer", k.command[0])
	k.command[0] = packer
	settings, _, err := unstructured.NestedStringMap(object(t, resources, "ConfigMap", "settings").Object, "data")
	require.NoError(t, err)
	for name, value := range settings {
		if value == "/tmp" {
			value = scratch
		}
		k.env = append(k.env, name+"="+value)
	}
	for _, v := range check["env"].([]any) {
		variable := v.(map[string]any)
		value, literal := variable["value"].(string)
		if !literal {
			path, _, err := unstructured.NestedString(variable, "valueFrom", "fieldRef", "fieldPath")
			require.NoError(t, err)
			require.Equal(t, "metadata.annotations['batch.kubernetes.io/job-completion-index']", path)
			value = fmt.Sprint(index)
		}
		k.env = append(k.env, variable["name"].(string)+"="+value)
	}

	data := filepath.Join(k.site, "..2026_01_01")
	require.NoError(t, os.MkdirAll(data, 0o755))
	require.NoError(t, os.Symlink(filepath.Base(data), filepath.Join(k.site, "..data")))
	files, _, err := unstructured.NestedStringMap(object(t, resources, "ConfigMap", "site").Object, "data")
	require.NoError(t, err)
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(data, name), []byte(text), 0o644))
		require.NoError(t, os.Symlink(filepath.Join("..data", name), filepath.Join(k.site, name)))
	}
	return k
}

// openTemporary is a directory that every user reaches and may write to.
func openTemporary(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kubernetes")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o777))
	return dir
}

// run ends with packer's exit code and what it said.
func (k kubernetesRun) run(t *testing.T) (int, string) {
	t.Helper()
	cmd := exec.Command(k.command[0], k.command[1:]...)
	cmd.Dir, cmd.Env = k.site, k.env
	output, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), said(string(output))
}

// TestKubernetesCheck runs what a pod runs first. The Job's policy takes its exit code for a mistake that stays one.
func TestKubernetesCheck(t *testing.T) {
	k := newKubernetesRun(t, 0)
	lines, err := os.ReadFile(filepath.Join(k.site, "profiles"))
	require.NoError(t, err)
	for index := range strings.Split(strings.TrimSpace(string(lines)), "\n") {
		code, output := newKubernetesRun(t, index).run(t)
		assert.Zero(t, code, output)
	}

	for _, c := range []struct{ file, from, to, want string }{
		{"worker.yaml", "conntrack", "con track", "worker.yaml:"},
		{"profiles", "worker", "workr", "no NodeProfile is named workr; did you mean worker?"},
		{"profiles", "worker", "worker\ncompute", "The Job's completions is not the number of lines in profiles."},
	} {
		k := newKubernetesRun(t, 1)
		run{dir: k.site}.editFile(t, c.file, c.from, c.to)
		code, output := k.run(t)
		assert.Equal(t, 1, code, output)
		assert.Contains(t, output, c.want)
	}
}
