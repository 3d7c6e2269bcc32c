package airship

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/airshipit/packer-plugin-airship/internal/handover"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Artifact is the finished images with the files beside them.
type Artifact struct {
	files  []string // the images first, without trees
	all    []string
	id     string
	images []image
	state  map[string]any
	kept   atomic.Bool // handover.Keep was asked for
}

// Names of the builder's variables: build.ImagePath, build.ProfileName.
const (
	imagePathKey   = "ImagePath"
	profileNameKey = "ProfileName"
)

func (b *build) artifact() *Artifact {
	first := b.images[0]
	a := &Artifact{all: b.files, images: b.images, id: "sha256:" + first.SHA256}
	if first.SHA256 == "" {
		a.id = "plan:" + b.plan.Digests().Output
	}
	for i, file := range b.files {
		// Post-processors hash, compress and upload what is among the files.
		if i >= len(b.images) || b.images[i].Format != plan.Directory {
			a.files = append(a.files, file)
		}
	}
	a.state = map[string]any{
		"profile": b.plan.Profile, "action": b.plan.Action, "plan": b.plan.Digests().Output,
		"format": first.Format, "sha256": first.SHA256, "sha512": first.SHA512,
		"size": strconv.FormatInt(first.Size, 10), "virtual_size": strconv.FormatInt(first.VirtualSize, 10),
		"images": b.files[:len(b.images)], handover.Image: b.imageYAML,
		// Packer reads the post-processors' build variables from it.
		"generated_data": b.generated,
	}
	return a
}

// BuilderId implements packersdk.Artifact.
func (*Artifact) BuilderId() string { return BuilderID }

// Files are the images but for directories, their checksums, the manifest and the metadata.
func (a *Artifact) Files() []string { return a.files }

// Id is the first image's SHA-256, by which it is known wherever it is stored; of a directory, the plan's digest.
func (a *Artifact) Id() string { return a.id }

func (a *Artifact) String() string {
	var lines []string
	for i, one := range a.images {
		line := a.all[i]
		if one.SHA256 != "" {
			line = fmt.Sprintf("%s (%d MB, sha256 %s)", line, one.Size/1e6, one.SHA256)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// State gives profile, action, plan (a digest), of the first image format, sha256, sha512, size and virtual_size
// (bytes), strings all; images, the paths of all of them; airship_image, the AirshipImage as YAML; and generated_data.
func (a *Artifact) State(name string) any {
	if name == handover.Keep {
		kept := os.Getenv(handover.Passing) == ""
		a.kept.Store(kept)
		return kept
	}
	return a.state[name]
}

// Destroy removes the files and directories, unless a post-processor that failed asked for handover.Keep.
func (a *Artifact) Destroy() error {
	if a.kept.Load() {
		return nil
	}
	var failed []error
	for _, f := range a.all {
		failed = append(failed, os.RemoveAll(f))
	}
	return errors.Join(failed...)
}
