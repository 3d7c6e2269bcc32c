package airship

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/version"
)

// manifest says how an image came about. It lies beside the image, not in it: times, mirrors and
// machines differ between builds of one plan.
type manifest struct {
	Profile string `json:"profile"`
	Action  string `json:"action"`
	// Architecture is Debian's name.
	Architecture string `json:"architecture"`
	// Epoch is the image's date, SOURCE_DATE_EPOCH.
	Epoch  int64   `json:"epoch"`
	Images []image `json:"images"`
	// Verified: the image has booted in every firmware that it supports. A root filesystem does not boot.
	Verified  bool              `json:"verified"`
	Boots     []check           `json:"boots"`
	Plan      plan.Digests      `json:"plan"`
	Plugin    string            `json:"plugin"`
	Packer    string            `json:"packer"`
	Isolation manifestIsolation `json:"isolation"`
	// Mirror is where packages without a source of their own came from.
	Mirror   mirror             `json:"mirror,omitzero"`
	Suites   []plan.LockedSuite `json:"suites"`
	Finished time.Time          `json:"finished"`
	Stages   []stage            `json:"stages"`
}

// manifestIsolation is the kind of machine that built an image.
type manifestIsolation struct {
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
	// QEMU's version and the accelerator of a virtual machine.
	QEMU        string `json:"qemu,omitempty"`
	Accelerator string `json:"accelerator,omitempty"`
}

func isolationOf(c isolation.Choice) manifestIsolation {
	return manifestIsolation{Kind: c.Kind, Reason: c.Reason, QEMU: c.Binary.Version, Accelerator: c.Accelerator.Name}
}

// mirror is a repository.Mirrors without passwords.
type mirror struct {
	Main     string `json:"main"`
	Security string `json:"security"`
	Origin   string `json:"origin"` // what named it
}

func mirrorOf(m repository.Mirrors) mirror {
	return mirror{Main: store.Shown(m.Main), Security: store.Shown(m.Security), Origin: m.Origin}
}

// deliver gives the finished files their names.
func deliver(_ context.Context, b *build, _ multistep.StateBag) error {
	m := manifest{
		Profile: b.plan.Profile, Action: b.plan.Action, Architecture: b.plan.Target.Architecture, Epoch: b.plan.Epoch, Images: b.images,
		Verified: len(b.checks) > 0, Boots: b.checks, Plan: b.plan.Digests(),
		Plugin: version.PluginVersion.FormattedVersion(), Packer: b.config.PackerCoreVersion,
		Isolation: isolationOf(b.isolation), Mirror: mirrorOf(b.mirrors), Suites: b.lock.Suites,
		Finished: time.Now().UTC(), Stages: b.stages,
	}
	for _, c := range b.checks {
		m.Verified = m.Verified && c.Verified
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	beside := map[string][]byte{b.images[0].Name + manifestEnding: append(text, '\n')}
	for _, i := range b.images {
		beside[i.Name+sha256Ending] = fmt.Appendf(nil, "%s  %s\n", i.SHA256, i.Name)
		beside[i.Name+sha512Ending] = fmt.Appendf(nil, "%s  %s\n", i.SHA512, i.Name)
	}
	if name := b.config.metadataName(); name != "" {
		if beside[filepath.Clean(name)], err = b.metadata(); err != nil {
			return err
		}
	}
	if b.config.writeReports() {
		reports, err := b.reports(m.Finished)
		if err != nil {
			return err
		}
		maps.Copy(beside, reports)
	}
	if b.imageYAML, err = b.airshipImage(); err != nil {
		return err
	}
	if b.files, err = b.output.Deliver(beside); err != nil {
		return err
	}
	if err := b.keepRecord(); err != nil {
		// The image is whole without.
		b.say("the next build will not know what changed since this one: %v", err)
	}
	b.inOrder()
	for _, i := range b.images {
		where, err := b.path(i.Name)
		if err != nil {
			return err
		}
		b.ui.Say("The image is " + where)
	}
	for _, s := range b.stages {
		b.say("%6.1f s  %s", s.Seconds, s.Name)
	}
	return nil
}

// inOrder puts the files in the order of the plan's outputs: trees are delivered behind them.
func (b *build) inOrder() {
	place := func(file string) int {
		at := slices.IndexFunc(b.images, func(i image) bool { return i.Name == filepath.Base(file) })
		if at < 0 {
			return len(b.images)
		}
		return at
	}
	slices.SortStableFunc(b.files, func(x, y string) int { return place(x) - place(y) })
}

// airshipImage is the document for those who publish the image, without secrets.
func (b *build) airshipImage() (string, error) {
	text, err := b.profile.Redacted().ImageYAML()
	return b.mask.Text(text), err
}
