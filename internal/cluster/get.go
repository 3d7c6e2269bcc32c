package cluster

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ErrAbsent says that the cluster has no object of that name, or not the object's kind.
var ErrAbsent = errors.New("does not exist")

// Get gets one object by its name, "" for the connection's namespace. The text of a Secret has its values, base64.
func (c *Connection) Get(ctx context.Context, kind schema.GroupVersionKind, namespace, name string) (*Object, error) {
	if namespace == "" {
		namespace = c.Namespace
	}
	if namespace == AllNamespaces {
		return nil, fmt.Errorf("%s %s: name its namespace, as documents of all are read", kind.Kind, name)
	}
	r, ok, err := c.resource(ctx, kind)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, c.fail(ctx, fmt.Errorf("%s %s/%s %w: the kind is not installed there", kind.Kind, namespace, name, ErrAbsent))
	}
	limited, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	o, err := c.of(r, namespace).Get(limited, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, c.fail(ctx, fmt.Errorf("%s %s/%s %w", kind.Kind, namespace, name, ErrAbsent))
	case apierrors.IsForbidden(err):
		return nil, c.fail(ctx, lacking{{verb: "get", resource: r, user: c.asked(err), namespace: namespace, name: name}})
	case err != nil:
		return nil, c.fail(ctx, fmt.Errorf("get %s %s/%s: %w", kind.Kind, namespace, name, err))
	}
	object, err := c.object(o, kind)
	if err != nil {
		return nil, err
	}
	return &object, nil
}
