package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
)

// Found is what a cluster holds of some kinds.
type Found struct {
	Context   string   // as Connection's
	Namespace string   // as Connection's
	Objects   []Object // by kind as asked for, then by namespace and name
	Warnings  []string // a line each
}

// Read lists the objects of the kinds in the connection's namespace. A kind that is not installed has none; where
// there is nothing at all a warning says so. What the user may not list is an error, which names all such kinds.
// Secrets and ConfigMaps are got by name: Read refuses kinds of Kubernetes' own group.
func (c *Connection) Read(ctx context.Context, kinds []schema.GroupVersionKind) (*Found, error) {
	r := reading{c: c, found: &Found{Context: c.Context, Namespace: c.Namespace}}
	for _, kind := range kinds {
		if err := r.add(ctx, kind); err != nil {
			return nil, err
		}
	}
	if len(r.refused) > 0 {
		return nil, c.fail(ctx, r.refused)
	}
	if len(r.tooLarge) > 0 {
		return nil, errors.Join(r.tooLarge...)
	}
	if len(r.found.Objects) == 0 {
		warning, err := c.nothing(ctx, r.absent, r.ours)
		if err != nil {
			return nil, err
		}
		r.found.Warnings = append(r.found.Warnings, warning)
	}
	return r.found, nil
}

// reading is one Read: what was found, and what stands against it.
type reading struct {
	c        *Connection
	found    *Found
	ours     int      // kinds asked for that docs/crds defines
	absent   []string // those of them that are not installed
	refused  lacking
	tooLarge []error
}

// add lists the objects of a kind. Its error is one with which it makes no sense to go on.
func (r *reading) add(ctx context.Context, kind schema.GroupVersionKind) error {
	if kind.Group == "" {
		return fmt.Errorf("%s objects are got by name, not listed", kind.Kind)
	}
	ours := kind.Group == v1alpha1.Group
	if ours {
		r.ours++
	}
	served, ok, err := r.c.resource(ctx, kind)
	if err != nil {
		return err
	}
	if !ok {
		if ours {
			r.absent = append(r.absent, kind.Kind)
		}
		return nil
	}
	err = r.c.list(ctx, served, func(o *unstructured.Unstructured) error { return r.take(o, kind) })
	switch {
	case apierrors.IsForbidden(err):
		r.refused = append(r.refused, lack{verb: "list", resource: served, user: r.c.asked(err), namespace: r.c.Namespace})
	case errors.Is(err, errTooMuch):
		return r.c.fail(ctx, fmt.Errorf("the documents there are more than %d MiB: name a namespace", r.c.limits.bytes>>20))
	case err != nil:
		return r.c.fail(ctx, fmt.Errorf("list %s: %w", served.Resource, err))
	}
	return nil
}

func (r *reading) take(o *unstructured.Unstructured, kind schema.GroupVersionKind) error {
	object, err := r.c.object(o, kind)
	if err != nil {
		r.tooLarge = append(r.tooLarge, err)
		return nil
	}
	if len(r.found.Objects) == r.c.limits.objects {
		return fmt.Errorf("there are more than %d documents: name a namespace", r.c.limits.objects)
	}
	r.found.Objects = append(r.found.Objects, object)
	return nil
}

// list gives every object to each, page by page. The cluster keeps a list's state for some minutes: where that is
// gone before the end, it fails, as what was seen is no list of any one moment.
func (c *Connection) list(ctx context.Context, r resource, each func(*unstructured.Unstructured) error) error {
	options := metav1.ListOptions{Limit: int64(c.limits.page)}
	for range c.limits.objects {
		page, err := c.page(ctx, r, options)
		if err != nil {
			return err
		}
		for i := range page.Items {
			if err := each(&page.Items[i]); err != nil {
				return err
			}
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return nil
		}
	}
	return errors.New("the list has no end")
}

func (c *Connection) page(ctx context.Context, r resource, options metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	limited, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	page, err := c.of(r, c.Namespace).List(limited, options)
	if limited.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("they have not come within %s", listPatience)
	}
	return page, err
}

// nothing says why there may be no documents: of our own kinds some are absent, or all.
func (c *Connection) nothing(ctx context.Context, absent []string, ours int) (string, error) {
	if ours > 0 && len(absent) == ours {
		return fmt.Sprintf("%s has none of the kinds %s: no documents can be there until their CustomResourceDefinitions are applied (docs/crds has them)",
			c.where(), strings.Join(absent, ", ")), nil
	}
	place := "in any namespace"
	if c.Namespace != AllNamespaces {
		if err := c.namespaced(ctx); err != nil {
			return "", err
		}
		place = "in namespace " + c.Namespace
	}
	text := fmt.Sprintf("no documents %s of %s", place, c.where())
	if len(absent) > 0 {
		text += fmt.Sprintf("; the kinds %s are not installed there (docs/crds has their CustomResourceDefinitions)", strings.Join(absent, ", "))
	}
	return text, nil
}
