// Package sbom writes the software bill of materials of an image: CycloneDX 1.6, as JSON.
//
// A Plan and the Inventory of the finished root filesystem enter, and what one image file is; a document leaves that is
// the same for the same image. Equal inputs give equal bytes: its time is the plan's epoch, its serial number follows
// from its contents.
//
// The document (https://cyclonedx.org/docs/1.6/json/):
//
//   - metadata.component is the image file, with its hashes; its version is the plan's output digest. It is of type file
//     because the operating system in it is a component of its own, and scanners refuse documents with two of these.
//   - components: the operating system, by its os-release; then every package that the root filesystem has. Where the
//     plan installed it, it has the SHA-256 of its .deb, the repository as supplier, and where the .deb lies. What a base
//     brought, or a provisioner installed, has none of these.
//   - A licence is one that the package's copyright file declares: an SPDX identifier, or what the file calls it.
//   - properties, of the image: airship:profile, airship:action, airship:format, airship:base and the plan's digests by
//     stage, airship:plan:STAGE; of a package: airship:source:name and airship:source:version, its source package, and
//     airship:from, which is plan, base or provisioner.
package sbom

import (
	"bytes"
	"fmt"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"

	"github.com/airshipit/packer-plugin-airship/internal/inventory"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

const (
	// Ending of the document's name, behind the image's.
	Ending = ".cdx.json"
	// MediaType by which registries know the document (IANA).
	MediaType = "application/vnd.cyclonedx+json"
)

// tool is what makes the documents.
const tool = "packer-plugin-airship"

// space is that of the documents' serial numbers.
var space = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/airshipit/packer-plugin-airship#sbom"))

// Image is a finished file, or directory.
type Image struct {
	Name   string
	Format string
	// SHA256 and SHA512 in hex; a directory has none.
	SHA256, SHA512 string
}

// Document is the bill of materials of an image whose root filesystem has these contents.
func Document(p plan.Plan, contents inventory.Inventory, image Image) ([]byte, error) {
	components := []cdx.Component{}
	if system, known := operatingSystem(contents.System); known {
		components = append(components, system)
	}
	components = append(components, packages(p, contents.Packages)...)
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{
		Timestamp:  time.Unix(p.Epoch, 0).UTC().Format(time.RFC3339),
		Lifecycles: &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhaseBuild}},
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeApplication, Name: tool, Version: p.Plugin,
		}}},
		Component: describe(p, image),
	}
	bom.Components = &components
	text, err := encode(bom)
	if err != nil {
		return nil, err
	}
	bom.SerialNumber = uuid.NewSHA1(space, text).URN()
	return encode(bom)
}

func encode(bom *cdx.BOM) ([]byte, error) {
	var text bytes.Buffer
	encoder := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("write the bill of materials: %w", err)
	}
	return text.Bytes(), nil
}

// describe is the component that the document is about.
func describe(p plan.Plan, image Image) *cdx.Component {
	digests := p.Digests()
	c := &cdx.Component{
		BOMRef: "image", Type: cdx.ComponentTypeFile, Name: image.Name, Version: digests.Output,
		Description: fmt.Sprintf("%s %s (%s) for %s, made of the profile %s",
			p.Target.Distribution, p.Target.Suite, p.Target.Architecture, p.Target.Platform, p.Profile),
		Hashes: hashes(image.SHA256, image.SHA512),
	}
	properties := properties(
		"profile", p.Profile, "action", p.Action, "format", image.Format, "base", baseDigest(p),
		"plan:rootfs", digests.RootFS, "plan:system", digests.System, "plan:disk", digests.Disk, "plan:output", digests.Output,
	)
	c.Properties = &properties
	return c
}

func baseDigest(p plan.Plan) string {
	if p.RootFS.Base == nil {
		return ""
	}
	return p.RootFS.Base.Digest
}

// operatingSystem is what scanners choose their advisories by.
func operatingSystem(s inventory.System) (cdx.Component, bool) {
	c := cdx.Component{BOMRef: "os", Type: cdx.ComponentTypeOS, Name: s.ID, Version: s.Version, Description: s.Name}
	if s.Codename != "" {
		properties := properties("codename", s.Codename)
		c.Properties = &properties
	}
	return c, s.ID != ""
}

// hashes are those that are there.
func hashes(sha256, sha512 string) *[]cdx.Hash {
	var all []cdx.Hash
	for _, h := range []cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: sha256}, {Algorithm: cdx.HashAlgoSHA512, Value: sha512}} {
		if h.Value != "" {
			all = append(all, h)
		}
	}
	if all == nil {
		return nil
	}
	return &all
}

// properties of names and values in turn, without those that are empty.
func properties(pairs ...string) []cdx.Property {
	var all []cdx.Property
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, cdx.Property{Name: "airship:" + pairs[i], Value: pairs[i+1]})
		}
	}
	return all
}
