package osconfig

import "github.com/airshipit/packer-plugin-airship/internal/toolbox"

// Keys of the generated data that the builder airship sets for the provisioner, both JSON texts.
const (
	// MachineKey holds a machine.Access: how the provisioner's process reaches the builder's machine.
	MachineKey = "AirshipMachine"
	// BuildKey holds Facts.
	BuildKey = "AirshipBuild"
)

// Facts say what an image is built from. Only what follows from the Plan is here: no wall-clock
// time, no mirror, no kind of machine, so that two builds of one Plan record the same.
//
// The builder hands them to the provisioner as JSON.
type Facts struct {
	// Plugin is this plugin's version.
	Plugin string `json:"plugin"`
	// Packer is the version of Packer's core.
	Packer string `json:"packer,omitempty"`
	// Epoch is SOURCE_DATE_EPOCH: seconds since 1970, the base suite's date. It, Plan and Output are the
	// builder airship's alone.
	Epoch   int64   `json:"epoch,omitempty"`
	Toolbox Toolbox `json:"toolbox"`
	// Sources are the image's package sources, in order of preference.
	Sources []Source `json:"sources"`
	// Packages is the number of packages in the image.
	Packages int `json:"packages"`
	// Plan holds the Plan's SHA-256 digests (hex) by stage: rootfs, system, disk, output.
	Plan map[string]string `json:"plan,omitempty"`
	// Action is what becomes of the root filesystem, as an AirshipImage has it; empty: build-qcow.
	Action string `json:"action,omitempty"`
	// Output is the image's file name.
	Output string `json:"output,omitempty"`
	// ProfileName and ProfileDigest (ProfileDigest's) tell which profile the builder has; empty where
	// the builder does not say.
	ProfileName   string `json:"profileName,omitempty"`
	ProfileDigest string `json:"profileDigest,omitempty"`
}

// Toolbox is the set of packages that held the build's tools.
type Toolbox struct {
	Suite  string `json:"suite"`
	Digest string `json:"digest"` // SHA-256, hex
	// Packages are versions by name.
	Packages map[string]string `json:"packages"`
}

// Source is one package source and what it answered.
type Source struct {
	Name string `json:"name"`
	// URI is the document's or the distribution's public alias; on a machine that this plugin did not make,
	// what its apt has.
	URI        string   `json:"uri"`
	Suite      string   `json:"suite"`
	Components []string `json:"components,omitempty"`
	// Date is the InRelease file's Date, RFC 3339; empty where the machine has none.
	Date string `json:"date,omitempty"`
}

// ToolboxOf describes the pinned tools.
func ToolboxOf(pin toolbox.Pin, digest string) Toolbox {
	t := Toolbox{Suite: pin.Suite, Digest: digest, Packages: map[string]string{}}
	for _, p := range pin.Packages {
		t.Packages[p.Name] = p.Version
	}
	return t
}
