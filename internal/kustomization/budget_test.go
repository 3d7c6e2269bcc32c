package kustomization

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// run executes a template on values.
func run(ctx context.Context, text string, values any) (string, error) {
	out := &limited{}
	err := execute(ctx, text, values, func(string) string { return "" }, out)
	return out.String(), err
}

// Each of these ran for minutes, or until the memory was full or the stack was.
func TestTemplaterBounds(t *testing.T) {
	doubling := strings.Repeat(`{{ $x = printf "%s%s" $x $x }}`, 60)
	lists := strings.Repeat(`{{ $x = list $x $x }}`, 60)
	long := `{{ $x := repeat 1000000 "a" }}`
	for name, text := range map[string]string{
		"loops":                    `{{ range until 9000 }}{{ range until 9000 }}{{ range until 9000 }}{{ end }}{{ end }}{{ end }}`,
		"loops over a variable":    `{{ $x := until 9000 }}{{ range $x }}{{ range $x }}{{ range $x }}{{ end }}{{ end }}{{ end }}`,
		"loops that go on":         `{{ $x := until 9000 }}{{ range $x }}{{ range $x }}{{ range $x }}{{ continue }}{{ end }}{{ end }}{{ end }}`,
		"loop over a number":       `{{ range 1000000000000 }}{{ end }}`,
		"loop in a condition":      `{{ if true }}{{ else }}{{ end }}{{ with 1 }}{{ if true }}{{ range 1000000000000 }}{{ end }}{{ end }}{{ end }}`,
		"loop in a part":           `{{ define "a" }}{{ range 1000000000000 }}{{ end }}{{ end }}{{ template "a" }}`,
		"loop in else":             `{{ range list }}{{ else }}{{ range 1000000000000 }}{{ end }}{{ end }}`,
		"parts that call parts":    `{{ define "a" }}{{ if . }}{{ template "a" (trimPrefix "a" .) }}{{ template "a" (trimPrefix "a" .) }}{{ end }}{{ end }}{{ template "a" "` + strings.Repeat("a", 60) + `" }}`,
		"long list":                `{{ $x := until 90000 }}`,
		"doubled text":             `{{ $x := "a" }}` + doubling,
		"doubled text, printed":    `{{ $x := "a" }}` + strings.ReplaceAll(doubling, `printf "%s%s"`, "print"),
		"doubled text, joined":     `{{ $x := "a" }}` + strings.ReplaceAll(doubling, `printf "%s%s" $x $x`, `join $x (list $x $x)`),
		"doubled text, cat":        `{{ $x := "a" }}` + strings.ReplaceAll(doubling, `printf "%s%s"`, "cat"),
		"doubled list":             `{{ $x := list }}` + lists + `{{ $x }}`,
		"doubled list, as JSON":    `{{ $x := list }}` + lists + `{{ toJson $x }}`,
		"dict in itself":           `{{ $x := dict }}{{ $y := set $x "a" $x }}{{ $x }}`,
		"dict in itself, within":   `{{ $x := dict }}{{ $y := list $x }}{{ $z := set $x "a" $y }}{{ $y }}`,
		"list of what grows later": long + `{{ $d := dict }}{{ $l := list $d $d $d $d $d $d }}{{ $_ := set $d "a" $x }}{{ $l }}`,
		"wide":                     `{{ printf "` + strings.Repeat("%999999d", 100) + `" 1 }}`,
		"wide by an argument":      `{{ printf "` + strings.Repeat("%*d", 100) + `" 1 }}`,
		"indented":                 `{{ indent 1000000000000 "a" }}`,
		"replaced":                 long + `{{ replace "" $x $x }}`,
		"replaced by a pattern":    long + `{{ regexReplaceAll "" $x $x }}`,
		"joined":                   long + `{{ join $x (until 9000) }}`,
		"wrapped":                  long + `{{ wrapWith 1 $x $x }}`,
		"repeated":                 `{{ repeat 1000000000000 "a" }}`,
		"repeated, overflowing":    `{{ repeat 4611686018427387904 "aaaa" }}`,
		"calls":                    `{{ range 1000000 }}{{ $x := upper "a" }}{{ end }}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(context.Background(), text, nil)
			assert.ErrorIs(t, err, errTooMuch)
		})
	}
}

// What keeps the bounds changes nothing that a template within them gives.
func TestTemplaterWithinBounds(t *testing.T) {
	values := map[string]any{"name": "node", "list": []any{1, "b"}, "none": nil}
	for text, want := range map[string]string{
		`{{ .missing }} {{ .none }}`:                                                               "<no value> <no value>",
		`{{ range .list }}{{ . }},{{ else }}none{{ end }}`:                                         "1,b,",
		`{{ range list }}{{ else }}none{{ end }}`:                                                  "none",
		`{{ range 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}`:                      "02",
		`{{ range $i, $v := .list }}{{ $i }}{{ $v }}{{ break }}{{ end }}`:                          "01",
		`{{ $x := .name }}{{ $x = upper $x }}{{ $x }}`:                                             "NODE",
		`{{ .list }} {{ dict "a" 1 }} {{ len (until 10000) }}`:                                     "[1 b] map[a:1] 10000",
		`{{ printf "%05d|%s" 7 .name | quote }} {{ print 1 2 "x" }}`:                               `"00007|node" 1 2x`,
		`{{ define "a" }}<{{ . }}>{{ end }}{{ template "a" 1 }}{{ include "a" .name | indent 2 }}`: "<1>  <node>",
		`{{ with .name }}{{ . }}{{ end }}{{ "<" | html }}`:                                         "node&lt;",
		`{{ .name | default "x" | trunc 2 }}{{ ternary 1 2 true }}`:                                "no1",
	} {
		got, err := run(context.Background(), text, values)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}

func TestTemplaterStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := run(ctx, "{{ range 10 }}{{ end }}", nil)
	assert.ErrorIs(t, err, context.Canceled)
	_, err = run(ctx, "{{ upper `a` }}", nil)
	assert.ErrorIs(t, err, context.Canceled)
}
