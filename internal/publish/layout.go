package publish

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Annotations of a disk image's manifest, there and in the index.
const (
	// diskType is what Ironic looks for in an index (admin/oci-container-registry, identify_specific_image): qcow2 and qemu are qcow2 to it, raw and
	// applehv raw. Others, and manifests without it, it passes over.
	diskType = "disktype"

	formatAnnotation      = "org.airshipit.format"
	profileAnnotation     = "org.airshipit.profile"
	virtualSizeAnnotation = "org.airshipit.virtual-size" // bytes
	sha512Annotation      = "org.airshipit.sha512"
)

// artifactType of a disk image's manifest: OCI wants one where the config is empty (image-spec v1.1, manifest.md).
const artifactType = "application/vnd.airshipit.image.v1"

// formats that are published, in the order in which an index has them: of two that Ironic likes as much it takes the first, and its
// agent can't decompress raw.zst while it streams.
var formats = []string{
	plan.QCOW2, plan.Raw, plan.RawZstd, plan.VHD, plan.VHDX, plan.VMDK, plan.GCE, plan.ISOImage, plan.TarZstd, plan.SquashFS, plan.OCI,
}

// Formats that are stored, as users write them.
func Formats() []string { return slices.Clone(formats) }

// layerTypes of the files, the names of freedesktop's shared-mime-info where it has one. Ironic decompresses what ends in zstd.
var layerTypes = map[string]string{
	plan.QCOW2:    "application/x-qemu-disk",
	plan.Raw:      "application/x-raw-disk-image",
	plan.RawZstd:  "application/zstd",
	plan.VHD:      "application/x-vhd-disk",
	plan.VHDX:     "application/x-vhdx-disk",
	plan.VMDK:     "application/x-vmdk-disk",
	plan.GCE:      "application/gzip",
	plan.ISOImage: "application/vnd.efi.iso",
	plan.TarZstd:  "application/zstd",
	plan.SquashFS: "application/vnd.squashfs",
}

// diskTypes where they are not the format.
var diskTypes = map[string]string{plan.RawZstd: plan.Raw}

// platforms are OCI's names (image-spec v1.1, image-index.md: Go's) where Debian has others.
var platforms = map[string]v1.Platform{
	"armel":    {Architecture: "arm", Variant: "v6"},
	"armhf":    {Architecture: "arm", Variant: "v7"},
	"i386":     {Architecture: "386"},
	"mips64el": {Architecture: "mips64le"},
	"ppc64el":  {Architecture: "ppc64le"},
}

func platformOf(architecture string) *v1.Platform {
	p, other := platforms[architecture]
	if !other {
		p.Architecture = architecture
	}
	p.OS = "linux"
	return &p
}

// document is a manifest or an index with its descriptor.
type document struct {
	v1.Descriptor
	text []byte
}

func marshal(mediaType string, value any) (document, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return document{}, err
	}
	return document{v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(text), Size: int64(len(text))}, text}, nil
}

// manifestOf is the manifest of a disk image, an ISO or an archive: one layer, which is the file.
func manifestOf(image *Image) (document, error) {
	layer := v1.Descriptor{
		MediaType: layerTypes[image.Format], Digest: image.digest(), Size: image.Size,
		Annotations: map[string]string{v1.AnnotationTitle: image.Name},
	}
	annotations := inIndex(image)
	if image.Epoch != 0 {
		annotations[v1.AnnotationCreated] = time.Unix(image.Epoch, 0).UTC().Format(time.RFC3339)
	}
	if image.VirtualSize > 0 {
		annotations[virtualSizeAnnotation] = strconv.FormatInt(image.VirtualSize, 10)
	}
	if image.SHA512 != "" {
		annotations[sha512Annotation] = image.SHA512
	}
	return marshal(v1.MediaTypeImageManifest, v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest, ArtifactType: artifactType,
		Config: v1.DescriptorEmptyJSON, Layers: []v1.Descriptor{layer}, Annotations: annotations,
	})
}

// inIndex are the annotations by which an index tells its manifests apart.
func inIndex(image *Image) map[string]string {
	annotations := map[string]string{v1.AnnotationTitle: image.Name, formatAnnotation: image.Format}
	if image.Profile != "" {
		annotations[profileAnnotation] = image.Profile
	}
	if image.Format != plan.OCI {
		annotations[diskType] = cmp.Or(diskTypes[image.Format], image.Format)
	}
	return annotations
}

// entryOf is an image's descriptor in an index.
func entryOf(image *Image, manifest v1.Descriptor) v1.Descriptor {
	manifest.Platform = platformOf(image.Architecture)
	manifest.Annotations = inIndex(image)
	return manifest
}

// referrerOf is the manifest by which an attachment refers to an image's (distribution-spec v1.1, "Pushing manifests with subject").
func referrerOf(a *Attachment, content v1.Descriptor, subject v1.Descriptor, epoch int64) (document, error) {
	content.Annotations = map[string]string{v1.AnnotationTitle: a.Title}
	annotations := map[string]string{v1.AnnotationTitle: a.Title}
	if epoch != 0 {
		annotations[v1.AnnotationCreated] = time.Unix(epoch, 0).UTC().Format(time.RFC3339)
	}
	return marshal(v1.MediaTypeImageManifest, v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest, ArtifactType: a.artifactType(),
		Config: v1.DescriptorEmptyJSON, Layers: []v1.Descriptor{content}, Annotations: annotations,
		Subject: &v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
	})
}

// merged is an index with entries in it, in place of those of the same architecture and format. What others put into it stays as it is. An
// index is of one profile: Ironic would take the first that fits the host.
func merged(index v1.Index, entries []v1.Descriptor) (v1.Index, error) {
	var ours, foreign []v1.Descriptor
	for _, old := range index.Manifests {
		switch {
		case old.Annotations[formatAnnotation] == "":
			foreign = append(foreign, old)
		case !slices.ContainsFunc(entries, func(e v1.Descriptor) bool { return sameSlot(old, e) }):
			ours = append(ours, old)
		}
	}
	for _, e := range entries {
		if slices.ContainsFunc(ours, func(o v1.Descriptor) bool { return sameSlot(o, e) }) {
			return index, fmt.Errorf("two images are %s for %s: a tag has one of a kind", e.Annotations[formatAnnotation], e.Platform.Architecture)
		}
		ours = append(ours, e)
	}
	profile := ours[len(ours)-1].Annotations[profileAnnotation]
	for _, o := range ours {
		if other := o.Annotations[profileAnnotation]; other != profile {
			return index, fmt.Errorf("a tag has the images of one profile, and there would be those of %s and %s: give each a tag or a repository of its own",
				mistake.Word(other), mistake.Word(profile))
		}
	}
	slices.SortStableFunc(ours, func(a, b v1.Descriptor) int {
		return cmp.Or(
			slices.Compare(platform(a), platform(b)),
			cmp.Compare(slices.Index(formats, a.Annotations[formatAnnotation]), slices.Index(formats, b.Annotations[formatAnnotation])),
		)
	})
	index.Versioned, index.MediaType = specs.Versioned{SchemaVersion: 2}, v1.MediaTypeImageIndex
	index.Manifests = append(ours, foreign...)
	return index, nil
}

// sameSlot says that two manifests take each other's place in an index.
func sameSlot(a, b v1.Descriptor) bool {
	return a.Annotations[formatAnnotation] == b.Annotations[formatAnnotation] && slices.Equal(platform(a), platform(b))
}

func platform(d v1.Descriptor) []string {
	if d.Platform == nil {
		return nil
	}
	return []string{d.Platform.Architecture, d.Platform.Variant}
}
