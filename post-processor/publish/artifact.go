package publish

import (
	"strings"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/airshipit/packer-plugin-airship/internal/publish"
)

// BuilderID marks what was published for post-processors behind this one.
const BuilderID = "airshipit.publish"

// artifact is the images where they are stored, with the files that they still are here.
type artifact struct {
	packersdk.Artifact
	published []publish.Published
}

// BuilderId implements packersdk.Artifact.
func (*artifact) BuilderId() string { return BuilderID }

// Id is the first image's URL, else its digest.
func (a *artifact) Id() string {
	if len(a.published) == 0 {
		return a.Artifact.Id()
	}
	if first := a.published[0]; first.URL != "" {
		return first.URL
	}
	return a.published[0].Digest
}

func (a *artifact) String() string {
	var lines []string
	for _, p := range a.published {
		lines = append(lines, where(p))
	}
	return strings.Join(lines, "\n")
}

// State gives url and digest, those of the first image, urls of all, and what the builder's artifact gives.
func (a *artifact) State(name string) any {
	if len(a.published) > 0 {
		switch name {
		case "url":
			return a.published[0].URL
		case "digest":
			return a.published[0].Digest
		case "urls":
			var all []string
			for _, p := range a.published {
				all = append(all, p.URL)
			}
			return all
		}
	}
	return a.Artifact.State(name)
}
