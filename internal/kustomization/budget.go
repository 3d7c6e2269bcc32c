package kustomization

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Bounds of one Templater, well above what documents of a site need and below what takes seconds.
const (
	// maxSteps counts turns of loops, calls, and the values inside of what functions take and give.
	maxSteps = 2_000_000
	callCost = 20
	turnCost = 5
	// maxMade is how many bytes of text functions make together, maxValue those of one value, which may
	// hold a text many times.
	maxMade  = 64 << 20
	maxValue = 4 * tree.MaxText
	// maxWithin is how deep lists and dicts are in each other; a dict that is in itself is deeper.
	maxWithin = 100
	// maxNumbers is how long a list until makes.
	maxNumbers = 10_000
	// lastResort stops what is within the bounds and still slow; it is seen at the next turn or call.
	lastResort = 30 * time.Second
)

// budget is what one template may use.
type budget struct {
	ctx, limit  context.Context
	steps, made int
}

// newBudget is released by its function.
func newBudget(ctx context.Context) (*budget, func()) {
	limit, release := context.WithTimeout(ctx, lastResort)
	return &budget{ctx: ctx, limit: limit}, release
}

func (b *budget) step(cost int) error {
	if err := b.ctx.Err(); err != nil {
		return err
	}
	if b.steps += cost; b.steps > maxSteps || b.limit.Err() != nil {
		return errTooMuch
	}
	return nil
}

// measure refuses a value that is too large once it is written out, and gives its bytes of text.
func (b *budget) measure(v reflect.Value) (int, error) {
	bytes, before := 0, b.steps
	var walk func(v reflect.Value, depth int) bool
	walk = func(v reflect.Value, depth int) bool {
		if b.steps++; depth > maxWithin || b.steps-before > tree.MaxNodes || b.steps > maxSteps || bytes > maxValue {
			return false
		}
		switch v.Kind() {
		case reflect.Interface, reflect.Pointer:
			return v.IsNil() || walk(v.Elem(), depth+1)
		case reflect.String:
			bytes += v.Len()
		case reflect.Slice, reflect.Array:
			if v.Type().Elem().Kind() == reflect.Uint8 {
				bytes += v.Len()
				break
			}
			for i := range v.Len() {
				if !walk(v.Index(i), depth+1) {
					return false
				}
			}
		case reflect.Map:
			for inside := v.MapRange(); inside.Next(); {
				if !walk(inside.Key(), depth+1) || !walk(inside.Value(), depth+1) {
					return false
				}
			}
		}
		return bytes <= maxValue
	}
	if !walk(v, 0) {
		return 0, errTooMuch
	}
	return bytes, nil
}

// wrap is a function of a template that keeps to the budget. Of what only its result would tell to be
// large, growth tells before.
func (b *budget) wrap(name string, function any) any {
	own := reflect.ValueOf(function)
	t := own.Type()
	var in []reflect.Type
	for i := range t.NumIn() {
		in = append(in, t.In(i))
	}
	failed := reflect.TypeFor[error]()
	kept := reflect.FuncOf(in, []reflect.Type{t.Out(0), failed}, t.IsVariadic())
	return reflect.MakeFunc(kept, func(arguments []reflect.Value) []reflect.Value {
		err := b.before(name, arguments)
		if err != nil {
			return []reflect.Value{reflect.Zero(t.Out(0)), reflect.ValueOf(&err).Elem()}
		}
		var results []reflect.Value
		if t.IsVariadic() {
			results = own.CallSlice(arguments)
		} else {
			results = own.Call(arguments)
		}
		if len(results) > 1 && !results[1].IsNil() {
			return results
		}
		bytes, err := b.measure(results[0])
		if b.made += bytes; err == nil && b.made > maxMade {
			err = errTooMuch
		}
		return []reflect.Value{results[0], reflect.ValueOf(&err).Elem()}
	}).Interface()
}

func (b *budget) before(name string, arguments []reflect.Value) error {
	if err := b.step(callCost); err != nil {
		return err
	}
	for _, argument := range arguments {
		if _, err := b.measure(argument); err != nil {
			return err
		}
	}
	if growth(name, arguments) > maxMade {
		return errTooMuch
	}
	return nil
}

// growth is no less than the bytes a function will make, or the steps it will take, where those are not
// in proportion to its arguments.
func growth(name string, arguments []reflect.Value) float64 {
	length := func(i int) float64 {
		v := arguments[i]
		for v.Kind() == reflect.Interface {
			v = v.Elem()
		}
		switch v.Kind() {
		case reflect.String, reflect.Slice, reflect.Array, reflect.Map:
			return float64(v.Len())
		}
		return 1
	}
	number := func(i int) float64 { return max(0, float64(arguments[i].Int())) }
	name = strings.ToLower(strings.TrimPrefix(name, "must"))
	switch {
	case name == "repeat":
		return number(0) * length(1)
	case name == "indent", name == "nindent":
		return number(0) * (length(1) + 1)
	case name == "wrapwith":
		return (length(1) + 1) * length(2)
	case name == "replace":
		return (length(1) + 1) * (length(2) + 1)
	case name == "join":
		return (length(0) + 1) * length(1)
	case name == "printf":
		return width(arguments[0].String()) + float64(strings.Count(arguments[0].String(), "*"))*maxWidth
	case strings.HasPrefix(name, "regexreplaceall"):
		return max((length(2)+1)*(length(1)+1), length(0)*length(1))
	case strings.HasPrefix(name, "regex"):
		return length(0) * length(1)
	case name == "uniq", name == "without":
		return length(0) * length(0)
	}
	return 0
}

// maxWidth is fmt's.
const maxWidth = 1_000_000

// width is the sum of the numbers in a format.
func width(format string) float64 {
	sum, number := 0.0, 0.0
	for _, c := range format + " " {
		if c >= '0' && c <= '9' {
			number = min(maxWidth, number*10+float64(c-'0'))
			continue
		}
		sum, number = sum+number, 0
	}
	return sum
}

// Names of functions that a template's loops, parts and printing get.
const turn, shown = "_turn", "_shown"

// functions are those of a template, all within the budget.
func (b *budget) functions(all template.FuncMap) template.FuncMap {
	out := template.FuncMap{
		turn:       func() (string, error) { return "", b.step(turnCost) },
		shown:      func(value any) (any, error) { _, err := b.measure(reflect.ValueOf(value)); return value, err },
		"print":    b.wrap("print", fmt.Sprint),
		"printf":   b.wrap("printf", fmt.Sprintf),
		"println":  b.wrap("println", fmt.Sprintln),
		"html":     b.wrap("html", template.HTMLEscaper),
		"js":       b.wrap("js", template.JSEscaper),
		"urlquery": b.wrap("urlquery", template.URLQueryEscaper),
	}
	for name, function := range all {
		out[name] = b.wrap(name, function)
	}
	return out
}

// keep makes every turn of a loop and every part that is used a step, and measures whatever is printed:
// loops over numbers need no function, and a list that holds another many times is short until printed.
func keep(t *template.Template) {
	for _, one := range t.Templates() {
		if one.Tree != nil && one.Root != nil {
			keepList(one.Tree, one.Root)
			one.Root.Nodes = append([]parse.Node{turning(one.Tree, one.Root.Pos, 0)}, one.Root.Nodes...)
		}
	}
}

func keepList(t *parse.Tree, list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			if len(n.Pipe.Decl) == 0 {
				n.Pipe.Cmds = append(n.Pipe.Cmds, calling(t, shown, n.Pos))
			}
		case *parse.IfNode:
			keepList(t, n.List)
			keepList(t, n.ElseList)
		case *parse.WithNode:
			keepList(t, n.List)
			keepList(t, n.ElseList)
		case *parse.RangeNode:
			keepList(t, n.List)
			keepList(t, n.ElseList)
			n.List.Nodes = append([]parse.Node{turning(t, n.Pos, n.Line)}, n.List.Nodes...)
		}
	}
}

func calling(t *parse.Tree, name string, at parse.Pos) *parse.CommandNode {
	return &parse.CommandNode{
		NodeType: parse.NodeCommand, Pos: at, Args: []parse.Node{parse.NewIdentifier(name).SetPos(at).SetTree(t)},
	}
}

func turning(t *parse.Tree, at parse.Pos, line int) *parse.ActionNode {
	return &parse.ActionNode{NodeType: parse.NodeAction, Pos: at, Line: line, Pipe: &parse.PipeNode{
		NodeType: parse.NodePipe, Pos: at, Line: line, Cmds: []*parse.CommandNode{calling(t, turn, at)},
	}}
}
