package resolution

import (
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// graph is who needs whom among the packages of an answer.
type graph struct {
	// needs are the names that a package needs in the answer, with the relation that asks for each.
	needs map[string][]need
}

type need struct {
	name string
	// text is the relation with its alternatives, as the package has it.
	text string
}

// newGraph reads the relations of an answer's packages in the index that it came from.
func newGraph(index *repository.Index, answer []plan.Package) (graph, error) {
	chosen := map[string]*repository.Package{}
	providers := map[string][]string{}
	for _, a := range answer {
		versions, err := index.Lookup(a.Name)
		if err != nil {
			return graph{}, err
		}
		for _, p := range versions {
			if p.Version == a.Version && chosen[p.Name] == nil {
				chosen[p.Name] = p
			}
		}
		if p := chosen[a.Name]; p != nil {
			for _, name := range provisions(p) {
				providers[name] = append(providers[name], p.Name)
			}
		}
	}
	g := graph{needs: map[string][]need{}}
	for name, p := range chosen {
		for _, field := range []string{p.PreDepends, p.Depends} {
			relations, err := repository.ParseRelations(field)
			if err != nil {
				continue // apt read it in some way
			}
			for _, either := range relations {
				g.needs[name] = append(g.needs[name], satisfiers(either, chosen, providers)...)
			}
		}
	}
	return g, nil
}

// provisions are the names that a package provides.
func provisions(p *repository.Package) []string {
	relations, err := repository.ParseRelations(p.Provides)
	if err != nil {
		return nil
	}
	var names []string
	for _, either := range relations {
		names = append(names, either[0].Name)
	}
	return names
}

// satisfiers are those of the chosen packages that the first alternative with any is satisfied by: the
// others are there for another reason.
func satisfiers(either repository.Alternatives, chosen map[string]*repository.Package, providers map[string][]string) []need {
	for _, r := range either {
		if p := chosen[r.Name]; p != nil && r.Matches(p.Version) {
			return []need{{r.Name, either.String()}}
		}
		if names := providers[r.Name]; len(names) > 0 {
			var all []need
			for _, name := range names {
				all = append(all, need{name, either.String()})
			}
			return all
		}
	}
	return nil
}

// mostChains bounds how many of those who need an unapproved package are told.
const mostChains = 10

// chain is how a package that is asked for leads to another.
type chain struct {
	root  string
	steps []string // in words
}

// chains are the shortest ways to a package from each that is asked for and leads there, the shortest
// first.
func (g graph) chains(to string, asked []string) []chain {
	var all []chain
	for _, a := range asked {
		root, _, _ := strings.Cut(a, "=")
		if way := g.way(root, to); way != nil {
			all = append(all, chain{root, way})
		}
	}
	slices.SortStableFunc(all, func(a, b chain) int { return len(a.steps) - len(b.steps) })
	return all
}

// step is how a search came to a package.
type step struct {
	before string
	need   need
}

// String is the step in the words of the packages' relations.
func (s step) String() string {
	text := fmt.Sprintf("%s needs %s", s.before, s.need.text)
	// Where a relation does not begin with the package, it says which one was meant.
	first, _, _ := strings.Cut(s.need.text, " ")
	if first, _, _ = strings.Cut(first, ":"); first != s.need.name {
		text += fmt.Sprintf(" (here %s)", s.need.name)
	}
	return text
}

// way is the shortest chain of needs between two packages, a step each; nil where there is none.
func (g graph) way(from, to string) []string {
	came := map[string]step{from: {}}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		name := queue[0]
		if name == to && name != from {
			var steps []string
			for at := to; at != from; at = came[at].before {
				steps = append(steps, came[at].String())
			}
			slices.Reverse(steps)
			return steps
		}
		for _, n := range g.needs[name] {
			if _, seen := came[n.name]; !seen {
				came[n.name] = step{name, n}
				queue = append(queue, n.name)
			}
		}
	}
	return nil
}
