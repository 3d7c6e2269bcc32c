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
	"github.com/airshipit/packer-plugin-airship/internal/until"
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
	switch len(tags) {
	case 1:
		return openImage(ctx, store, tags[0], architecture)
	case 0:
		digest, err := onlyManifest(name)
		if err != nil {
			return nil, err
		}
		return openImage(ctx, store, digest, architecture)
	}
	return nil, fmt.Errorf("holds %d images by their tags %q: want one", len(tags), tags)
}

// onlyManifest is the digest of the one image in a layout's index.
func onlyManifest(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	in := tar.NewReader(file)
	for {
		header, err := in.Next()
		if err != nil {
			return "", fmt.Errorf("read its %s: %w", v1.ImageIndexFile, err)
		}
		if path.Clean(header.Name) != v1.ImageIndexFile {
			continue
		}
		var index v1.Index
		if err := json.NewDecoder(in).Decode(&index); err != nil {
			return "", fmt.Errorf("read its %s: %w", v1.ImageIndexFile, err)
		}
		if len(index.Manifests) != 1 {
			return "", fmt.Errorf("holds %d images without a tag: want one", len(index.Manifests))
		}
		return index.Manifests[0].Digest.String(), nil
	}
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
	layers := make([][]layerMember, count)
	hidden := hides{}
	for i := count - 1; i >= 0; i-- {
		own := hides{}
		err := members(ctx, open, i, func(_ int, header *tar.Header, _ io.Reader) error {
			m := layerMember{name: path.Clean("/" + header.Name), kind: header.Typeflag}
			switch base := path.Base(m.name); {
			case base == opaque:
				own[path.Dir(m.name)] |= below
			case strings.HasPrefix(base, whiteout):
				own[path.Join(path.Dir(m.name), strings.TrimPrefix(base, whiteout))] = all
			default:
				m.kept = !hidden.has(m.name)
				if m.kind == tar.TypeLink {
					m.target = path.Clean("/" + header.Linkname)
				}
				if m.kind == tar.TypeDir {
					own[m.name] |= itself
				} else {
					own[m.name] = all
				}
			}
			layers[i] = append(layers[i], m)
			return nil
		})
		if err != nil {
			return nil, err
		}
		for name, extent := range own {
			hidden[name] |= extent
		}
	}
	keepLinked(layers)
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		var err error
		for i := 0; i < count && err == nil; i++ {
			err = members(ctx, open, i, func(number int, header *tar.Header, data io.Reader) error {
				m := layers[i][number]
				if !m.kept {
					return nil
				}
				header.Format = tar.FormatUnknown
				if m.as != "" {
					header.Name = "." + m.as
				}
				if m.kind == tar.TypeLink {
					header.Linkname = "." + m.target
				}
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

// layerMember is a member of a layer, by its absolute path.
type layerMember struct {
	name string
	kind byte
	kept bool
	// target of a hard link.
	target string
	// as is the name that it gets, where that is another.
	as string
}

// keepLinked keeps the content of a file that an upper layer hides while hard links to it stay: under the first link's
// name, and the others lead there.
func keepLinked(layers [][]layerMember) {
	files := map[string]*layerMember{} // by name, as of the layer that is looked at
	for i := range layers {
		for k := range layers[i] {
			m := &layers[i][k]
			switch m.kind {
			case tar.TypeReg:
				files[m.name] = m
			case tar.TypeLink:
				file := files[m.target]
				if file == nil {
					continue
				}
				files[m.name] = file
				switch {
				case !m.kept:
				case !file.kept:
					file.kept, file.as, m.kept = true, m.name, false
				case file.as != "":
					m.target = file.as
				}
			}
		}
	}
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
	plain := until.Reader(ctx, archive)
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
