package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-multierror"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/registry"
)

// DefaultTag of an image in a registry.
const DefaultTag = "latest"

// Registry stores images in a repository of an OCI registry as Ironic reads them: the tag names an index, which has a manifest for each
// format and architecture of the image of one profile.
type Registry struct {
	// Repository is REGISTRY/REPOSITORY; oci:// before it is fine.
	Repository string
	// Tag of the index. Default: DefaultTag.
	Tag string
	// Overwrite lets the tag name another index than now. Its images of other formats and architectures stay in it all the same.
	Overwrite bool
	Transfer
}

// Check says whether the tag may name the images.
func (r Registry) Check(ctx context.Context, images []Image) error {
	_, _, err := r.prepare(ctx, images)
	return err
}

// stored is an image with what a registry keeps of it.
type stored struct {
	*Image
	manifest    document
	blobs       func(ctx context.Context, send func(blob) error) error
	attachments []attached
}

// attached is an attachment with the manifest that refers to the image's.
type attached struct {
	blob
	manifest document
}

// prepare finds out what is to be sent, and what would forbid it.
func (r Registry) prepare(ctx context.Context, images []Image) (*connection, []stored, error) {
	if err := checkImages(images); err != nil {
		return nil, nil, err
	}
	c, err := r.open()
	if err != nil {
		return nil, nil, err
	}
	var all []stored
	for i := range images {
		one, err := arrange(&images[i])
		if err != nil {
			return nil, nil, fmt.Errorf("image %s: %w", images[i].Name, err)
		}
		all = append(all, one)
	}
	old, err := c.tagged(ctx)
	if err != nil {
		return nil, nil, err
	}
	if _, err := r.index(c, old, all); err != nil {
		return nil, nil, err
	}
	return c, all, nil
}

// CheckNames finds what is wrong with the names of repository and tag, asking no registry.
func (r Registry) CheckNames() error {
	_, repository := Registry{Repository: r.Repository}.open()
	_, tag := Registry{Repository: "registry.invalid/x", Tag: r.Tag}.open()
	return multierror.Append(nil, repository, tag).ErrorOrNil()
}

// open is the repository with the tag as its reference.
func (r Registry) open() (*connection, error) {
	c, err := r.connect(r.Repository)
	if err != nil {
		return nil, fmt.Errorf("registry: want REGISTRY/REPOSITORY: %w", err)
	}
	if c.Reference.Reference != "" {
		return nil, fmt.Errorf("registry: %s/%s has a tag or a digest after it: the tag is an option of its own", c.Reference.Registry, c.Reference.Repository)
	}
	c.Reference.Reference = r.Tag
	if r.Tag == "" {
		c.Reference.Reference = DefaultTag
	}
	if err := c.Reference.ValidateReferenceAsTag(); err != nil {
		return nil, errors.New("tag: want at most 128 letters, digits and _ . -, and neither . nor - first")
	}
	return c, nil
}

// arrange makes the manifests of an image.
func arrange(image *Image) (stored, error) {
	s := stored{Image: image}
	var err error
	if image.Format == plan.OCI {
		s.manifest, s.blobs, err = containerOf(image)
	} else {
		s.manifest, err = manifestOf(image)
		s.blobs = func(_ context.Context, send func(blob) error) error { return sendFile(image, send) }
	}
	if err != nil {
		return s, err
	}
	for i := range image.Attachments {
		a := &image.Attachments[i]
		data, err := a.content()
		if err != nil {
			return s, err
		}
		d := v1.Descriptor{MediaType: a.MediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
		manifest, err := referrerOf(a, d, s.manifest.Descriptor, image.Epoch)
		if err != nil {
			return s, err
		}
		s.attachments = append(s.attachments, attached{blob{Descriptor: d, content: bytes.NewReader(data)}, manifest})
	}
	return s, nil
}

// sendFile sends the file of an image, and the empty configuration.
func sendFile(image *Image, send func(blob) error) error {
	file, err := os.Open(image.File)
	if err != nil {
		return err
	}
	defer file.Close()
	layer := v1.Descriptor{Digest: image.digest(), Size: image.Size}
	if err := send(blob{Descriptor: layer, content: file, name: image.Name}); err != nil {
		return err
	}
	return send(emptyConfig())
}

func emptyConfig() blob {
	return blob{Descriptor: v1.DescriptorEmptyJSON, content: bytes.NewReader(v1.DescriptorEmptyJSON.Data)}
}

// tagged is what the tag names; without text where it names nothing.
func (c *connection) tagged(ctx context.Context) (document, error) {
	var d document
	err := c.retry(ctx, func() (err error) {
		var rc io.ReadCloser
		if d.Descriptor, rc, err = c.Manifests().FetchReference(ctx, c.Reference.Reference); err != nil {
			if errors.Is(err, errdef.ErrNotFound) {
				d = document{}
				return nil
			}
			return err
		}
		defer rc.Close()
		d.text, err = content.ReadAll(rc, d.Descriptor)
		return err
	})
	return d, err
}

// index is what the tag is to name: what it names, with the images. It is an error where it may not change.
func (r Registry) index(c *connection, old document, all []stored) (document, error) {
	var index v1.Index
	if old.MediaType == v1.MediaTypeImageIndex {
		if err := json.Unmarshal(old.text, &index); err != nil {
			return document{}, fmt.Errorf("read the index at %s: %w", c.tag(), err)
		}
	}
	var entries []v1.Descriptor
	for _, s := range all {
		entries = append(entries, entryOf(s.Image, s.manifest.Descriptor))
	}
	index, err := merged(index, entries)
	if err != nil {
		return document{}, fmt.Errorf("%s: %w", c.tag(), err)
	}
	fresh, err := marshal(v1.MediaTypeImageIndex, index)
	if err != nil {
		return document{}, err
	}
	if old.text != nil && fresh.Digest != old.Digest && !r.Overwrite {
		return document{}, fmt.Errorf("%s exists and names something else (%s): set overwrite to let it name the new image, or choose another tag", c.tag(), old.Digest)
	}
	return fresh, nil
}

// tag is the tag's whole name.
func (c *connection) tag() string { return c.Reference.String() }

// Publish sends images, then what is attached to them, then the index, which it tags.
func (r Registry) Publish(ctx context.Context, images []Image) ([]Published, error) {
	c, all, err := r.prepare(ctx, images)
	if err != nil {
		return nil, err
	}
	var published []Published
	for _, s := range all {
		if err := c.store(ctx, s); err != nil {
			return nil, fmt.Errorf("image %s to %s: %w", s.Name, c.tag(), err)
		}
		repository := registry.Scheme + c.Reference.Registry + "/" + c.Reference.Repository
		one := Published{
			Image: *s.Image, Digest: s.manifest.Digest.String(),
			URL: repository + "@" + s.manifest.Digest.String(), TagURL: repository + ":" + c.Reference.Reference,
		}
		for _, a := range s.attachments {
			one.Attachments = append(one.Attachments, a.manifest.Digest.String())
		}
		published = append(published, one)
	}
	index, err := r.tag(ctx, c, all)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.tag(), err)
	}
	for i := range published {
		published[i].Index = index.String()
	}
	return published, nil
}

// store sends an image's blobs, its manifest, and what refers to that.
func (c *connection) store(ctx context.Context, s stored) error {
	err := s.blobs(ctx, func(b blob) error { return c.send(ctx, b) })
	if err != nil {
		return err
	}
	if err := c.put(ctx, s.manifest, s.manifest.Digest.String()); err != nil {
		return err
	}
	if err := c.keep(ctx, s.manifest); err != nil {
		return err
	}
	for i, a := range s.attachments {
		err := c.send(ctx, a.blob)
		if err == nil {
			err = c.send(ctx, emptyConfig())
		}
		if err == nil {
			err = c.put(ctx, a.manifest, a.manifest.Digest.String())
		}
		if err != nil {
			return fmt.Errorf("attachment %s: %w", s.Attachments[i].Title, err)
		}
	}
	return nil
}

// keep gives a manifest a tag of its own, IMAGE-DIGEST: hosts name it by its digest still when the index that has it gives its tag to another, and
// registries remove what no tag leads to.
func (c *connection) keep(ctx context.Context, d document) error {
	tag := "image-" + d.Digest.Encoded()[:digestLength]
	there, err := c.resolve(ctx, tag)
	if err != nil || there == d.Digest {
		return err
	}
	return c.put(ctx, d, tag)
}

// put sends a manifest by its digest or a tag, and asks for what is there then. The client keeps a list of what refers to what where
// the registry does not (distribution-spec v1.1, "Referrers Tag Schema").
func (c *connection) put(ctx context.Context, d document, reference string) error {
	if reference == d.Digest.String() {
		there, err := c.resolve(ctx, reference)
		if err != nil || there == d.Digest && !refers(d) {
			return err
		}
	}
	err := c.retry(ctx, func() error {
		return c.Manifests().PushReference(ctx, d.Descriptor, bytes.NewReader(d.text), reference)
	})
	if err != nil {
		return err
	}
	there, err := c.resolve(ctx, reference)
	if err == nil && there == "" {
		err = c.Fail(fmt.Sprintf("does not have the manifest %s, which it took", d.Digest), nil)
	}
	if err == nil && there != d.Digest {
		err = &moved{c.explain(fmt.Errorf("%w: %s is %s to it", errOther, d.Digest, there))}
	}
	return err
}

// moved says that a tag names something else than was written there.
type moved struct{ error }

func (m *moved) Unwrap() error { return m.error }

// refers says that a manifest has a subject: it is sent again, since the list of what refers to that may lack it.
func refers(d document) bool {
	var manifest v1.Manifest
	return json.Unmarshal(d.text, &manifest) == nil && manifest.Subject != nil
}

// resolve asks for the digest of what a tag or a digest names; empty for nothing.
func (c *connection) resolve(ctx context.Context, reference string) (found digest.Digest, err error) {
	err = c.retry(ctx, func() error {
		d, err := c.Manifests().Resolve(ctx, reference)
		found = d.Digest
		if errors.Is(err, errdef.ErrNotFound) {
			return nil
		}
		return err
	})
	return found, err
}

// tag writes the index and lets the tag name it.
func (r Registry) tag(ctx context.Context, c *connection, all []stored) (digest.Digest, error) {
	var index document
	err := c.turns(ctx, func() error {
		old, err := c.tagged(ctx)
		if err != nil {
			return err
		}
		if index, err = r.index(c, old, all); err != nil || index.Digest == old.Digest {
			return err
		}
		return c.put(ctx, index, c.Reference.Reference)
	})
	return index.Digest, err
}
