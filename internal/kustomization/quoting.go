package kustomization

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// quoting are what the library and what it uses say before they quote a file's content, of which they
// tell nothing else; the content may be a secret.
var quoting = regexp.MustCompile(`(?s)(` + strings.Join([]string{
	`invalid utf8 bytes`, `literal sources`, `invalid literal source`, `unknown patch strategy`, `no implemented strategic merge patch strategy`,
	`node contents`, `unable to parse SM or JSON patch from \[patch`, `qualifies as both an SM and JSON patch`,
	`patch appears to be empty`, `must specify a target for (?:JSON )?patch`, `out of bounds for value`, `invalid value`,
	"to set `patches.target` field", `must specify one of patch and path in`, `can't be set at the same time`,
	`is not a string`, `cannot be found in`, `decoding \[`, `cannot unmarshal !!\w+`, `: parsing`, `invalid character`,
	`could not find expected`, `wrong Node Kind for [^:]*: value`,
}, "|") + `).*`)

// Some put the content first.
var quotedFirst = regexp.MustCompile(`(?s)"[^"]*" is not a valid (key name|config key).*`)

// unquote cuts off what an error of the library quotes of files, and takes out the secrets that are known.
func (b *build) unquote(text string) string {
	text = quoting.ReplaceAllString(text, "$1")
	text = strings.TrimRight(quotedFirst.ReplaceAllString(text, "not a valid $1"), " :[")
	secrets := b.secretTexts()
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "<redacted>")
	}
	return text
}

// secretTexts are those that files say are secret.
func (b *build) secretTexts() []string {
	var all []string
	take := func(n *tree.Node) {
		if n.IsScalar() && len(n.Value) >= minimumPart {
			all = append(all, n.Value)
		}
	}
	for _, document := range b.listed() {
		if document.Get("kind").String() == "Secret" {
			values(document.Get("data"), take)
			values(document.Get("stringData"), take)
		}
		values(document, func(n *tree.Node) {
			if b.hidden(n.Place) {
				take(n)
			}
		})
	}
	for _, r := range b.roots {
		for _, g := range r.elements("secretGenerator") {
			values(g.Get("literals"), func(n *tree.Node) {
				if _, value, with := strings.Cut(n.String(), "="); with && len(value) >= minimumPart {
					all = append(all, value)
				}
			})
		}
	}
	return all
}

// envFiles checks those of a generator that are there.
func (b *build) envFiles(r *root, generator *tree.Node) {
	named := []*tree.Node{generator.Get("env")}
	if list := generator.Get("envs"); list.IsList() {
		named = append(named, list.Content...)
	}
	for _, node := range named {
		path := node.String()
		if path == "" || remote(path) {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(r.directory, path)
		}
		real, err := realPath(path)
		if err != nil || !beneath(real, r.directory) {
			continue
		}
		if data, err := b.disk.load(real); err == nil {
			b.envFile(b.disk.name(real), data)
		}
	}
}

// envFile reports lines that kustomize would refuse and show.
func (b *build) envFile(name string, data []byte) {
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if !utf8.Valid(line) {
			b.report.Mistake(tree.Place{File: name, Line: number}, "is not UTF-8")
		}
	}
}
