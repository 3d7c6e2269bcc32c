package kustomization

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Airship's functions that are evaluated here.
const (
	airship     = "airshipit.org/v1alpha1"
	replacement = "ReplacementTransformer"
	templater   = "Templater"
)

// evaluate runs the functions of r and of all below it, and leaves kustomizations that hold what came
// out in their place.
func (b *build) evaluate(r *root) error {
	if r.evaluated {
		return nil
	}
	r.evaluated = true
	for _, below := range r.below() {
		if err := b.evaluate(below); err != nil {
			return err
		}
	}
	generators, err := b.configs(r.generators)
	if err != nil {
		return err
	}
	transformers, err := b.configs(r.transformers)
	if err != nil {
		return err
	}
	validators, err := b.configs(r.validators)
	if err != nil {
		return err
	}
	for _, config := range slices.Concat(generators, transformers, validators) {
		b.check(config)
	}
	if err := b.err(); err != nil {
		return err
	}
	if err := b.generate(r, generators); err != nil {
		return err
	}
	return b.transform(r, transformers)
}

// configs are the documents of the functions in a list, those in the list itself first, as kustomize
// takes them.
func (b *build) configs(entries []entry) ([]*tree.Node, error) {
	var inline, listed []*tree.Node
	for _, e := range entries {
		switch {
		case e.root != nil:
			documents, err := b.render(e.root, e.root.final, false)
			if err != nil {
				return nil, err
			}
			for _, d := range documents {
				listed = append(listed, d.Root)
			}
		case e.file != "":
			listed = append(listed, e.documents...)
		default:
			inline = append(inline, e.documents...)
		}
	}
	return append(inline, listed...), nil
}

// check reports a function that is not evaluated, or would fetch something.
func (b *build) check(config *tree.Node) {
	switch {
	case isAirship(config):
	case config.Get("apiVersion").String() == "builtin":
		b.checkBuiltin(config)
	default:
		b.refuse(config)
	}
}

func isAirship(config *tree.Node) bool {
	kind := config.Get("kind").String()
	return config.Get("apiVersion").String() == airship && (kind == replacement || kind == templater)
}

// refuse reports a function that is not evaluated.
func (b *build) refuse(config *tree.Node) {
	at := config.Place
	if kind := config.Get("kind"); kind != nil {
		at = kind.Place
	}
	how := "a plugin"
	if annotation := annotation(config); annotation != nil {
		how = "a function in a container or program"
		if image := annotation.Get("container", "image").String(); image != "" {
			how = "the function " + image
		}
	}
	b.report.Mistake(at, "%s is %s, and none is run here; evaluated are kustomize's own (apiVersion builtin) and "+
		"ReplacementTransformer and Templater of %s", describe(config), how, airship)
}

// annotation says how kustomize would run a function; nil where nothing does.
func annotation(config *tree.Node) *tree.Node {
	for _, name := range []string{"config.kubernetes.io/function", "config.k8s.io/function"} {
		text := config.Get("metadata", "annotations", name)
		if text.String() == "" {
			continue
		}
		if documents := tree.Parse("", []byte(text.Value), &tree.Report{}); len(documents) == 1 {
			return documents[0]
		}
		return tree.Mapping(text.Place)
	}
	return nil
}

// inline puts the functions' documents into the kustomization itself.
func (r *root) inline(list string, configs []*tree.Node) error {
	r.final = r.final.Without(list)
	if len(configs) == 0 {
		return nil
	}
	texts := tree.List(r.tree.Place)
	for _, config := range configs {
		text, err := textOf(config)
		if err != nil {
			return err
		}
		texts.Content = append(texts.Content, tree.Text(text, r.tree.Place))
	}
	r.final = r.final.Put(texts, list)
	return nil
}

func textOf(config *tree.Node) (string, error) {
	value, err := config.Decode()
	if err != nil {
		return "", fmt.Errorf("render a function: %w", err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("render a function: %w", err)
	}
	return string(text) + "\n", nil
}
