package v1alpha1

import "k8s.io/apimachinery/pkg/runtime"

// Object is a mapping of any depth: maps, lists, strings, numbers and booleans, as JSON has them.
type Object map[string]any

// DeepCopyInto copies o.
func (o *Object) DeepCopyInto(out *Object) { *out = o.DeepCopy() }

// DeepCopy copies o.
func (o Object) DeepCopy() Object { return runtime.DeepCopyJSON(o) }
