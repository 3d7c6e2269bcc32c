package resolution

import (
	"context"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

// Options of Resolve.
type Options struct {
	Cache *Cache
	// Machine runs apt, whose answer is the lock; Server, which it reaches, shows it the indices.
	Machine machine.Machine
	Server  *repository.Server
	// Toolbox is the digest of the tools' pin.
	Toolbox string
	// Base is what lies in the machine's Target, where the request builds on a base.
	Base *plan.Base
}

// Resolve finds out which packages the request gets: it verifies the suites, and asks apt where the
// same has not been answered before. The error holds a Problem for everything that is wrong with the
// request; Locate tells them in the words of its documents.
func Resolve(ctx context.Context, o Options, request plan.Request) (plan.Lock, error) {
	q := &question{request: request}
	var err error
	if q.suites, err = o.Cache.suitesOf(request); err != nil {
		return plan.Lock{}, err
	}
	if err := q.take(o.Cache.update(ctx, q.suites)); err != nil {
		return plan.Lock{}, ended(ctx, err)
	}
	if lock, found := o.Cache.locks().get(request, q.releases, o.Toolbox); found {
		return lock, nil
	}
	if q.index, err = repository.NewIndex(q.releases...); err != nil {
		return plan.Lock{}, err
	}
	asked := *q
	asked.request.Include = slices.DeleteFunc(slices.Clone(request.Include), func(name string) bool {
		name, _, _ = strings.Cut(name, "=")
		return o.Base.Has(name)
	})
	if err := o.Cache.missing(ctx, &asked, nil); err != nil {
		return plan.Lock{}, ended(ctx, err)
	}
	return o.lock(ctx, q)
}

// lock asks apt, and remembers its answer.
func (o Options) lock(ctx context.Context, q *question) (plan.Lock, error) {
	lock, err := lock(ctx, o.Machine, o.Server, q, o.Toolbox, o.Base, o.Cache.options.Say)
	if err != nil {
		return plan.Lock{}, ended(ctx, err)
	}
	return lock, o.Cache.locks().put(q.request, q.releases, lock)
}

// ended is why ctx has ended, and err while it has not: what fails then says nothing about a request.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
