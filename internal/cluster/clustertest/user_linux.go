package clustertest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Rule is what a user may do: the verbs on the resources of one group, all objects or the named ones.
type Rule struct {
	Group                   string // "" is Kubernetes' own
	Verbs, Resources, Names []string
}

// User is a kubeconfig of a user who may do in a namespace what the rules say and nothing more. Its one context
// is named after the user, has that namespace, and a client certificate for credentials.
func (s *Server) User(t testing.TB, user, namespace string, rules ...Rule) *clientcmdapi.Config {
	t.Helper()
	return s.UserUntil(t, user, namespace, time.Now().Add(day), rules...)
}

// UserUntil is User with a certificate that expires at a time of its own.
func (s *Server) UserUntil(t testing.TB, user, namespace string, until time.Time, rules ...Rule) *clientcmdapi.Config {
	t.Helper()
	s.grant(t, user, namespace, rules)
	identity, err := s.authority.identity(user, "", until)
	require.NoError(t, err)
	return s.kubeconfig(user, namespace, identity)
}

// ServiceAccount is the kubeconfig of a service account that exists, with a token as its pods get one.
func (s *Server) ServiceAccount(t testing.TB, namespace, name string) *clientcmdapi.Config {
	t.Helper()
	accounts := schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}
	request := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": map[string]any{"name": name}, "spec": map[string]any{},
	}}
	answer, err := s.client.Resource(accounts).Namespace(namespace).Create(t.Context(), request, metav1.CreateOptions{}, "token")
	require.NoError(t, err)
	token, _, err := unstructured.NestedString(answer.Object, "status", "token")
	require.NoError(t, err)
	require.NotEmpty(t, token)
	config := s.kubeconfig(name, namespace, identity{})
	config.AuthInfos[name].Token = token
	return config
}

// Admin is the administrator's kubeconfig, for a test to change.
func (s *Server) Admin(t testing.TB) *clientcmdapi.Config {
	t.Helper()
	config, err := clientcmd.LoadFromFile(s.Kubeconfig)
	require.NoError(t, err)
	return config
}

// Write writes a kubeconfig to a file of the test's own.
func Write(t testing.TB, config *clientcmdapi.Config) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	require.NoError(t, clientcmd.WriteToFile(*config, path))
	return path
}

func (s *Server) kubeconfig(user, namespace string, identity identity) *clientcmdapi.Config {
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: s.Address, CertificateAuthorityData: s.authority.pem}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: identity.certificate, ClientKeyData: identity.key}
	config.Contexts[user] = &clientcmdapi.Context{Cluster: "test", AuthInfo: user, Namespace: namespace}
	config.CurrentContext = user
	return config
}

// grant makes the rules a role, bound to the user.
func (s *Server) grant(t testing.TB, user, namespace string, rules []Rule) {
	t.Helper()
	if len(rules) == 0 {
		return
	}
	var list []any
	for _, r := range rules {
		rule := map[string]any{"apiGroups": []any{r.Group}, "resources": anys(r.Resources), "verbs": anys(r.Verbs)}
		if len(r.Names) > 0 {
			rule["resourceNames"] = anys(r.Names)
		}
		list = append(list, rule)
	}
	const group = "rbac.authorization.k8s.io"
	role := map[string]any{
		"apiVersion": group + "/v1", "kind": "Role",
		"metadata": map[string]any{"name": user, "namespace": namespace}, "rules": list,
	}
	binding := map[string]any{
		"apiVersion": group + "/v1", "kind": "RoleBinding",
		"metadata": map[string]any{"name": user, "namespace": namespace},
		"roleRef":  map[string]any{"apiGroup": group, "kind": "Role", "name": user},
		"subjects": []any{map[string]any{"apiGroup": group, "kind": "User", "name": user}},
	}
	for resource, object := range map[string]map[string]any{"roles": role, "rolebindings": binding} {
		gvr := schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource}
		_, err := s.client.Resource(gvr).Namespace(namespace).
			Create(t.Context(), &unstructured.Unstructured{Object: object}, metav1.CreateOptions{})
		require.NoError(t, err)
	}
}

func anys(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}
