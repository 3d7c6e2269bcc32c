package resolution

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// mostConflicts bounds how many conflicts one error explains; apt names one at a time.
const mostConflicts = 10

// explain finds out why apt refused a question, by asking on: without what is unapproved, and without
// the packages of each conflict it names. The error is refused where that explains nothing.
func (a apt) explain(ctx context.Context, q *question, refused error) error {
	r := q.request
	r.Unapproved = nil
	var all []*Problem
	answer, err := a.ask(ctx, r)
	for err != nil {
		var refusal *rootfs.RefusalError
		if !errors.As(err, &refusal) || len(all) == mostConflicts {
			return errors.Join(problems(all), err)
		}
		conflict, understood := readRefusal(refusal.Words, r.Include)
		if !understood {
			return errors.Join(problems(all), fmt.Errorf("apt cannot install the packages together: %s", plain(refusal.Words)))
		}
		all = append(all, conflict.problem())
		r.Include = without(r.Include, conflict.asked)
		answer, err = a.ask(ctx, r)
	}
	unapproved, err := a.pulledIn(ctx, q, r, answer)
	if err != nil {
		return err
	}
	if all = append(all, unapproved...); len(all) == 0 {
		return refused
	}
	return problems(all)
}

func (r refusal) problem() *Problem {
	p := &Problem{Subject: Subject{Package: r.asked[0]}}
	steps := strings.Join(r.steps, "; ")
	if len(r.asked) == 1 {
		p.Text = fmt.Sprintf("package %s cannot be installed: %s", r.asked[0], steps)
		return p
	}
	p.Text = fmt.Sprintf("package %s cannot be installed together with %s: %s; ask for one of them",
		r.asked[0], strings.Join(r.asked[1:], " and "), steps)
	for _, name := range r.asked[1:] {
		p.With = append(p.With, Subject{Package: name})
	}
	return p
}

// without leaves out names from what is asked for.
func without(asked, names []string) []string {
	return slices.DeleteFunc(slices.Clone(asked), func(a string) bool {
		name, _, _ := strings.Cut(a, "=")
		return slices.Contains(names, name)
	})
}

// pulledIn says by whom unapproved packages are needed, which are in the answer to r, the question's
// request without them.
func (a apt) pulledIn(ctx context.Context, q *question, r plan.Request, answer []plan.Package) ([]*Problem, error) {
	var inside []string
	for _, p := range answer {
		if slices.Contains(q.request.Unapproved, p.Name) {
			inside = append(inside, p.Name)
		}
	}
	if len(inside) == 0 {
		return nil, nil
	}
	g, err := newGraph(q.index, answer)
	if err != nil {
		return nil, err
	}
	var all []*Problem
	for _, name := range inside {
		// One that something else takes the place of is not needed, though apt preferred it.
		r.Unapproved = without(q.request.Unapproved, without(inside, []string{name}))
		needed, err := a.refuses(ctx, r)
		if err != nil {
			return nil, err
		}
		if !needed {
			continue
		}
		chains, err := a.blame(ctx, r, g.chains(name, r.Include))
		if err != nil {
			return nil, err
		}
		all = append(all, told(name, chains)...)
	}
	return all, nil
}

// refuses says whether apt refuses a request.
func (a apt) refuses(ctx context.Context, r plan.Request) (bool, error) {
	_, err := a.ask(ctx, r)
	var refusal *rootfs.RefusalError
	if errors.As(err, &refusal) {
		return true, nil
	}
	return false, err
}

// blame leaves those chains, the shortest first, whose package alone of all that begin one makes apt
// refuse r: another may have found its alternative already there. Where none does alone, all stay.
func (a apt) blame(ctx context.Context, r plan.Request, chains []chain) ([]chain, error) {
	if len(chains) < 2 {
		return chains, nil
	}
	var roots []string
	for _, c := range chains {
		roots = append(roots, c.root)
	}
	var blamed []chain
	for i, c := range chains {
		if i == mostChains {
			break
		}
		alone := r
		alone.Include = without(r.Include, without(roots, []string{c.root}))
		refused, err := a.refuses(ctx, alone)
		if err != nil {
			return nil, err
		}
		if refused {
			blamed = append(blamed, c)
		}
	}
	if len(blamed) == 0 {
		return chains, nil
	}
	return blamed, nil
}

// told says who needs an unapproved package.
func told(unapproved string, chains []chain) []*Problem {
	if len(chains) == 0 {
		return []*Problem{{
			Subject: Subject{Unapproved: unapproved},
			Text:    fmt.Sprintf("package %s is unapproved, but every image of these sources needs it", unapproved),
		}}
	}
	var all []*Problem
	for _, c := range chains[:min(len(chains), mostChains)] {
		all = append(all, &Problem{
			Subject: Subject{Package: c.root},
			Text:    fmt.Sprintf("package %s pulls in %s, which is unapproved: %s", c.root, unapproved, strings.Join(c.steps, "; ")),
			With:    []Subject{{Unapproved: unapproved}},
		})
	}
	return all
}
