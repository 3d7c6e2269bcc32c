package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// resource is how a cluster serves a kind.
type resource struct {
	schema.GroupVersionResource
	namespaced bool
}

// discoveryClient is for paths without objects. client-go's own discovery package would bring all of Kubernetes' types.
func discoveryClient(config *rest.Config, client *http.Client) (*rest.RESTClient, error) {
	config = rest.CopyConfig(config)
	known := runtime.NewScheme()
	metav1.AddToGroupVersion(known, schema.GroupVersion{Version: "v1"}) // the Status of an error
	config.NegotiatedSerializer = serializer.NewCodecFactory(known).WithoutConversion()
	return rest.UnversionedRESTClientForConfigAndClient(config, client)
}

// resource finds how a kind is served; ok is false where it is not.
func (c *Connection) resource(ctx context.Context, kind schema.GroupVersionKind) (_ resource, ok bool, err error) {
	version := kind.GroupVersion()
	if _, asked := c.served[version]; !asked {
		if c.served[version], err = c.resources(ctx, version); err != nil {
			return resource{}, false, err
		}
	}
	r, ok := c.served[version][kind.Kind]
	return r, ok, nil
}

// resources asks for all of a version.
func (c *Connection) resources(ctx context.Context, version schema.GroupVersion) (map[string]resource, error) {
	path := "/apis/" + version.String()
	if version.Group == "" {
		path = "/api/" + version.Version
	}
	limited, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	result := c.discover.Get().AbsPath(path).SetHeader("Accept", "application/json").Do(limited)
	answer, err := result.Raw()
	if err != nil {
		err = result.Error() // with what the server's Status says
	}
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case apierrors.IsForbidden(err):
		return nil, c.fail(ctx, fmt.Errorf("user %s may not ask which kinds there are; a cluster administrator grants it with the ClusterRole system:discovery", c.asked(err)))
	case err != nil:
		return nil, c.fail(ctx, err)
	}
	var list metav1.APIResourceList
	if err := json.Unmarshal(answer, &list); err != nil || list.Kind != "APIResourceList" {
		return nil, c.fail(ctx, errors.New("what answers there is no Kubernetes API server"))
	}
	kinds := map[string]resource{}
	for _, r := range list.APIResources {
		if slices.Contains(r.Verbs, "get") && r.Group == "" && !strings.Contains(r.Name, "/") {
			kinds[r.Kind] = resource{version.WithResource(r.Name), r.Namespaced}
		}
	}
	return kinds, nil
}

// of is the client for a kind's objects in a namespace.
func (c *Connection) of(r resource, namespace string) dynamic.ResourceInterface {
	all := c.objects.Resource(r.GroupVersionResource)
	if !r.namespaced || namespace == AllNamespaces {
		return all
	}
	return all.Namespace(namespace)
}
