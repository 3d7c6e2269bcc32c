package airship

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
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
	Verified bool         `json:"verified"`
	Boots    []check      `json:"boots"`
	Plan     plan.Digests `json:"plan"`
	Plugin   string       `json:"plugin"`
	Packer   string       `json:"packer"`
	// Isolation is the kind of machine that built it.
	Isolation string             `json:"isolation"`
	Mirror    string             `json:"mirror,omitempty"`
	Suites    []plan.LockedSuite `json:"suites"`
	Finished  time.Time          `json:"finished"`
	Stages    []stage            `json:"stages"`
}

// deliver gives the finished files their names, the image last.
func deliver(_ context.Context, b *build, _ multistep.StateBag) error {
	final := b.config.output(b.plan.Output.Name)
	m := manifest{
		Image: b.plan.Output.Name, Size: b.image.size, SHA256: b.image.sha256,
		Profile: b.plan.Profile, Verified: true, Boots: b.checks, Plan: b.plan.Digests(),
		Plugin: version.PluginVersion.FormattedVersion(), Packer: b.config.PackerCoreVersion,
		Isolation: "namespace", Mirror: b.mirrors.Origin, Suites: b.lock.Suites,
		Finished: time.Now().UTC(), Stages: b.stages,
	}
	for _, c := range b.checks {
		m.Verified = m.Verified && c.Verified
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	sum := fmt.Sprintf("%s  %s\n", b.image.sha256, b.plan.Output.Name)
	b.files = []string{final, final + ".sha256", final + ".manifest.json"}
	for name, data := range map[string][]byte{b.files[1]: []byte(sum), b.files[2]: append(text, '\n')} {
		if err := writeWhole(name, data); err != nil {
			return err
		}
	}
	if err := os.Rename(b.image.partial, final); err != nil {
		return err
	}
	b.image.partial = ""
	b.ui.Say("The image is " + final)
	for _, s := range b.stages {
		b.say("%6.1f s  %s", s.Seconds, s.Name)
	}
	return nil
}

// writeWhole makes or replaces a file, which gets its name when it is complete.
func writeWhole(name string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(file.Name()))
	}
	return nil
}
