package airship

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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

// reportNames are the names of a build's files with these outputs: a bill of materials for each image, the others for all. A directory
// has no digest, and what has none, no provenance.
func reportNames(outputs []plan.Output) (names []string) {
	isFile := func(o plan.Output) bool { return o.Format != plan.Directory }
	for _, o := range outputs {
		names = append(names, o.Name+sbom.Ending)
	}
	if slices.ContainsFunc(outputs, isFile) {
		names = append(names, outputs[0].Name+provenance.Ending)
	}
	return append(names, outputs[0].Name+report.Ending)
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

// reports are the contents of the files, by their names.
func (b *build) reports(finished time.Time) (map[string][]byte, error) {
	all := map[string][]byte{}
	var bills []provenance.File
	for _, i := range b.images {
		image := sbom.Image{Name: i.Name, Format: i.Format, SHA256: i.SHA256, SHA512: i.SHA512}
		bill, err := sbom.Document(b.plan, b.inventory, image)
		if err != nil {
			return nil, err
		}
		all[i.Name+sbom.Ending] = bill
		bills = append(bills, provenance.File{Name: i.Name + sbom.Ending, SHA256: fmt.Sprintf("%x", sha256.Sum256(bill))})
	}
	first := b.images[0].Name
	statement, err := b.provenance(bills, finished)
	if err != nil {
		return nil, err
	}
	if statement != nil {
		all[first+provenance.Ending] = statement
	}
	all[first+report.Ending], err = b.page(finished)
	return all, err
}

// provenance says what the images are from; nil where none of them is a file.
func (b *build) provenance(bills []provenance.File, finished time.Time) ([]byte, error) {
	of := provenance.Build{
		Plan: b.plan, Secrets: b.profile.SecretDigests(), Lock: b.lock, Toolbox: b.tools.Pin, Isolation: b.isolation.Kind, Invocation: uuid.NewString(), Started: b.began.UTC(), Finished: finished, Byproducts: bills,
	}
	for _, i := range b.images {
		of.Images = append(of.Images, provenance.File{Name: i.Name, SHA256: i.SHA256, SHA512: i.SHA512})
	}
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
	in.Used = b.used
	if b.iso != nil {
		for _, name := range slices.Sorted(maps.Keys(b.iso.Files)) {
			in.Contents = append(in.Contents, report.Content{Path: name, Bytes: b.iso.Files[name]})
		}
	}
	in.Previous = b.lastRecord()
	var page bytes.Buffer
	if err := report.Render(&page, in); err != nil {
		return nil, err
	}
	b.record = report.NewRecord(in)
	return page.Bytes(), nil
}

// recordFile is where the cache has what the last build of this profile was.
func (b *build) recordFile() string {
	return filepath.Join(b.cache.Dir, "records", fmt.Sprintf("%s-%s-%s.json", b.plan.Profile, b.plan.Target.Architecture, b.plan.Action))
}

// lastRecord is nil for a first build, and where the last one's cannot be read: the image is whole without.
func (b *build) lastRecord() *report.Record {
	text, err := os.ReadFile(b.recordFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var record report.Record
	if err == nil {
		record, err = report.Decode(text)
	}
	if err != nil {
		b.say("what changed since the last build is not told: %v", err)
		return nil
	}
	return &record
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
