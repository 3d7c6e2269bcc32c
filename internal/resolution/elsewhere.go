package resolution

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// elsewhereTimeout bounds the search for a better answer than that something is missing.
const elsewhereTimeout = 20 * time.Second

// releasesOf are the suites of a distribution where packages are looked for that another lacks. Most
// names are those of all, so a suite of another release is only asked where no name is near.
var releasesOf = map[string][]string{
	repository.Debian: {"bookworm", "trixie"},
	repository.Ubuntu: {"focal", "jammy", "noble"},
}

// elsewhere names, by what is asked for, a place that has it: the sources of other questions, another
// component of the distribution's suite, its backports, another release. What cannot be fetched is
// passed over.
func (c *Cache) elsewhere(ctx context.Context, q *question, others []*question, reasons map[string]string) map[string]string {
	found := map[string]string{}
	for asked := range reasons {
		for _, o := range others {
			if place := o.holder(asked); found[asked] == "" && o.index != q.index && place != "" {
				found[asked] = place
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, elsewhereTimeout)
	defer cancel()
	for i, s := range q.suites {
		if s.source.Suite != q.request.Target.Suite {
			continue
		}
		var beside []suite
		for _, component := range q.releases[i].Components {
			if !slices.Contains(s.source.Components, component) {
				beside = append(beside, s.of(s.source.Suite, component))
			}
		}
		backports := s.source.Suite + "-backports"
		if !slices.ContainsFunc(q.suites, func(s suite) bool { return s.source.Suite == backports }) {
			beside = append(beside, s.of(backports, s.source.Components...))
		}
		c.search(ctx, beside, reasons, found, func(string) bool { return true })
		var releases []suite
		for _, name := range releasesOf[s.distribution] {
			if name != s.source.Suite {
				releases = append(releases, s.of(name, s.source.Components...))
			}
		}
		c.search(ctx, releases, reasons, found, func(reason string) bool { return !strings.Contains(reason, "did you mean") })
		break
	}
	return found
}

// of is another suite, or another part of it, of the same archive.
func (s suite) of(name string, components ...string) suite {
	s.source.Suite, s.source.Components = name, components
	return s
}

// search looks in suites for what has no place yet and whose reason is eligible.
func (c *Cache) search(ctx context.Context, where []suite, reasons, found map[string]string, eligible func(reason string) bool) {
	var names []string
	for asked, reason := range reasons {
		if found[asked] == "" && eligible(reason) {
			names = append(names, asked)
		}
	}
	if len(names) == 0 {
		return
	}
	releases, _ := c.update(ctx, where)
	for _, s := range where {
		r := releases[s.key()]
		if r == nil {
			continue
		}
		index, err := repository.NewIndex(r)
		if err != nil {
			continue
		}
		for _, asked := range names {
			if found[asked] == "" && lookUp(index, asked) != nil {
				found[asked] = s.String()
			}
		}
	}
}

// String is how messages call a suite with the components of it.
func (s suite) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s", s.source.Suite, strings.Join(s.source.Components, " ")))
}

// holder names the suite of a question that has what is asked for; empty where none has.
func (q *question) holder(asked string) string {
	p := lookUp(q.index, asked)
	for i, r := range q.releases {
		if p != nil && p.Release == r {
			return fmt.Sprintf("%s of another profile's source %s", q.suites[i], r.Source.Name)
		}
	}
	return ""
}
