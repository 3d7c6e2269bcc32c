package publish

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// Bundle is Airship's container image of disk images: /qcows/NAME.qcow2 and NAME.qcow2.md5sum, which the baremetal operator's pod serves to
// Ironic. Each image is a layer of its own, so that one that did not change is not sent again.
//
// A bundle that is there keeps everything but the images of the same names: those of other profiles, and the layers below, which may have the
// shell that the pod's init container runs. A new bundle has no programs: it is mounted as a volume, or copied out of.
type Bundle struct {
	// Reference is REGISTRY/REPOSITORY:TAG; oci:// before it is fine.
	Reference string
	// Overwrite lets the tag name another bundle than now.
	Overwrite bool
	// BesideOthers: images that a bundle does not take are stored elsewhere. Without it they are an error.
	BesideOthers bool
	Transfer
}

// qcowAnnotation of a layer is the name of the disk image in it.
const qcowAnnotation = "org.airshipit.qcow"

// Check says whether the tag may name the images.
func (b Bundle) Check(ctx context.Context, images []Image) error {
	images, err := b.takes(images)
	if err != nil {
		return err
	}
	c, err := b.open()
	if err != nil {
		return err
	}
	old, err := c.bundled(ctx)
	if err != nil {
		return err
	}
	// Whether the bundle changes shows when the layers' digests are known; of what is new by its name it's known.
	if old.text != nil && !b.Overwrite && slices.ContainsFunc(images, func(i Image) bool { return !old.has(&i) }) {
		return b.exists(c, old)
	}
	return nil
}

// takes are the images that go into the bundle, which are of one format.
func (b Bundle) takes(images []Image) ([]Image, error) {
	if err := checkImages(images); err != nil {
		return nil, err
	}
	var all []Image
	var others []string
	for _, i := range images {
		if i.Format == plan.QCOW2 {
			all = append(all, i)
		} else {
			others = append(others, fmt.Sprintf("%s is of the format %s", i.Name, i.Format))
		}
	}
	if len(all) == 0 || len(others) > 0 && !b.BesideOthers {
		return nil, fmt.Errorf("a bundle has images of the format %s alone: %s", plan.QCOW2, strings.Join(others, ", "))
	}
	return all, nil
}

// CheckName finds what is wrong with the bundle's name, asking no registry.
func (b Bundle) CheckName() error {
	_, err := b.open()
	return err
}

func (b Bundle) open() (*connection, error) {
	c, err := b.connect(b.Reference)
	if err != nil {
		return nil, fmt.Errorf("bundle: want REGISTRY/REPOSITORY:TAG: %w", err)
	}
	if c.Reference.ValidateReferenceAsTag() != nil {
		return nil, fmt.Errorf("bundle: %s has no tag: want REGISTRY/REPOSITORY:TAG", c.tag())
	}
	return c, nil
}

func (b Bundle) exists(c *connection, old bundle) error {
	return fmt.Errorf("%s exists and has other images (%s): set overwrite to put the new ones into it, or choose another tag", c.tag(), old.Digest)
}

// bundle is a container image with its parts.
type bundle struct {
	document
	manifest v1.Manifest
	config   v1.Image
}

// has says that an image is in the bundle with these bytes.
func (b *bundle) has(image *Image) bool {
	return slices.ContainsFunc(b.manifest.Layers, func(l v1.Descriptor) bool {
		return l.Annotations[qcowAnnotation] == image.Name && l.Annotations[sha256Annotation] == image.SHA256
	})
}

// sha256Annotation of a layer is the hash of the disk image in it.
const sha256Annotation = "org.airshipit.sha256"

// bundled is the bundle that the tag names; without text where it names nothing.
func (c *connection) bundled(ctx context.Context) (b bundle, err error) {
	if b.document, err = c.tagged(ctx); err != nil || b.text == nil {
		return b, err
	}
	if b.MediaType != v1.MediaTypeImageManifest && b.MediaType != dockerManifest {
		return b, fmt.Errorf("%s is no bundle but of the type %s: choose another tag", c.tag(), b.MediaType)
	}
	if err := json.Unmarshal(b.text, &b.manifest); err != nil {
		return b, fmt.Errorf("read the manifest of %s: %w", c.tag(), err)
	}
	if b.MediaType == dockerManifest {
		asOCI(&b.manifest)
	}
	if b.manifest.Config.MediaType != v1.MediaTypeImageConfig {
		return b, fmt.Errorf("%s is no container image: choose another tag for the bundle", c.tag())
	}
	err = c.retry(ctx, func() error {
		text, err := content.FetchAll(ctx, c.Blobs(), b.manifest.Config)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &b.config)
	})
	if err == nil && len(b.config.RootFS.DiffIDs) != len(b.manifest.Layers) {
		err = fmt.Errorf("%s is broken: it has %d layers, and its configuration %d", c.tag(), len(b.manifest.Layers), len(b.config.RootFS.DiffIDs))
	}
	return b, err
}

// dockerManifest is what `docker push` writes, as it wrote Airship's own bundles.
const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"

// ociTypes are OCI's names for what Docker's manifests hold. The bytes are the same (image-spec, "Compatibility Matrix").
var ociTypes = map[string]string{
	"application/vnd.docker.container.image.v1+json":    v1.MediaTypeImageConfig,
	"application/vnd.docker.image.rootfs.diff.tar":      v1.MediaTypeImageLayer,
	"application/vnd.docker.image.rootfs.diff.tar.gzip": v1.MediaTypeImageLayerGzip,
}

// asOCI gives what a manifest of Docker's holds OCI's names: a manifest is of one kind throughout.
func asOCI(m *v1.Manifest) {
	m.Config.MediaType = cmp.Or(ociTypes[m.Config.MediaType], m.Config.MediaType)
	for i, l := range m.Layers {
		m.Layers[i].MediaType = cmp.Or(ociTypes[l.MediaType], l.MediaType)
	}
}

// layer is one of a bundle with the digest of its uncompressed form.
type layer struct {
	v1.Descriptor
	diffID digest.Digest
}

// with is the bundle with layers in place of those of the same names, and its new configuration. Equal layers give equal bytes.
func (b bundle) with(fresh []layer, epoch int64, architecture string) (manifest, config document, err error) {
	var foreign, ours []layer
	for i, l := range b.manifest.Layers {
		old := layer{l, b.config.RootFS.DiffIDs[i]}
		name := l.Annotations[qcowAnnotation]
		switch {
		case name == "":
			foreign = append(foreign, old)
		case !slices.ContainsFunc(fresh, func(f layer) bool { return f.Annotations[qcowAnnotation] == name }):
			ours = append(ours, old)
		}
	}
	ours = append(ours, fresh...)
	slices.SortFunc(ours, func(a, b layer) int {
		return bytes.Compare([]byte(a.Annotations[qcowAnnotation]), []byte(b.Annotations[qcowAnnotation]))
	})
	image := b.config
	image.History = nil // it would have to match the layers one by one
	image.RootFS = v1.RootFS{Type: "layers"}
	if image.OS == "" {
		image.Platform = v1.Platform{OS: "linux", Architecture: architecture}
	}
	latest := time.Unix(epoch, 0).UTC()
	if image.Created == nil || image.Created.Before(latest) {
		image.Created = &latest
	}
	m := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest, Annotations: b.manifest.Annotations}
	for _, l := range append(foreign, ours...) {
		image.RootFS.DiffIDs = append(image.RootFS.DiffIDs, l.diffID)
		m.Layers = append(m.Layers, l.Descriptor)
	}
	if config, err = marshal(v1.MediaTypeImageConfig, image); err != nil {
		return manifest, config, err
	}
	m.Config = config.Descriptor
	manifest, err = marshal(v1.MediaTypeImageManifest, m)
	return manifest, config, err
}

// Publish sends the layers of the images that are not in the bundle yet, then the bundle's manifest, which it tags.
func (b Bundle) Publish(ctx context.Context, images []Image) ([]Published, error) {
	if err := b.Check(ctx, images); err != nil {
		return nil, err
	}
	images, err := b.takes(images)
	if err != nil {
		return nil, err
	}
	c, err := b.open()
	if err != nil {
		return nil, err
	}
	old, err := c.bundled(ctx)
	if err != nil {
		return nil, err
	}
	var fresh []layer
	var epoch int64
	for i := range images {
		epoch = max(epoch, images[i].Epoch)
		if old.has(&images[i]) {
			b.withDefaults().Say("%s is in the bundle already", images[i].Name)
			continue
		}
		l, err := c.sendLayer(ctx, &images[i])
		if err != nil {
			return nil, fmt.Errorf("image %s to %s: %w", images[i].Name, c.tag(), err)
		}
		fresh = append(fresh, l)
	}
	manifest := old.document
	if len(fresh) > 0 {
		if manifest, err = b.tag(ctx, c, fresh, epoch, ociArchitecture(images)); err != nil {
			return nil, fmt.Errorf("%s: %w", c.tag(), err)
		}
	}
	var published []Published
	for _, i := range images {
		published = append(published, Published{Image: i, Digest: manifest.Digest.String(), Index: manifest.Digest.String(), TagURL: "oci://" + c.tag()})
	}
	return published, nil
}

// ociArchitecture is what a new bundle is for: its images' where they agree. No program in it depends on that.
func ociArchitecture(images []Image) string {
	for _, i := range images[1:] {
		if i.Architecture != images[0].Architecture {
			return runtime.GOARCH
		}
	}
	return platformOf(images[0].Architecture).Architecture
}

// tag lets the tag name the bundle with the layers.
func (b Bundle) tag(ctx context.Context, c *connection, fresh []layer, epoch int64, architecture string) (document, error) {
	var manifest document
	err := c.turns(ctx, func() error {
		old, err := c.bundled(ctx)
		if err != nil {
			return err
		}
		var config document
		if manifest, config, err = old.with(fresh, epoch, architecture); err != nil || manifest.Digest == old.Digest {
			return err
		}
		if old.text != nil && !b.Overwrite {
			return b.exists(c, old)
		}
		if err := c.send(ctx, blob{Descriptor: config.Descriptor, content: bytes.NewReader(config.text)}); err != nil {
			return err
		}
		return c.put(ctx, manifest, c.Reference.Reference)
	})
	return manifest, err
}

// sendLayer sends an image as a layer.
func (c *connection) sendLayer(ctx context.Context, image *Image) (layer, error) {
	file, err := os.Open(image.File)
	if err != nil {
		return layer{}, err
	}
	defer file.Close()
	sums, err := sumsOf(ctx, file, image.Size, c.meter(image.Name+", reading it", image.Size).at)
	if err != nil {
		return layer{}, err
	}
	if err := sums.match(image); err != nil {
		return layer{}, err
	}
	archive, err := layerOf(image, file, sums.md5)
	if err != nil {
		return layer{}, err
	}
	d, err := describe(ctx, v1.MediaTypeImageLayer, archive, archive.size(), func(int64) {})
	if err != nil {
		return layer{}, err
	}
	if err := c.send(ctx, blob{Descriptor: d, content: archive, name: image.Name}); err != nil {
		return layer{}, err
	}
	d.Annotations = map[string]string{qcowAnnotation: image.Name, sha256Annotation: image.SHA256}
	if image.Profile != "" {
		d.Annotations[profileAnnotation] = image.Profile
	}
	return layer{d, d.Digest}, nil
}
