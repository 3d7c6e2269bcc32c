package document

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// conceal remembers the secret values of documents, which may stand where a message quotes them: sops can
// encrypt a reference's name or an action as well.
func (g *gatherer) conceal(documents []*tree.Node) []*tree.Node {
	if g.secrets == nil {
		g.secrets, g.identities = map[string]bool{}, map[string]bool{}
	}
	for _, root := range documents {
		root.Walk(func(n *tree.Node) {
			if n.Secret {
				g.concealed(n)
			}
		})
		if name := root.Get("metadata", "name").String(); name != "" {
			g.identities[name] = true
		}
		if root.Get("kind").String() != "Secret" {
			continue
		}
		root.Get("data").Fields(func(_, value *tree.Node) {
			if text, err := decoded(value); err == nil {
				g.concealed(text)
			}
		})
		root.Get("stringData").Fields(func(_, value *tree.Node) { g.concealed(value) })
	}
	return documents
}

func (g *gatherer) concealed(n *tree.Node) {
	if !n.IsScalar() || len(n.Value) < minimumSecret || sealed(n) || isOrdinary(n.Value) {
		return
	}
	g.secrets[n.Value] = true
	if strings.HasSuffix(n.Place.Field, "Path") {
		g.steps(n.Value)
	}
}

// steps hides those of a path, which messages tell one by one.
func (g *gatherer) steps(path string) {
	parsed, err := tree.ParsePath(path)
	if err != nil {
		return
	}
	for _, step := range parsed {
		for _, text := range append(slices.Clone(step.Match), step.Key, step.Value) {
			if len(text) >= minimumSecret && !slices.Contains([]string{"spec", "data", "stringData", "metadata", "name"}, text) {
				g.secrets[text] = true
			}
		}
	}
}

// mask hides the secret values of all documents that were read.
func (g *gatherer) mask() mistake.Mask {
	maps.DeleteFunc(g.secrets, func(secret string, _ bool) bool { return g.identities[secret] })
	return mistake.NewMask(maskable(slices.Collect(maps.Keys(g.secrets))))
}

// isOrdinary says whether a text is a word of the documents' own language, which tells nothing and
// which messages are made of.
func isOrdinary(text string) bool {
	if _, err := strconv.ParseBool(text); err == nil {
		return true
	}
	_, isBoolean := booleans[strings.ToLower(text)]
	return isBoolean || slices.ContainsFunc([][]string{
		kinds, unrelated, fetchable, platforms,
		{"null", v1alpha1.APIVersion},
		{v1alpha1.ActionBuildQcow2, v1alpha1.ActionBuildISO, v1alpha1.ActionBuildRoot},
	}, func(words []string) bool { return slices.Contains(words, text) })
}

// masked keeps the secrets of all documents out of mistakes and warnings, which may share some.
func (g *gatherer) masked(set *Set) {
	var all []*mistake.Mistake
	all = append(all, g.report.Mistakes...)
	for _, v := range set.variants {
		all = append(all, v.mistakes...)
	}
	mask := g.mask()
	for _, m := range all {
		m.Problem = mask.Text(m.Problem)
	}
	hide := func(warnings []string) (shown []string) {
		for _, warning := range warnings {
			shown = append(shown, mask.Warning(warning))
		}
		return shown
	}
	g.report.Warnings = hide(g.report.Warnings)
	for _, v := range set.variants {
		v.Warnings = hide(v.Warnings)
	}
}
