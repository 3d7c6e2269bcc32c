package cluster

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// namespaced is an error where the connection's namespace does not exist: to list in one that does not is no mistake
// to a cluster. Users who may not see namespaces learn nothing here.
func (c *Connection) namespaced(ctx context.Context) error {
	namespaces := resource{schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}, false}
	limited, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	_, err := c.of(namespaces, "").Get(limited, c.Namespace, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return nil
	}
	var known []string
	_ = c.list(limited, namespaces, func(o *unstructured.Unstructured) error {
		known = append(known, o.GetName())
		return nil
	})
	return c.fail(ctx, fmt.Errorf("there is no namespace %q%s", c.Namespace, mistake.Suggest(c.Namespace, known)))
}
