package resolution

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// withoutWanted is said of a wanted package, its platform and why an image does not get it.
const withoutWanted = "without %s, which is for the platform %s: %s"

// available are the wanted packages of a question that its sources have.
func (q *question) available(say func(format string, args ...any)) ([]string, error) {
	var available []string
	for _, wanted := range q.request.Wanted {
		p, err := find(q.index, wanted)
		if err != nil {
			return nil, err
		}
		if p == nil {
			say(withoutWanted, wanted, q.request.Target.Platform, "no source has it")
			continue
		}
		available = append(available, wanted)
	}
	return available, nil
}

// answer asks for a question's request with as many of the wanted packages as go with it. It returns
// all packages, and which of wanted are among them. Where the request goes not even without them, the
// error is a rootfs.RefusalError that says nothing of them.
func (a apt) answer(ctx context.Context, q *question, wanted []string) (packages []plan.Package, taken []string, err error) {
	if len(wanted) == 0 {
		packages, err = a.ask(ctx, q.request)
		return packages, nil, err
	}
	packages, refusal, err := a.try(ctx, with(q.request, wanted))
	if err != nil || refusal == nil {
		return packages, wanted, err
	}
	if packages, err = a.ask(ctx, q.request); err != nil {
		return nil, nil, err
	}
	for _, one := range wanted {
		more := with(q.request, append(slices.Clone(taken), one))
		answer, refusal, err := a.try(ctx, more)
		if err != nil {
			return nil, nil, err
		}
		if refusal == nil {
			packages, taken = answer, append(taken, one)
			continue
		}
		reason, err := a.obstacle(ctx, q, more)
		if err != nil {
			return nil, nil, err
		}
		a.say(withoutWanted, one, q.request.Target.Platform, reason)
	}
	return packages, taken, nil
}

// obstacle is why apt refuses a request that it takes without one of its packages.
func (a apt) obstacle(ctx context.Context, q *question, r plan.Request) (string, error) {
	open := r
	open.Unapproved = nil
	answer, refusal, err := a.try(ctx, open)
	if err != nil {
		return "", err
	}
	if refusal != nil {
		if conflict, understood := readRefusal(refusal.Words, r.Include); understood {
			return strings.Join(conflict.steps, "; "), nil
		}
		return "apt cannot install it with the others", nil
	}
	all, err := a.pulledIn(ctx, &question{request: r, index: q.index}, open, answer)
	if err != nil {
		return "", err
	}
	var texts []string
	for _, p := range all {
		texts = append(texts, p.Text)
	}
	if len(texts) == 0 {
		return "it goes with the others only by what is unapproved", nil
	}
	return strings.Join(texts, "; "), nil
}

// try tells an answer from a refusal and both from a failure.
func (a apt) try(ctx context.Context, r plan.Request) ([]plan.Package, *rootfs.RefusalError, error) {
	packages, err := a.ask(ctx, r)
	var refusal *rootfs.RefusalError
	if errors.As(err, &refusal) {
		return nil, refusal, nil
	}
	return packages, nil, err
}

// with is a request that asks for more.
func with(r plan.Request, more []string) plan.Request {
	r.Include = slices.Concat(r.Include, more)
	return r
}
