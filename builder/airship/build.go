package airship

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/internal/archive"
	"github.com/airshipit/packer-plugin-airship/internal/bootcheck"
	"github.com/airshipit/packer-plugin-airship/internal/disk"
	"github.com/airshipit/packer-plugin-airship/internal/document"
	"github.com/airshipit/packer-plugin-airship/internal/inventory"
	"github.com/airshipit/packer-plugin-airship/internal/isolation"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/output"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/report"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/resolution"
	"github.com/airshipit/packer-plugin-airship/internal/work"
)

// build is what the steps of one build hand on. A field is set by the step named.
type build struct {
	config  *Config
	profile *document.Profile
	mask    mistake.Mask // of the profile's secrets
	ui      packersdk.Ui

	cache     *resolution.Cache // openCache: shared by builds
	base      *archive.Base     // openBase; nil without one
	wants     resolution.Wants  // chooseIsolation
	isolation isolation.Choice  // chooseIsolation
	work      *work.Dir         // openWork: this build's own

	tools     isolation.Tools    // prepareToolbox
	machine   machine.Machine    // startMachine
	described *plan.Base         // unpackBase
	server    *repository.Server // resolvePackages
	mirrors   repository.Mirrors // resolvePackages: of the profile's distribution
	lock      plan.Lock          // chooseIsolation from a lock file, else resolvePackages
	plan      plan.Plan          // resolvePackages
	// leaveTarget undoes openTarget; nil while Target is not open.
	leaveTarget func(context.Context) error
	generated   map[string]string // openTarget: the build's variables
	configured  bool              // finalise: the provisioner airship has run
	paths       []bootcheck.Path  // finalise: what it configured, as it is in the image
	output      *output.Set       // reserveOutput
	raw         string            // assemble: path of what left the machine
	packed      archive.Packed    // assemble, of build-root
	iso         *disk.ISO         // assemble, of build-iso
	used        map[int]int64     // writeImages, of build-qcow: bytes of data by the partitions' numbers
	images      []image           // writeImages, in the order of the plan's outputs
	checks      []check           // bootImage
	files       []string          // deliver: the images first
	imageYAML   string            // deliver: the AirshipImage
	stages      []stage
	began       time.Time
	lastSaid    atomic.Int64        // when say was called, Unix nanoseconds
	inventory   inventory.Inventory // finalise
	record      report.Record       // deliver: for the next build of the profile
}

// stage is one line of the build's times.
type stage struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// image is a finished file, or directory, on its way to its final name.
type image struct {
	Name   string `json:"name"`
	Format string `json:"format"`
	Size   int64  `json:"size"` // bytes; of a directory none
	// VirtualSize is the disk's, bytes.
	VirtualSize int64 `json:"virtualSize,omitempty"`
	// SHA256 and SHA512 in hex; a directory has none.
	SHA256 string `json:"sha256,omitempty"`
	SHA512 string `json:"sha512,omitempty"`
	// md5, in hex, is made where Airship's metadata are asked for.
	md5 string
}

// check is what one boot told.
type check struct {
	Firmware bootcheck.Firmware `json:"firmware"`
	Verified bool               `json:"verified"`
	// Reason says why it was not verified.
	Reason  string            `json:"reason,omitempty"`
	Answers bootcheck.Answers `json:"answers,omitzero"`
}

// say prints one indented line below a stage's title.
func (b *build) say(format string, args ...any) {
	b.lastSaid.Store(time.Now().UnixNano())
	b.ui.Say("    " + b.mask.Text(fmt.Sprintf(format, args...)))
}
