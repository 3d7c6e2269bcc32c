// Package cluster reads documents from a live Kubernetes cluster, as kubectl would reach it, and applies some. A kubeconfig, a
// context and a namespace go in; each object comes out as the YAML that an operator would have applied, with
// its name for messages. It lists no Secret, and repeats no credential in an error.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// AllNamespaces is the namespace that stands for every one.
const AllNamespaces = "*"

// Config says which cluster, and what of it. All empty is what kubectl would use: the files of KUBECONFIG, else
// ~/.kube/config, else the cluster in which this process is a pod.
type Config struct {
	Kubeconfig string // a file, which must exist
	Context    string // "" is the kubeconfig's current one
	Namespace  string // "" is the context's, AllNamespaces is all
}

// Connection is a cluster and a user of it. It may not be used by several goroutines at once.
type Connection struct {
	Context   string // the context's name; "" in a pod
	Namespace string // where Read looks; AllNamespaces is everywhere

	target   target
	secrets  *secrets
	patience time.Duration // how long the cluster may take to answer, and a credential plugin to end
	limits   limits
	http     *http.Client
	discover *rest.RESTClient
	objects  dynamic.Interface
	served   map[schema.GroupVersion]map[string]resource // by kind; nil where the version is not served
}

// defaultPatience is for a cluster that is far away and busy; one that is not there is told within it, too.
const defaultPatience = 15 * time.Second

// listPatience is for a page of objects, once the cluster has answered a smaller question.
const listPatience = time.Minute

// Connect reads the kubeconfig and gets the user's credentials, for which it may run the credential plugin that
// the kubeconfig names. The cluster is asked nothing yet. The caller closes the connection.
func Connect(ctx context.Context, c Config) (*Connection, error) {
	return connect(ctx, c, defaultPatience, defaultLimits)
}

func connect(ctx context.Context, c Config, patience time.Duration, most limits) (*Connection, error) {
	silence()
	t, err := load(c)
	if err != nil {
		return nil, err
	}
	known := secretsOf(t)
	if err := t.authenticate(ctx, patience, known); err != nil {
		return nil, known.mask(fmt.Errorf("%s: %w", t.where(), err))
	}
	conn := &Connection{
		Context: t.context, Namespace: t.namespace,
		target: t, secrets: known, patience: patience, limits: most,
		served: map[schema.GroupVersion]map[string]resource{},
	}
	if err := conn.open(); err != nil {
		return nil, known.mask(fmt.Errorf("%s: %w", t.where(), err))
	}
	return conn, nil
}

// open makes the clients. Their requests share one limit on what the cluster may answer in all.
func (c *Connection) open() error {
	config := rest.CopyConfig(c.target.config)
	config.UserAgent = "packer-plugin-airship"
	config.WarningHandler = rest.NoWarnings{}
	config.QPS, config.Burst = 50, 100
	answers := &budget{}
	answers.left.Store(c.limits.bytes)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return limited{next, answers} })
	var err error
	if c.http, err = rest.HTTPClientFor(config); err != nil {
		return err
	}
	if c.objects, err = dynamic.NewForConfigAndClient(config, c.http); err != nil {
		return err
	}
	c.discover, err = discoveryClient(config, c.http)
	return err
}

// Close ends the connections to the cluster.
func (c *Connection) Close() { c.http.CloseIdleConnections() }

// where is the connection for a message, as "https://10.0.0.1:6443 (context prod of /home/me/.kube/config)".
func (c *Connection) where() string { return c.target.where() }

// errTooMuch says that a cluster holds more than this program takes.
var errTooMuch = errors.New("too much for one reading")
