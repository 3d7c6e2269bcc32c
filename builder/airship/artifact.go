package airship

import (
	"errors"
	"fmt"
	"os"
)

// Artifact is a finished image with the files beside it.
type Artifact struct {
	files  []string // the image first
	sha256 string
	state  map[string]any
}

func (b *build) artifact() *Artifact {
	return &Artifact{
		files: b.files, sha256: b.image.sha256,
		state: map[string]any{"profile": b.plan.Profile, "sha256": b.image.sha256, "format": b.plan.Outputs[0].Format},
	}
}

// BuilderId implements packersdk.Artifact.
func (*Artifact) BuilderId() string { return BuilderID }

// Files are the image, its .sha256 and its manifest.
func (a *Artifact) Files() []string { return a.files }

// Id is the image's SHA-256, by which it is known wherever it is stored.
func (a *Artifact) Id() string { return "sha256:" + a.sha256 }

func (a *Artifact) String() string {
	return fmt.Sprintf("%s (sha256 %s)", a.files[0], a.sha256)
}

// State gives profile, sha256 and format, strings all.
func (a *Artifact) State(name string) any { return a.state[name] }

// Destroy removes the files.
func (a *Artifact) Destroy() error {
	var failed []error
	for _, f := range a.files {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
