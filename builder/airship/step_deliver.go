package airship

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/output"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/repository/store"
	"github.com/airshipit/packer-plugin-airship/version"
)

// manifest says how an image came about. It lies beside the image, not in it: times, mirrors and
// machines differ between builds of one plan.
type manifest struct {
	Image   string `json:"image"`
	Size    int64  `json:"size"` // bytes
	SHA256  string `json:"sha256"`
	Profile string `json:"profile"`
	// Verified: the image has booted in every firmware that it supports.
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
		Image: b.plan.Outputs[0].Name, Size: b.image.size, SHA256: b.image.sha256,
		Profile: b.plan.Profile, Verified: true, Boots: b.checks, Plan: b.plan.Digests(),
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
	b.files, err = b.image.file.Deliver(map[string][]byte{
		output.Checksum: fmt.Appendf(nil, "%s  %s\n", b.image.sha256, b.plan.Outputs[0].Name),
		output.Manifest: append(text, '\n'),
	})
	if err != nil {
		return err
	}
	where, err := filepath.Abs(b.files[0])
	if err != nil {
		return err
	}
	b.ui.Say("The image is " + where)
	for _, s := range b.stages {
		b.say("%6.1f s  %s", s.Seconds, s.Name)
	}
	return nil
}
