package archive

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/oci"

	"github.com/airshipit/packer-plugin-airship/internal/repository/compression"
)

// hasLayout tells an archive that is an OCI image layout. A root filesystem has no such file.
func hasLayout(file *os.File) (bool, error) {
	members := tar.NewReader(io.NewSectionReader(file, 0, 1<<62))
	for {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("is no whole tar archive: %w", err)
		}
		switch path.Clean(header.Name) {
		case v1.ImageLayoutFile:
			return true, nil
		case "etc", "usr", "bin":
			return false, nil
		}
	}
}

// openLayout is the image of an OCI layout in a tar archive, for an architecture where it has several.
func openLayout(ctx context.Context, name, architecture string) (*Base, error) {
	store, err := oci.NewFromTar(ctx, name)
	if err != nil {
		return nil, err
	}
	var tags []string
	if err := store.Tags(ctx, "", func(some []string) error { tags = append(tags, some...); return nil }); err != nil {
		return nil, err
	}
	if len(tags) != 1 {
		return nil, fmt.Errorf("holds %d images by their tags %q: want one", len(tags), tags)
	}
	return openImage(ctx, store, tags[0], architecture)
}

// platform is what an image is for.
func platform(architecture string) *v1.Platform {
	return &v1.Platform{OS: "linux", Architecture: architecture}
}

// openImage is an image of a store.
func openImage(ctx context.Context, store oras.ReadOnlyTarget, reference, architecture string) (*Base, error) {
	found, err := oras.Resolve(ctx, store, reference, oras.ResolveOptions{TargetPlatform: platform(architecture)})
	if err != nil {
		return nil, err
	}
	text, err := content.FetchAll(ctx, store, found)
	if err != nil {
		return nil, err
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("the manifest: %w", err)
	}
	if len(manifest.Layers) == 0 {
		return nil, errors.New("the image has no layer")
	}
	base := &Base{Digest: found.Digest.String()}
	for _, layer := range manifest.Layers {
		if _, err := extensionOf(layer.MediaType); err != nil {
			return nil, err
		}
		base.Size += layer.Size
	}
	base.open = func(ctx context.Context) (io.ReadCloser, error) {
		return flattened(ctx, len(manifest.Layers), func(i int) (io.ReadCloser, error) {
			return openLayer(ctx, store, manifest.Layers[i])
		})
	}
	return base, nil
}

// extensionOf is the compression of a layer, by the media types of OCI and of Docker.
func extensionOf(mediaType string) (string, error) {
	switch {
	case strings.HasSuffix(mediaType, "tar.gzip"), strings.HasSuffix(mediaType, "tar+gzip"):
		return ".gz", nil
	case strings.HasSuffix(mediaType, "tar+zstd"):
		return ".zst", nil
	case strings.HasSuffix(mediaType, ".tar"):
		return "", nil
	}
	return "", fmt.Errorf("a layer is of the type %s: the image is no root filesystem", mediaType)
}

// openLayer is a layer's tar archive; what does not match its digest is an error at its end.
func openLayer(ctx context.Context, store content.Fetcher, layer v1.Descriptor) (io.ReadCloser, error) {
	blob, err := store.Fetch(ctx, layer)
	if err != nil {
		return nil, err
	}
	extension, err := extensionOf(layer.MediaType)
	if err != nil {
		return nil, errors.Join(err, blob.Close())
	}
	checked := &verified{VerifyReader: content.NewVerifyReader(blob, layer)}
	plain, err := compression.NewReader(checked, extension)
	if err != nil {
		return nil, errors.Join(err, blob.Close())
	}
	return closers{plain, []io.Closer{plain, blob}}, nil
}

// verified checks the digest where the data end.
type verified struct{ *content.VerifyReader }

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.VerifyReader.Read(p)
	if errors.Is(err, io.EOF) {
		if wrong := v.Verify(); wrong != nil {
			return n, wrong
		}
	}
	return n, err
}

// Names by which a layer takes out what lower ones have (image-spec v1.1, layer.md, "Whiteouts").
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// flattened is the tar archive of count layers, the lowest first, without what upper ones take out or replace. Each is
// opened twice.
func flattened(ctx context.Context, count int, open func(int) (io.ReadCloser, error)) (io.ReadCloser, error) {
	if count == 1 {
		return open(0)
	}
	kept := make([]map[int]bool, count) // by layer, the members that stay
	hidden := hides{}
	for i := count - 1; i >= 0; i-- {
		own := hides{}
		kept[i] = map[int]bool{}
		err := members(ctx, open, i, func(number int, header *tar.Header, _ io.Reader) error {
			name := path.Clean("/" + header.Name)
			switch base := path.Base(name); {
			case base == opaque:
				own[path.Dir(name)] |= below
				return nil
			case strings.HasPrefix(base, whiteout):
				own[path.Join(path.Dir(name), strings.TrimPrefix(base, whiteout))] = all
				return nil
			case hidden.has(name):
				return nil
			}
			kept[i][number] = true
			if header.Typeflag == tar.TypeDir {
				own[name] |= itself
			} else {
				own[name] = all
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for name, extent := range own {
			hidden[name] |= extent
		}
	}
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		var err error
		for i := 0; i < count && err == nil; i++ {
			err = members(ctx, open, i, func(number int, header *tar.Header, data io.Reader) error {
				if !kept[i][number] {
					return nil
				}
				header.Format = tar.FormatUnknown
				if err := out.WriteHeader(header); err != nil {
					return err
				}
				_, err := io.Copy(out, data)
				return err
			})
		}
		if err == nil {
			err = out.Close()
		}
		w.CloseWithError(err)
	}()
	return r, nil
}

// hides is what an upper layer hides of lower ones, by path.
type hides map[string]extent

type extent int

const (
	itself extent = 1 << iota // the member of that path
	below                     // what lies in that directory
	all    = itself | below
)

func (h hides) has(name string) bool {
	if h[name]&itself != 0 {
		return true
	}
	for name != "/" {
		name = path.Dir(name)
		if h[name]&below != 0 {
			return true
		}
	}
	return false
}

// members calls each for every member of a layer.
func members(ctx context.Context, open func(int) (io.ReadCloser, error), layer int, each func(int, *tar.Header, io.Reader) error) error {
	archive, err := open(layer)
	if err != nil {
		return err
	}
	defer archive.Close()
	plain := reader{ctx, archive}
	in := tar.NewReader(plain)
	for number := 0; ; number++ {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			// To the end, where the digest is checked.
			_, err = io.Copy(io.Discard, plain)
			return err
		}
		if err != nil {
			return err
		}
		if err := each(number, header, in); err != nil {
			return err
		}
	}
}
