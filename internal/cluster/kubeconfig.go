package cluster

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

const maxKubeconfig = 16 << 20 // bytes

// load finds the kubeconfig and what its context says.
func load(c Config) (target, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.MigrationRules = nil // else it would write files
	rules.Warner = func(error) {}
	rules.ExplicitPath = c.Kubeconfig
	files := rules.Precedence
	if c.Kubeconfig != "" {
		files = []string{c.Kubeconfig}
		if _, err := os.Stat(c.Kubeconfig); err != nil {
			return target{}, fmt.Errorf("kubeconfig %w", pathError(err))
		}
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && (info.Size() > maxKubeconfig || info.Mode()&os.ModeDevice != 0) {
			return target{}, fmt.Errorf("kubeconfig %s is a device, or has more than %d MiB", file, maxKubeconfig>>20)
		}
	}
	config, err := rules.Load()
	if err != nil {
		return target{}, malformed(files)
	}
	if clientcmdapi.IsConfigEmpty(config) {
		return outside(c, files)
	}
	t, err := choose(config, c.Context, files)
	if err != nil {
		return target{}, err
	}
	if c.Namespace != "" {
		t.namespace = c.Namespace
	}
	return t, nil
}

// choose takes the context and what it refers to.
func choose(config *clientcmdapi.Config, name string, files []string) (target, error) {
	in := "kubeconfig " + strings.Join(files, ", ")
	known := slices.Collect(maps.Keys(config.Contexts))
	if name == "" {
		name = config.CurrentContext
		if name == "" {
			return target{}, fmt.Errorf("%s has no current context: name one%s", in, mistake.Suggest("", known))
		}
	}
	chosen := config.Contexts[name]
	if chosen == nil {
		return target{}, fmt.Errorf("%s has no context %q%s", in, name, mistake.Suggest(name, known))
	}
	t := target{
		context: name, file: chosen.LocationOfOrigin, namespace: chosen.Namespace,
		cluster: chosen.Cluster, user: chosen.AuthInfo,
	}
	if t.namespace == "" {
		t.namespace = "default"
	}
	if err := t.refer(config); err != nil {
		return target{}, fmt.Errorf("context %s of kubeconfig %s: %w", name, t.file, err)
	}
	return t, nil
}

// refer takes the cluster and the user that the context names.
func (t *target) refer(config *clientcmdapi.Config) error {
	cluster := config.Clusters[t.cluster]
	if cluster == nil {
		return fmt.Errorf("it names cluster %q, which is not there%s", t.cluster, mistake.Suggest(t.cluster, slices.Collect(maps.Keys(config.Clusters))))
	}
	t.auth = config.AuthInfos[t.user]
	if t.auth == nil {
		return fmt.Errorf("it names user %q, which is not there%s", t.user, mistake.Suggest(t.user, slices.Collect(maps.Keys(config.AuthInfos))))
	}
	if p := t.auth.AuthProvider; p != nil {
		return fmt.Errorf("user %s has the auth-provider %q, which is not supported: have a credential plugin (exec), as clusters do today", t.user, p.Name)
	}
	t.server, t.proxy = cluster.Server, cluster.ProxyURL
	known := secretsOf(*t)
	client := clientcmd.NewNonInteractiveClientConfig(*config, t.context, &clientcmd.ConfigOverrides{}, nil)
	var err error
	if t.config, err = client.ClientConfig(); err != nil {
		return fmt.Errorf("%s", strings.TrimPrefix(known.hide(err.Error()), "invalid configuration: "))
	}
	return nil
}

// outside is for no kubeconfig at all: in a pod there is a service account instead.
func outside(c Config, files []string) (target, error) {
	if c.Kubeconfig != "" {
		return target{}, fmt.Errorf("kubeconfig %s has no clusters, users and contexts", c.Kubeconfig)
	}
	config, err := rest.InClusterConfig()
	if errors.Is(err, rest.ErrNotInCluster) {
		return target{}, fmt.Errorf("no kubeconfig: there is no %s; name one", strings.Join(files, " and no "))
	}
	if err != nil {
		return target{}, fmt.Errorf("no kubeconfig (%s), and no service account of a pod: %w", strings.Join(files, ", "), err)
	}
	if c.Context != "" {
		return target{}, fmt.Errorf("no kubeconfig (%s), so no context %q", strings.Join(files, ", "), c.Context)
	}
	t := target{namespace: c.Namespace, config: config, server: config.Host, user: "of the service account"}
	if t.namespace == "" {
		namespace, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
		if err != nil {
			return target{}, fmt.Errorf("the namespace of this pod: %w", err)
		}
		t.namespace = strings.TrimSpace(string(namespace))
	}
	return t, nil
}

// pathError is a file's error without the system call.
func pathError(err error) error {
	if p := (*os.PathError)(nil); errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}
