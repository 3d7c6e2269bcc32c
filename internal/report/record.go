package report

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// recordFormat is the version of a Record's JSON.
const recordFormat = 1

// Record is what a build leaves for the next one of its profile to compare itself with. It holds no secret, and of
// long texts a fingerprint.
type Record struct {
	Format   int          `json:"format"`
	Profile  string       `json:"profile"`
	Action   string       `json:"action"`
	Target   plan.Target  `json:"target"`
	Plan     plan.Digests `json:"plan"`
	Plugin   string       `json:"plugin,omitempty"`
	Packer   string       `json:"packer,omitempty"`
	Finished time.Time    `json:"finished"`
	// Packages by NAME:ARCHITECTURE.
	Packages map[string]RecordedPackage `json:"packages,omitempty"`
	// Settings are the variables' by their paths.
	Settings map[string]Setting `json:"settings,omitempty"`
	Hostname string             `json:"hostname,omitempty"`
	Cmdline  []string           `json:"cmdline,omitempty"`
	Disk     RecordedDisk       `json:"disk,omitzero"`
	Images   []RecordedImage    `json:"images,omitempty"`
	Files    int                `json:"files,omitempty"` // in the root filesystem
	Bytes    int64              `json:"bytes,omitempty"` // of them
}

// RecordedPackage is an installed package.
type RecordedPackage struct {
	Version string `json:"version"`
	Bytes   int64  `json:"bytes,omitempty"` // of its files, where known
}

// RecordedDisk is a disk without its identifiers, which follow from everything else.
type RecordedDisk struct {
	Size       int64               `json:"size"`
	SectorSize int64               `json:"sectorSize"`
	Table      string              `json:"table"`
	Partitions []RecordedPartition `json:"partitions,omitempty"`
}

// RecordedPartition is an entry of the table.
type RecordedPartition struct {
	Number     int    `json:"number"`
	Name       string `json:"name,omitempty"`
	Start      int64  `json:"start"`
	Size       int64  `json:"size"`
	Filesystem string `json:"filesystem,omitempty"`
	Mount      string `json:"mount,omitempty"`
	Options    string `json:"options,omitempty"` // of the mount
}

// RecordedImage is a finished file.
type RecordedImage struct {
	Name        string `json:"name"`
	Format      string `json:"format"`
	Size        int64  `json:"size,omitempty"`
	VirtualSize int64  `json:"virtualSize,omitempty"`
	SHA256      string `json:"sha256,omitempty"`
}

// NewRecord is what the build leaves.
func NewRecord(in Input) Record {
	p := in.Plan
	r := Record{
		Format: recordFormat, Profile: p.Profile, Action: p.Action, Target: p.Target, Plan: p.Digests(),
		Plugin: in.Plugin, Packer: in.Packer, Finished: in.Finished,
		Packages: recordedPackages(in), Settings: settings(p.Variables),
		Hostname: p.System.Hostname, Cmdline: cmdline(p), Disk: recordedDisk(p.Disk),
		Files: in.Inventory.Files, Bytes: in.Inventory.Bytes,
	}
	for _, i := range in.Images {
		r.Images = append(r.Images, RecordedImage(i))
	}
	return r
}

// cmdline is the kernel's as the image has it.
func cmdline(p plan.Plan) []string {
	if len(p.ISO.Cmdline) > 0 {
		return p.ISO.Cmdline
	}
	return p.System.Cmdline
}

// recordedPackages are those that the finished tree has; without an inventory those that the plan installs.
func recordedPackages(in Input) map[string]RecordedPackage {
	all := map[string]RecordedPackage{}
	for _, p := range in.Inventory.Packages {
		all[p.Name+":"+p.Architecture] = RecordedPackage{Version: p.Version, Bytes: p.Bytes}
	}
	if len(all) > 0 {
		return all
	}
	if base := in.Plan.RootFS.Base; base != nil {
		for _, p := range base.Packages {
			all[p.Name+":"+p.Architecture] = RecordedPackage{Version: p.Version}
		}
	}
	for _, p := range in.Plan.RootFS.Packages {
		all[p.Name+":"+p.Architecture] = RecordedPackage{Version: p.Version}
	}
	return all
}

func recordedDisk(d plan.Disk) RecordedDisk {
	r := RecordedDisk{Size: d.Size, SectorSize: d.SectorSize, Table: d.Table}
	for _, p := range d.Partitions {
		one := RecordedPartition{Number: p.Number, Name: p.Name, Start: p.Start, Size: p.Size, Options: p.Swap}
		if p.Filesystem != nil {
			one.Filesystem = p.Filesystem.Type
		}
		if p.Mount != nil {
			one.Mount, one.Options = p.Mount.Path, p.Mount.Options
		}
		r.Partitions = append(r.Partitions, one)
	}
	return r
}

// Encode gives the record's JSON, the same for the same record.
func (r Record) Encode() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, fmt.Errorf("record of %s: %w", r.Profile, err)
	}
	return append(text, '\n'), nil
}

// Decode reads a record's JSON. Fields that it does not know are passed over.
func Decode(data []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return Record{}, fmt.Errorf("record of the last build: %w", err)
	}
	if r.Format != recordFormat {
		return Record{}, fmt.Errorf("record of the last build: it has format %d, this version reads format %d", r.Format, recordFormat)
	}
	return r, nil
}
