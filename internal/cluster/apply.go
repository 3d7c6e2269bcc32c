package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// FieldManager is the name under which a cluster knows what Apply set.
const FieldManager = "packer-plugin-airship"

// ApplyOptions of Apply.
type ApplyOptions struct {
	// DryRun lets the cluster check the object and keep nothing.
	DryRun bool
	// Force takes fields over that another manager set to another value.
	Force bool
}

// Apply makes an object as it is given, by server-side apply: fields of other managers stay. Its status, where it has one, is
// applied after it. An object without a namespace goes to the connection's. It returns the object's name for messages.
func (c *Connection) Apply(ctx context.Context, object *unstructured.Unstructured, o ApplyOptions) (string, error) {
	kind, namespace := object.GroupVersionKind(), object.GetNamespace()
	if namespace == "" {
		namespace = c.Namespace
	}
	if namespace == AllNamespaces {
		return "", fmt.Errorf("%s %s: name its namespace, as documents of all are read", kind.Kind, object.GetName())
	}
	r, ok, err := c.resource(ctx, kind)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", c.fail(ctx, fmt.Errorf("%s %s: the kind %s of %s is not installed there: apply the plugin's docs/crds first", kind.Kind, object.GetName(), kind.Kind, kind.GroupVersion()))
	}
	a := application{c: c, resource: r, namespace: namespace, object: object.DeepCopy(), options: metav1.ApplyOptions{FieldManager: FieldManager, Force: o.Force}}
	if o.DryRun {
		a.options.DryRun = []string{metav1.DryRunAll}
	}
	if r.namespaced {
		a.object.SetNamespace(namespace)
	}
	shown := fmt.Sprintf("%s %s %s", kind.Kind, a.name(), c.target.in())
	status, hasStatus := a.object.Object["status"]
	delete(a.object.Object, "status")
	if err := a.apply(ctx, dynamic.ResourceInterface.Apply); err != nil {
		return "", err
	}
	if !hasStatus {
		return shown, nil
	}
	a.object.Object["status"] = status
	delete(a.object.Object, "spec")
	err = a.apply(ctx, func(client dynamic.ResourceInterface, ctx context.Context, name string, object *unstructured.Unstructured, options metav1.ApplyOptions, _ ...string) (*unstructured.Unstructured, error) {
		applied, err := client.ApplyStatus(ctx, name, object, options)
		if o.DryRun && apierrors.IsNotFound(err) {
			return applied, nil // the object that a dry run did not make
		}
		return applied, err
	}, "status")
	return shown, err
}

// application is one Apply.
type application struct {
	c         *Connection
	resource  resource
	namespace string
	object    *unstructured.Unstructured
	options   metav1.ApplyOptions
}

// name is the object's, with its namespace where it has one.
func (a application) name() string {
	if a.resource.namespaced {
		return a.namespace + "/" + a.object.GetName()
	}
	return a.object.GetName()
}

// apply sends the object by do, to a subresource where one is named.
func (a application) apply(
	ctx context.Context,
	do func(dynamic.ResourceInterface, context.Context, string, *unstructured.Unstructured, metav1.ApplyOptions, ...string) (*unstructured.Unstructured, error),
	subresource ...string,
) error {
	limited, cancel := context.WithTimeout(ctx, a.c.patience)
	defer cancel()
	_, err := do(a.c.of(a.resource, a.namespace), limited, a.object.GetName(), a.object, a.options)
	what := fmt.Sprintf("%s %s", a.object.GetKind(), a.name())
	switch {
	case err == nil:
		return nil
	case apierrors.IsForbidden(err):
		refused := a.resource
		refused.Resource = strings.Join(append([]string{refused.Resource}, subresource...), "/")
		return a.c.fail(ctx, lacking{{verb: "patch", resource: refused, user: a.c.asked(err), namespace: a.namespace, name: a.object.GetName()}})
	case apierrors.IsConflict(err):
		return a.c.fail(ctx, fmt.Errorf("apply %s: %s; force takes these fields over", what, conflicts(err)))
	}
	return a.c.fail(ctx, fmt.Errorf("apply %s: %w", what, err))
}

// conflicts names the fields that others own, with their owners, as the cluster says it.
func conflicts(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return err.Error()
	}
	var all []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			all = append(all, fmt.Sprintf("%s: %s", strings.TrimPrefix(cause.Field, "."), cause.Message))
		}
	}
	if len(all) == 0 {
		return err.Error()
	}
	return strings.Join(all, ", ")
}
