package resolution

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// CheckOptions are those of Check.
type CheckOptions struct {
	// Isolation and Accelerator are those of isolation.Options.
	Isolation, Accelerator string
	// Mirror, SecurityMirror and CABundle are those of CacheOptions, CacheDir is its Dir.
	Mirror, SecurityMirror, CABundle, CacheDir string
	// Progress takes one line of progress; may be nil.
	Progress func(format string, args ...any)
}

// Check asks the repositories whether they have what profiles ask for, as a build would up to its
// lock. Suites and names are looked at first, for all profiles; only where they are right, and were
// not found to fit together before, apt is asked in a machine. The error holds a mistake.Mistake for
// everything that is wrong in the documents, at its place; what was not their fault is beside them.
func Check(ctx context.Context, o CheckOptions, profiles ...*document.Profile) error {
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	mask := secretsOf(profiles)
	o.Progress = quiet(o.Progress, mask)
	cache, err := OpenCache(CacheOptions{
		Dir: o.CacheDir, Mirror: o.Mirror, SecurityMirror: o.SecurityMirror, CABundle: o.CABundle, Say: o.Progress,
	})
	if err != nil {
		return err
	}
	defer cache.Close()
	c := check{cache: cache, mask: mask}
	c.read(profiles)
	open := c.names(ctx)
	if len(open) > 0 && c.err() == nil {
		if err := c.closures(ctx, o, open); err != nil {
			return ended(ctx, mask.Error(err))
		}
	}
	return ended(ctx, c.err())
}

// secretsOf hides the secrets of all profiles.
func secretsOf(profiles []*document.Profile) mistake.Mask {
	var all []string
	for _, p := range profiles {
		all = append(all, p.Secrets()...)
	}
	return mistake.NewMask(all)
}

// check is one run of Check.
type check struct {
	cache *Cache
	asked []*asked
	mask  mistake.Mask // of all profiles' secrets

	mistakes []*mistake.Mistake
	others   []error
}

// asked is a profile's question.
type asked struct {
	profile *document.Profile
	question
}

// err is everything that was found so far.
func (c *check) err() error {
	return errors.Join(append([]error{mistake.Join(c.mistakes)}, c.others...)...)
}

// found locates what is wrong with a profile. What is no document's fault is told once for all.
func (c *check) found(profile *document.Profile, err error) {
	mistakes, others := masked(profile, err)
	c.mistakes = append(c.mistakes, mistakes...)
	for _, other := range others {
		if !slices.ContainsFunc(c.others, func(known error) bool { return known.Error() == other.Error() }) {
			c.others = append(c.others, other)
		}
	}
}

// read makes the profiles' questions.
func (c *check) read(profiles []*document.Profile) {
	for _, p := range profiles {
		request, err := plan.Ask(&p.NodeProfile, plan.FormOf(&p.Image))
		if err != nil {
			c.found(p, err)
			continue
		}
		a := &asked{profile: p, question: question{request: request}}
		if a.suites, err = c.cache.suitesOf(request); err != nil {
			c.found(p, err)
			continue
		}
		c.asked = append(c.asked, a)
	}
}

// names verifies the suites and looks up the names, without a machine. It returns the questions that
// are open then.
func (c *check) names(ctx context.Context) []*asked {
	var all []suite
	for _, a := range c.asked {
		all = append(all, a.suites...)
	}
	releases, errs := c.cache.update(ctx, all)
	var open []*asked
	for _, a := range c.asked {
		err := a.take(releases, errs)
		if err != nil {
			c.found(a.profile, err)
		} else if !c.cache.locks().answered(a.request, a.releases) {
			open = append(open, a)
		}
	}
	if err := index(open); err != nil {
		c.others = append(c.others, c.mask.Error(err))
		return nil
	}
	var others []*question
	for _, a := range open {
		others = append(others, &a.question)
	}
	// What a base has and what fits it is known when it is there.
	open = slices.DeleteFunc(open, func(a *asked) bool { return a.profile.NodeProfile.Spec.Base != "" })
	for _, a := range open {
		c.found(a.profile, c.cache.missing(ctx, &a.question, others))
	}
	return open
}

// index reads the indices of questions; those with the same releases share one.
func index(all []*asked) error {
	known := map[string]*repository.Index{}
	for _, a := range all {
		var keys []string
		for _, s := range a.suites {
			keys = append(keys, s.key())
		}
		key := strings.Join(keys, "\n")
		if known[key] == nil {
			var err error
			if known[key], err = repository.NewIndex(a.releases...); err != nil {
				return err
			}
		}
		a.index = known[key]
	}
	return nil
}

// resolving is said of each profile that apt is asked about.
const resolving = "resolving the packages of %s"

// closures asks apt about all open questions, in one machine.
func (c *check) closures(ctx context.Context, o CheckOptions, open []*asked) error {
	return c.cache.within(ctx, Wants{
		Isolation: o.Isolation, Accelerator: o.Accelerator, Architecture: architecture(open),
	}, func(options Options) error {
		for _, a := range open {
			o.Progress(resolving, a.profile.NodeProfile.Name)
			_, err := options.lock(ctx, &a.question)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			c.found(a.profile, err)
		}
		return nil
	})
}

// architecture is the machine's: apt answers for any, so the host's own, which needs no emulation,
// where there are tools of it.
func architecture(open []*asked) string {
	if runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64" {
		return runtime.GOARCH
	}
	return open[0].request.Target.Architecture
}

// closeTimeout bounds what it may take to remove a machine's directory.
const closeTimeout = time.Minute

// within calls do while a machine runs, with what Resolve takes, and leaves nothing of it behind. A
// killed process's directory is removed by the next one.
func (c *Cache) within(ctx context.Context, w Wants, do func(Options) error) (err error) {
	kind, err := c.Choose(ctx, w)
	if err != nil {
		return err
	}
	c.options.Say("asking apt in a machine of kind %s (%s)", kind.Kind, kind.Reason)
	directory, err := c.Work(ctx, kind)
	if err != nil {
		return err
	}
	defer func() {
		// ctx itself may have ended.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		err = errors.Join(err, directory.Remove(ctx))
	}()
	tools, err := c.Tools(ctx, kind, w)
	if err != nil {
		return err
	}
	digest, err := tools.Pin.Digest()
	if err != nil {
		return err
	}
	m, err := c.Start(ctx, kind, w, tools, directory)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	server, err := repository.NewServer()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	return do(Options{Cache: c, Machine: m, Server: server, Toolbox: digest})
}

// quiet is progress that shows no secret: lines name the addresses that packages come from.
func quiet(progress func(string, ...any), mask mistake.Mask) func(string, ...any) {
	return func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		if clean := mask.Text(text); clean != text {
			format, args = "%s", []any{clean}
		}
		progress(format, args...)
	}
}
