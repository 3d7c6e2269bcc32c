package kustomization

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	goyaml "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// generate runs one of Airship's Templaters: a Go template with Sprig's functions over values.
func generate(ctx context.Context, config *tree.Node, env func(string) string, report *tree.Report) ([]byte, bool) {
	text := config.Get("template")
	if text.String() == "" {
		report.Mistake(config.Place, "a Templater needs template, a text")
		return nil, false
	}
	var values any
	if own := config.Get("values"); own != nil {
		decoded, err := own.Decode()
		if err != nil {
			report.Mistake(own.Place, "values cannot be read")
			return nil, false
		}
		values = decoded
	}
	out := &limited{}
	if err := execute(ctx, text.Value, values, env, out); err != nil {
		at := text.Place
		line, problem := explainTemplate(err)
		// What a template says as it fails may hold its values.
		if hasSecret(config) && strings.HasPrefix(problem, failing) {
			problem = strings.TrimSuffix(failing, ": ")
		}
		// The text of a literal block begins in the line below.
		if text.Style&goyaml.LiteralStyle != 0 && line > 0 && at.Line > 0 {
			at.Line, at.Column = at.Line+line, 0
		}
		report.Mistake(at, "%s", problem)
		return nil, false
	}
	inner := &tree.Report{}
	if !tree.Blank(out.Bytes()) {
		tree.Parse(text.Place.File, out.Bytes(), inner)
	}
	for _, m := range inner.Mistakes {
		report.Mistake(text.Place, "in line %d of what the template gives: %s", m.Line, m.Problem)
	}
	return out.Bytes(), len(inner.Mistakes) == 0
}

func execute(ctx context.Context, text string, values any, env func(string) string, out *limited) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("the template fails: %v", problem)
		}
	}()
	b, release := newBudget(ctx)
	defer release()
	t := template.New("template")
	functions := functionMap(env)
	depth := 0
	functions["include"] = func(name string, data any) (string, error) {
		// Deeper than this the process would run out of stack.
		if depth++; depth > 100 {
			return "", errTooMuch
		}
		defer func() { depth-- }()
		part := &limited{}
		err := t.ExecuteTemplate(part, name, data)
		return part.String(), err
	}
	if t, err = t.Funcs(b.functions(functions)).Parse(text); err != nil {
		return err
	}
	keep(t)
	return t.Execute(out, values)
}

// functionMap are Sprig's functions that give the same each time and touch nothing outside, Airship's
// toYaml and toUint32, and env for what the function's annotation names.
func functionMap(env func(string) string) template.FuncMap {
	functions := sprig.HermeticTxtFuncMap()
	maps.Copy(functions, template.FuncMap{
		"env":       env,
		"expandenv": func(string) (string, error) { return "", errors.New("expandenv is not evaluated here; use env") },
		"toYaml":    toYAML,
		"toUint32":  func(i int) uint32 { return uint32(i) },
		"repeat": func(count int, text string) (string, error) {
			if count < 0 || count*len(text) > tree.MaxText || count > tree.MaxText {
				return "", errTooMuch
			}
			return strings.Repeat(text, count), nil
		},
		"until":     func(count int) ([]int, error) { return numbers(0, count, 1) },
		"untilStep": numbers,
		"seq":       func(...int) (string, error) { return "", errors.New("seq is not evaluated here; use until") },
	})
	for _, name := range []string{"bcrypt", "htpasswd", "genPrivateKey", "encryptAES", "uuidv4", "derivePassword"} {
		delete(functions, name)
	}
	return functions
}

var errTooMuch = errors.New("the template gives too much")

func numbers(start, stop, step int) ([]int, error) {
	if step == 0 || (stop-start)/step > maxNumbers {
		return nil, errTooMuch
	}
	var all []int
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		all = append(all, i)
	}
	return all, nil
}

func toYAML(value any) string {
	data, err := yaml.Marshal(value)
	if err != nil {
		return ""
	}
	return string(data)
}

// limited is a text of at most what a document may have.
type limited struct{ bytes.Buffer }

func (l *limited) Write(data []byte) (int, error) {
	if l.Len()+len(data) > tree.MaxText {
		return 0, errTooMuch
	}
	return l.Buffer.Write(data)
}

var (
	templateLine = regexp.MustCompile(`^template: template:(\d+):(?:\d+:)? *`)
	executing    = regexp.MustCompile(`^executing "template" at `)
	started      = regexp.MustCompile(` started at template:(\d+)$`)
	undefined    = regexp.MustCompile(`^function "(\w+)" not defined`)
)

// explainTemplate is the line in the template and the meaning of an error of it.
func explainTemplate(err error) (line int, problem string) {
	problem = err.Error()
	if match := templateLine.FindStringSubmatch(problem); match != nil {
		line, _ = strconv.Atoi(match[1])
		problem = problem[len(match[0]):]
	}
	if match := started.FindStringSubmatch(problem); match != nil {
		line, _ = strconv.Atoi(match[1])
		problem = strings.TrimSuffix(problem, match[0])
	}
	if errors.Is(err, errTooMuch) {
		return line, errTooMuch.Error()
	}
	problem = executing.ReplaceAllString(problem, "")
	if match := undefined.FindStringSubmatch(problem); match != nil {
		name := match[1]
		if _, known := sprig.GenericFuncMap()[name]; known || airshipRandom[name] {
			return line, "the template calls " + name + ", which gives another result each time or asks outside; documents of an image must not"
		}
		return line, "the template calls " + mistake.Word(name) + ", which is none of Sprig's or Airship's functions that are evaluated here"
	}
	return line, failing + strings.Join(strings.Fields(problem), " ")
}

const failing = "the template fails: "

func hasSecret(n *tree.Node) bool {
	found := false
	n.Walk(func(n *tree.Node) { found = found || n.Secret })
	return found
}

// airshipRandom are Airship's own functions that make keys.
var airshipRandom = map[string]bool{
	"regexGen": true, "genSSHKeyPair": true, "genCAEx": true, "genCAWithKeyEx": true,
	"genSignedCertEx": true, "genSignedCertWithKeyEx": true,
}
