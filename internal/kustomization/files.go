package kustomization

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// files checks the files that fields other than the lists of resources name.
func (b *build) files(r *root) {
	b.mappings(r)
	for _, list := range []string{"patches", "patchesJson6902", "replacements"} {
		for _, element := range r.elements(list) {
			b.path(r, element.Get("path"), true)
			if patch := element.Get("patch"); patch.String() != "" {
				b.inline(patch)
			}
		}
	}
	for _, element := range r.elements("patchesStrategicMerge") {
		if isInline(element.String()) {
			b.inline(element)
		} else {
			b.path(r, element, true)
		}
	}
	for _, list := range []string{"crds", "configurations"} {
		for _, element := range r.elements(list) {
			b.path(r, element, true)
		}
	}
	b.path(r, r.tree.Get("openapi", "path"), false)
	for _, list := range []string{"configMapGenerator", "secretGenerator"} {
		for _, element := range r.elements(list) {
			b.path(r, element.Get("env"), false)
			b.envFiles(r, element)
			if literals := element.Get("literals"); literals.IsList() {
				for _, literal := range literals.Content {
					// kustomize would show the text, which may be a secret.
					if key, _, with := strings.Cut(literal.String(), "="); !with || key == "" {
						b.report.Mistake(literal.Place, "want KEY=VALUE")
					}
				}
			}
			for _, field := range []string{"files", "envs"} {
				if files := element.Get(field); files.IsList() {
					for _, file := range files.Content {
						b.path(r, file, false)
					}
				}
			}
		}
	}
}

// isInline says whether an entry that may be a path or a patch is a patch.
func isInline(text string) bool { return strings.Contains(text, "\n") || strings.Contains(text, ": ") }

// path checks a file that the kustomization names, as PATH or, in a generator, KEY=PATH.
func (b *build) path(r *root, node *tree.Node, isYAML bool) {
	text := node.String()
	if _, path, with := strings.Cut(text, "="); with && !isYAML {
		text = path
	}
	if text == "" {
		return
	}
	if remote(text) {
		b.report.Mistake(node.Place, "%s is remote; nothing is fetched here: copy it beside the documents and name the copy", mistake.Word(text))
		return
	}
	path := text
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.directory, path)
	}
	real, err := realPath(path)
	if err != nil {
		b.missing(node, path)
		return
	}
	if info, err := os.Stat(real); err == nil && info.IsDir() {
		b.report.Mistake(node.Place, "%s is a directory; want a file", text)
		return
	}
	if !b.inside(r, node, real) {
		return
	}
	if isYAML {
		b.parse(real)
	} else if _, err := b.disk.load(real); err != nil {
		b.fail(err)
	}
}

// fetching are the fields of kustomize's own functions that name files.
var fetching = []string{"path", "paths", "file", "files", "env", "envs", "repo", "url"}

// checkBuiltin reports what a function of kustomize's own would fetch or run.
func (b *build) checkBuiltin(config *tree.Node) {
	if kind := config.Get("kind").String(); kind == "HelmChartInflationGenerator" || kind == "ChartInflator" {
		b.report.Mistake(config.Get("kind").Place, "Helm charts are not rendered here, since that runs helm; "+
			"render the chart to a file with `helm template` and list the file in resources")
	}
	var visit func(node *tree.Node, named bool)
	visit = func(node *tree.Node, named bool) {
		if named && node.IsScalar() {
			text := node.Value
			if _, path, with := strings.Cut(text, "="); with && remote(path) {
				text = path
			}
			if remote(text) {
				b.report.Mistake(node.Place, "%s is remote; nothing is fetched here: copy it beside the documents and name the copy", mistake.Word(text))
			}
		}
		if node.IsList() {
			for _, element := range node.Content {
				visit(element, named)
			}
		}
		node.Fields(func(key, value *tree.Node) { visit(value, slices.Contains(fetching, key.Value)) })
	}
	visit(config, false)
}

// mappings reports elements of lists that kustomize fails on without saying why.
func (b *build) mappings(r *root) {
	for _, list := range []string{"patches", "patchesJson6902", "replacements", "configMapGenerator", "secretGenerator", "images", "replicas", "labels", "vars"} {
		for _, element := range r.elements(list) {
			if !element.IsMapping() {
				b.report.Mistake(element.Place, "want a mapping")
			}
		}
	}
	for _, element := range r.elements("patchesJson6902") {
		if !element.Get("target").IsMapping() {
			b.report.Mistake(element.Place, "needs target, with the kind and name of a resource")
		}
	}
	for _, element := range r.elements("replacements") {
		if targets := element.Get("targets"); targets.IsList() {
			for _, target := range targets.Content {
				if !target.Get("select").IsMapping() {
					b.report.Mistake(target.Place, "needs select, with the kind and name of a resource")
				}
			}
		}
	}
}
