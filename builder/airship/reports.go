package airship

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/airshipit/packer-plugin-airship/internal/inventory"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/provenance"
	"github.com/airshipit/packer-plugin-airship/internal/report"
	"github.com/airshipit/packer-plugin-airship/internal/sbom"
	"github.com/airshipit/packer-plugin-airship/internal/wholefile"
	"github.com/airshipit/packer-plugin-airship/version"
)

// Endings of the files that say what an image consists of and where it is from, after the first image's name.
const (
	sbomEnding       = ".cdx.json"
	provenanceEnding = ".provenance.json"
	reportEnding     = ".report.html"
)

// reportEndings are those of a build with these outputs. A directory has no digest, and what has none, no provenance.
func reportEndings(outputs []plan.Output) []string {
	isFile := func(o plan.Output) bool { return o.Format != plan.Directory }
	if !slices.ContainsFunc(outputs, isFile) {
		return []string{sbomEnding, reportEnding}
	}
	return []string{sbomEnding, provenanceEnding, reportEnding}
}

func (c *Config) writeReports() bool { return c.WriteReports == nil || *c.WriteReports }

// takeInventory looks at the finished tree.
func takeInventory(ctx context.Context, b *build) (err error) {
	if !b.config.writeReports() {
		return nil
	}
	b.inventory, err = inventory.Take(ctx, b.machine)
	return err
}

// reports are the contents of the files, by their endings.
func (b *build) reports(finished time.Time) (map[string][]byte, error) {
	all := map[string][]byte{}
	first := b.images[0]
	var err error
	all[sbomEnding], err = sbom.Document(b.plan, b.inventory, sbom.Image{Name: first.Name, Format: first.Format, SHA256: first.SHA256, SHA512: first.SHA512})
	if err != nil {
		return nil, err
	}
	provenance, err := b.provenance(all[sbomEnding], finished)
	if err != nil {
		return nil, err
	}
	if provenance != nil {
		all[provenanceEnding] = provenance
	}
	all[reportEnding], err = b.page(finished)
	return all, err
}

// provenance says what the images are from; nil where none of them is a file.
func (b *build) provenance(bill []byte, finished time.Time) ([]byte, error) {
	of := provenance.Build{
		Plan: b.plan, Lock: b.lock, Toolbox: b.tools.Pin, Isolation: b.isolation.Kind, Invocation: uuid.NewString(), Started: b.began.UTC(), Finished: finished,
	}
	for _, i := range b.images {
		of.Images = append(of.Images, provenance.File{Name: i.Name, SHA256: i.SHA256, SHA512: i.SHA512})
	}
	of.Byproducts = []provenance.File{{Name: b.images[0].Name + sbomEnding, SHA256: fmt.Sprintf("%x", sha256.Sum256(bill))}}
	statement, err := provenance.Statement(of)
	if errors.Is(err, provenance.ErrNoSubject) {
		return nil, nil
	}
	return statement, err
}

// page is for people. It compares with the last build of the profile on this host.
func (b *build) page(finished time.Time) ([]byte, error) {
	in := report.Input{
		Plan: b.plan, Inventory: b.inventory, Suites: b.lock.Suites, Started: b.began, Finished: finished,
		Plugin: version.PluginVersion.FormattedVersion(), Packer: b.config.PackerCoreVersion, Isolation: b.isolation.String(),
	}
	for _, i := range b.images {
		in.Images = append(in.Images, report.Image{Name: i.Name, Format: i.Format, Size: i.Size, VirtualSize: i.VirtualSize, SHA256: i.SHA256})
	}
	for _, s := range b.stages {
		in.Stages = append(in.Stages, report.Stage{Name: s.Name, Seconds: s.Seconds})
	}
	for _, c := range b.checks {
		in.Boots = append(in.Boots, report.Boot{Firmware: c.Firmware, Verified: c.Verified, Reason: c.Reason, Answers: c.Answers})
	}
	var err error
	if in.Previous, err = b.lastRecord(); err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := report.Render(&page, in); err != nil {
		return nil, err
	}
	b.record = report.NewRecord(in)
	return page.Bytes(), nil
}

// recordFile is where the cache has what the last build of this profile was.
func (b *build) recordFile() string {
	return filepath.Join(b.cache.Dir, "records", fmt.Sprintf("%s-%s.json", b.plan.Profile, b.plan.Action))
}

// lastRecord is nil for a first build, and for a record of another version of the plugin.
func (b *build) lastRecord() (*report.Record, error) {
	text, err := os.ReadFile(b.recordFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	record, err := report.Decode(text)
	if err != nil {
		b.say("the last build's record is not compared with: %v", err)
		return nil, nil
	}
	return &record, nil
}

// keepRecord is for the next build.
func (b *build) keepRecord() error {
	if !b.config.writeReports() {
		return nil
	}
	text, err := b.record.Encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.recordFile()), 0o755); err != nil {
		return err
	}
	return wholefile.Write(b.recordFile(), text)
}
