package plan

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Form is what becomes of a profile's root filesystem.
type Form struct {
	// Action is build-qcow, which an empty one means, build-iso or build-root.
	Action string
	// Formats of the files; empty: the action's first.
	Formats []string
	// Name of the files, without an ending. Empty: img_name's, else the profile's.
	Name string
	// Compression of a qcow2: zlib, zstd or none. Empty: zlib, or what the profile's qcow_compress says.
	Compression string
	// Base is the digest of the root filesystem that packages are added to; empty: none.
	Base string
}

// FormOf is the form that an AirshipImage asks for.
func FormOf(image *v1alpha1.AirshipImage) Form {
	return Form{Action: image.Spec.Builder.Action, Formats: image.Spec.Builder.Formats}
}

// Formats of image files.
const (
	QCOW2     = "qcow2"
	Raw       = "raw"
	RawZstd   = "raw.zst"
	VHD       = "vhd"  // fixed, as Azure wants it
	VHDX      = "vhdx" // dynamic
	VMDK      = "vmdk" // stream-optimised
	GCE       = "gce"  // disk.raw in a tar.gz
	ISOImage  = "iso"
	TarZstd   = "tar.zst"
	SquashFS  = "squashfs"
	Directory = "directory"
	OCI       = "oci" // an OCI layout in a tar archive
)

// formats of each action, the default first.
var formats = map[string][]string{
	v1alpha1.ActionBuildQcow2: {QCOW2, Raw, RawZstd, VHD, VHDX, VMDK, GCE},
	v1alpha1.ActionBuildISO:   {ISOImage},
	v1alpha1.ActionBuildRoot:  {TarZstd, SquashFS, Directory, OCI},
}

// Actions are those of an AirshipImage.
func Actions() []string {
	return []string{v1alpha1.ActionBuildQcow2, v1alpha1.ActionBuildISO, v1alpha1.ActionBuildRoot}
}

// endings of files by their formats, where these are not the same.
var endings = map[string]string{GCE: ".tar.gz", OCI: ".oci.tar", Directory: ""}

func ending(format string) string {
	if e, other := endings[format]; other {
		return e
	}
	return "." + format
}

// action is the form's, never empty.
func (f Form) action() string {
	if f.Action == "" {
		return v1alpha1.ActionBuildQcow2
	}
	return f.Action
}

// IsDisk says that a disk is made.
func (f Form) IsDisk() bool { return f.action() == v1alpha1.ActionBuildQcow2 }

// ActionOf is the action of an image's formats where nothing else says it; empty where they do not either.
func ActionOf(formats []string) string {
	if len(formats) == 0 {
		return ""
	}
	return actionOf(formats[0])
}

// Check finds what is wrong with a form, all of it, in the words of a template's options.
func (f Form) Check() error {
	var mistakes *multierror.Error
	known, ok := formats[f.action()]
	if !ok {
		return fmt.Errorf("action is %s, which is unknown%s", mistake.Word(f.Action), mistake.Suggest(f.Action, Actions()))
	}
	for i, format := range f.Formats {
		switch {
		case slices.Contains(f.Formats[:i], format):
			mistakes = multierror.Append(mistakes, fmt.Errorf("formats has %s twice", mistake.Word(format)))
		case slices.Contains(known, format):
		case actionOf(format) != "":
			mistakes = multierror.Append(mistakes, fmt.Errorf("formats: %s is of %s; %s gives %s", format, actionOf(format), f.action(), strings.Join(known, ", ")))
		default:
			mistakes = multierror.Append(mistakes, fmt.Errorf("formats: unknown format %s%s", mistake.Word(format), mistake.Suggest(format, known)))
		}
	}
	if f.Compression != "" && !slices.Contains(f.wanted(), QCOW2) {
		mistakes = multierror.Append(mistakes, fmt.Errorf("qcow2_compression is for the format qcow2: remove it"))
	}
	if f.Name != "" && (f.Name != path.Base(f.Name) || strings.HasPrefix(f.Name, ".") || strings.Contains(f.Name, "\\")) {
		mistakes = multierror.Append(mistakes, fmt.Errorf("vm_name is %q: want a file's name, without a directory", f.Name))
	}
	return mistakes.ErrorOrNil()
}

// actionOf is the action that has a format; empty where none has.
func actionOf(format string) string {
	for _, action := range Actions() {
		if slices.Contains(formats[action], format) {
			return action
		}
	}
	return ""
}

// diskEndings of files' names say that it is an image of a disk, and not which.
var diskEndings = []string{".img", ".image", ".bin", ".dd", ".disk"}

// wanted are the formats: of an action that names none, its first.
func (f Form) wanted() []string {
	if len(f.Formats) > 0 {
		return f.Formats
	}
	return formats[f.action()][:1]
}

// Outputs are the files that an image of a profile becomes.
func (f Form) Outputs(profile *v1alpha1.NodeProfile) []Output {
	wanted := f.wanted()
	base, given := f.base(profile)
	outputs := make([]Output, 0, len(wanted))
	for _, format := range wanted {
		o := Output{Name: base + ending(format), Format: format}
		// A name that the operator ended in another way stays as it is, where nobody goes by the ending.
		if len(wanted) == 1 && (format == QCOW2 || format == Raw) && slices.Contains(diskEndings, path.Ext(given)) {
			o.Name = given
		}
		if format == QCOW2 {
			o.Compression = f.compression(profile)
		}
		outputs = append(outputs, o)
	}
	return outputs
}

// base is the name of the files without an ending, and the one that a document gives, as it stands there.
func (f Form) base(profile *v1alpha1.NodeProfile) (name, given string) {
	if f.Name != "" {
		return withoutEnding(f.Name), ""
	}
	given = profile.Spec.Storage.ImgName
	if given == "" {
		return profile.Name, ""
	}
	return withoutEnding(given), given
}

// withoutEnding is a file's name without the ending of a format.
func withoutEnding(name string) string {
	for _, ending := range knownEndings() {
		if base, found := strings.CutSuffix(name, ending); found && base != "" {
			return base
		}
	}
	return name
}

// knownEndings are those of all formats, the longest first.
func knownEndings() []string {
	var all []string
	for _, action := range Actions() {
		for _, format := range formats[action] {
			if e := ending(format); e != "" {
				all = append(all, e)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

func (f Form) compression(profile *v1alpha1.NodeProfile) string {
	compress := profile.Spec.Storage.QcowCompress
	switch {
	case f.Compression != "":
		return f.Compression
	case compress != nil && !*compress:
		return "none"
	}
	return "zlib"
}
