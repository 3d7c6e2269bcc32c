// Package report shows a person what a build was and gave.
//
// What the build knew enters, with the Record of the one before; one HTML file leaves that needs nothing beside it,
// and the Record that the next build compares itself with. Equal input gives equal bytes.
package report

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/bootcheck"
	"github.com/airshipit/packer-plugin-airship/internal/inventory"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

const (
	// Ending of the page's file name, behind the first image's.
	Ending = ".report.html"
	// MediaType by which registries know the page.
	MediaType = "text/html"
)

// Input is what a build was and gave. Whatever is empty is left out of the page.
type Input struct {
	Plan      plan.Plan
	Inventory inventory.Inventory
	Images    []Image // in the order of the plan's outputs
	Stages    []Stage // in order
	Boots     []Boot
	// Suites are those of the build's lock.
	Suites []plan.LockedSuite
	// Used bytes of the disk's file systems, by the partitions' numbers.
	Used map[int]int64
	// Contents are the files of an ISO.
	Contents []Content
	// Previous is of the last build of this profile; nil: there was none.
	Previous *Record
	// Started may be zero: the build then took as long as its stages.
	Started, Finished time.Time
	// Plugin and Packer are versions, Isolation is what the build ran in, in one line.
	Plugin, Packer, Isolation string
}

// Image is a finished file, or a directory.
type Image struct {
	Name   string
	Format string // one of plan's
	Size   int64  // bytes; of a directory none
	// VirtualSize is the disk's, bytes.
	VirtualSize int64
	SHA256      string // hex; a directory has none
}

// Stage is one of the build's.
type Stage struct {
	Name    string
	Seconds float64
}

// Boot is what one boot of the finished image told.
type Boot struct {
	Firmware bootcheck.Firmware
	Verified bool
	Reason   string // why it was not verified
	Answers  bootcheck.Answers
}

// Content is a file on an ISO.
type Content struct {
	Path  string
	Bytes int64
}

// Render writes the page.
func Render(w io.Writer, in Input) error {
	var page bytes.Buffer
	if err := layout.Execute(&page, newPage(in)); err != nil {
		return fmt.Errorf("report of %s: %w", in.Plan.Profile, err)
	}
	_, err := page.WriteTo(w)
	return err
}
