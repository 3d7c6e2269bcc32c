package clustertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// find asks the server under which name it serves a kind.
func (s *Server) find(ctx context.Context, kind schema.GroupVersionKind) (metav1.APIResource, error) {
	client, err := rest.HTTPClientFor(s.config)
	if err != nil {
		return metav1.APIResource{}, err
	}
	path := "/apis/" + kind.GroupVersion().String()
	if kind.Group == "" {
		path = "/api/" + kind.Version
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Address+path, nil)
	if err != nil {
		return metav1.APIResource{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return metav1.APIResource{}, err
	}
	defer response.Body.Close()
	var list metav1.APIResourceList
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		return metav1.APIResource{}, err
	}
	for _, r := range list.APIResources {
		if r.Kind == kind.Kind {
			return r, nil
		}
	}
	return metav1.APIResource{}, fmt.Errorf("the server has no kind %s", kind)
}
