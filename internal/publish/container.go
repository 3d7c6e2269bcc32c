package publish

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Sizes of what is read into memory, bytes.
const largestManifest = 4 << 20

// containerOf is the manifest of a container image, an OCI layout in a tar archive (image-spec v1.1, image-layout.md). It goes into the registry
// as it is, with its own digest.
func containerOf(image *Image) (document, func(context.Context, func(blob) error) error, error) {
	wrong := func(err error) (document, func(context.Context, func(blob) error) error, error) {
		return document{}, nil, fmt.Errorf("%s: %w", image.File, err)
	}
	file, err := os.Open(image.File)
	if err != nil {
		return document{}, nil, err
	}
	defer file.Close()
	members, err := membersOf(file)
	if err != nil {
		return wrong(fmt.Errorf("is no OCI layout: %w", err))
	}
	var index v1.Index
	if err := members.read(v1.ImageIndexFile, &index); err != nil {
		return wrong(err)
	}
	if len(index.Manifests) != 1 || index.Manifests[0].MediaType != v1.MediaTypeImageManifest {
		return wrong(errors.New("want a layout of one image"))
	}
	d := document{Descriptor: index.Manifests[0]}
	d.Annotations, d.Platform = nil, nil
	if d.text, err = members.text(blobPath(d.Digest)); err != nil {
		return wrong(err)
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(d.text, &manifest); err != nil {
		return wrong(fmt.Errorf("its manifest: %w", err))
	}
	if digest.FromBytes(d.text) != d.Digest || d.Size != int64(len(d.text)) {
		return wrong(errors.New("its manifest is not what its index says"))
	}
	blobs := append(manifest.Layers, manifest.Config)
	for _, b := range blobs {
		if m, found := members.of[blobPath(b.Digest)]; !found || m.size != b.Size {
			return wrong(fmt.Errorf("lacks the blob %s of %d bytes", b.Digest, b.Size))
		}
	}
	return d, func(_ context.Context, send func(blob) error) error {
		file, err := os.Open(image.File)
		if err != nil {
			return err
		}
		defer file.Close()
		for _, b := range blobs {
			m := members.of[blobPath(b.Digest)]
			one := blob{Descriptor: b, content: io.NewSectionReader(file, m.at, m.size)}
			if b.Digest != manifest.Config.Digest {
				one.name = image.Name
			}
			if err := send(one); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func blobPath(d digest.Digest) string {
	return path.Join(v1.ImageBlobsDir, d.Algorithm().String(), d.Encoded())
}

// members of a tar archive, by their paths.
type members struct {
	file *os.File
	of   map[string]member
}

type member struct{ at, size int64 }

func membersOf(file *os.File) (members, error) {
	all := members{file, map[string]member{}}
	archive := tar.NewReader(file)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		// The reader takes no more than the headers from a file, and seeks past the data.
		at, err := file.Seek(0, io.SeekCurrent)
		if err != nil {
			return all, err
		}
		if header.Typeflag == tar.TypeReg {
			all.of[path.Clean(header.Name)] = member{at, header.Size}
		}
	}
}

func (m members) text(name string) ([]byte, error) {
	found, is := m.of[name]
	if !is || found.size > largestManifest {
		return nil, fmt.Errorf("lacks %s", name)
	}
	text := make([]byte, found.size)
	_, err := m.file.ReadAt(text, found.at)
	return text, err
}

func (m members) read(name string, value any) error {
	text, err := m.text(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
