// Package kustomization renders a kustomization root, and knows where each value of it was written.
//
// A directory goes in; documents come out as kustomize builds them, each value with the file and line
// that set it: a base, a patch, a generator, a replacement. Nothing is fetched and no program is run.
package kustomization
