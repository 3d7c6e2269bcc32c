package resolution

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/rootfs"
)

// lock has apt answer a question whose packages all exist. server shows the machine what of the
// suites can matter for it: reading all of them would take apt longer than everything else here, and
// many times as long in a machine that is emulated. say gets a line for each wanted package that is
// left out.
func lock(
	ctx context.Context, m machine.Machine, server *repository.Server, q *question, toolbox string, base *plan.Base,
	say func(format string, args ...any),
) (plan.Lock, error) {
	wanted, err := q.available(say)
	if err != nil {
		return plan.Lock{}, err
	}
	lock := plan.Lock{Format: plan.LockFormat, Request: q.request.Digest(), Toolbox: toolbox, Base: base}
	a := apt{machine: m, mirrors: rootfs.Mirrors{}, say: say}
	narrowed := q.index.Narrow(slices.Concat(q.request.Include, wanted))
	for i, release := range q.releases {
		source := q.request.Sources[i]
		a.mirrors[source.Name] = server.AddNarrowed(narrowed[i]).URI(m.Gateway())
		lock.Suites = append(lock.Suites, plan.LockedSuite{
			Source: source.Name, Suite: source.Suite, Date: release.Date.UTC(), InRelease: release.SHA256,
			Keyring: fetchedKeyring(source, release),
		})
	}
	var taken []string
	lock.Packages, taken, err = a.answer(ctx, q, wanted)
	var refusal *rootfs.RefusalError
	if errors.As(err, &refusal) && ctx.Err() == nil {
		return plan.Lock{}, a.explain(ctx, q, err)
	}
	if err != nil {
		return plan.Lock{}, err
	}
	return lock, holdsAll(lock.Packages, base, slices.Concat(q.request.Include, taken))
}

// apt is the one in a machine, with a question's suites as its sources.
type apt struct {
	machine machine.Machine
	mirrors rootfs.Mirrors
	say     func(format string, args ...any)
}

// ask asks which packages a request gets, which has the question's sources.
func (a apt) ask(ctx context.Context, r plan.Request) ([]plan.Package, error) {
	return rootfs.Resolve(ctx, a.machine, r, a.mirrors)
}

// holdsAll says whether every package that was asked for is among the packages. apt may take a name
// that it does not know for something else: NAME- removes, NAME+ and a regular expression install
// others. Here all names are known.
func holdsAll(packages []plan.Package, base *plan.Base, asked []string) error {
	names := map[string]bool{}
	for _, p := range packages {
		names[p.Name] = true
	}
	for _, a := range asked {
		name, version, pinned := strings.Cut(a, "=")
		switch {
		case names[name]:
		case !base.Has(name):
			return fmt.Errorf("apt's answer lacks %s, which was asked for", name)
		case pinned && !base.HasVersion(name, version):
			return fmt.Errorf("%s is asked for in the version %s, and the base has another one: leave the version out, or make the base with it", name, version)
		}
	}
	return nil
}

// fetchedKeyring is the key that came from the source's KeyringURL; empty where the document has it.
func fetchedKeyring(source plan.Source, release *repository.Release) string {
	if source.KeyringURL == "" {
		return ""
	}
	return string(release.Source.Keyring)
}
