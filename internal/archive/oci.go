package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/airshipit/packer-plugin-airship/internal/pgzip"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/until"
)

// PlanAnnotation of an image is the digest of the plan's stage System, in hex.
const PlanAnnotation = "org.airshipit.plan"

// blockSize of a tar archive, bytes.
const blockSize = 512

// WriteOCI writes a root filesystem, a tar archive, to dst, an empty file, as an OCI image layout in a tar archive (image-spec
// v1.1, image-layout.md) of one gzip layer. It also has the manifest.json by which older versions of
// `docker load` know an archive.
func WriteOCI(ctx context.Context, dst *os.File, root io.Reader, p plan.Plan) error {
	epoch := time.Unix(p.Epoch, 0).UTC()
	w := ociWriter{file: dst, epoch: epoch}
	if err := w.add(v1.ImageLayoutFile, []byte(`{"imageLayoutVersion":"`+v1.ImageLayoutVersion+`"}`)); err != nil {
		return err
	}
	layer, diffID, err := w.layer(ctx, root)
	if err != nil {
		return fmt.Errorf("write the layer: %w", err)
	}
	config, err := w.blob(v1.MediaTypeImageConfig, v1.Image{
		Created:  &epoch,
		Platform: v1.Platform{Architecture: p.Target.Architecture, OS: "linux"},
		Config: v1.ImageConfig{
			Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
			Cmd: []string{"/bin/sh"},
		},
		RootFS:  v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{diffID}},
		History: []v1.History{{Created: &epoch, CreatedBy: "packer-plugin-airship " + p.Plugin}},
	})
	if err != nil {
		return err
	}
	manifest, err := w.blob(v1.MediaTypeImageManifest, v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest,
		Config: config, Layers: []v1.Descriptor{layer},
		Annotations: map[string]string{
			v1.AnnotationCreated: epoch.Format(time.RFC3339), v1.AnnotationTitle: p.Profile, PlanAnnotation: p.Digests().System,
		},
	})
	if err != nil {
		return err
	}
	manifest.Platform = &v1.Platform{Architecture: p.Target.Architecture, OS: "linux"}
	manifest.Annotations = map[string]string{v1.AnnotationRefName: "latest"}
	index := v1.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{manifest},
	}
	docker := []map[string]any{{
		"Config": blobPath(config.Digest), "RepoTags": []string{strings.ToLower(p.Profile) + ":latest"}, "Layers": []string{blobPath(layer.Digest)},
	}}
	for _, file := range []struct {
		name  string
		value any
	}{{v1.ImageIndexFile, index}, {"manifest.json", docker}} {
		text, err := json.Marshal(file.value)
		if err != nil {
			return err
		}
		if err := w.add(file.name, text); err != nil {
			return err
		}
	}
	_, err = dst.WriteAt(make([]byte, 2*blockSize), w.end)
	return err
}

// ociWriter appends members to a tar archive. Unlike tar.Writer it can write a member before its header.
type ociWriter struct {
	file  *os.File
	end   int64
	epoch time.Time
}

func blobPath(d digest.Digest) string {
	return v1.ImageBlobsDir + "/" + d.Algorithm().String() + "/" + d.Encoded()
}

// blob adds a JSON document by its digest.
func (w *ociWriter) blob(mediaType string, value any) (v1.Descriptor, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return v1.Descriptor{}, err
	}
	d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(text), Size: int64(len(text))}
	return d, w.add(blobPath(d.Digest), text)
}

func (w *ociWriter) add(name string, data []byte) error {
	if _, err := w.file.WriteAt(data, w.end+blockSize); err != nil {
		return err
	}
	return w.close(name, int64(len(data)))
}

// close writes the header of the member whose data are there already.
func (w *ociWriter) close(name string, size int64) error {
	var header strings.Builder
	err := tar.NewWriter(&header).WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: w.epoch,
		Format: tar.FormatGNU, // whose sizes go beyond 8 GiB
	})
	if err != nil {
		return err
	}
	if _, err := w.file.WriteAt([]byte(header.String()), w.end); err != nil {
		return err
	}
	w.end += blockSize + (size+blockSize-1)/blockSize*blockSize
	return w.file.Truncate(w.end)
}

// layer adds root as a gzip layer, and returns the digest of the uncompressed archive, too.
func (w *ociWriter) layer(ctx context.Context, root io.Reader) (v1.Descriptor, digest.Digest, error) {
	sum := &summed{writer: io.NewOffsetWriter(w.file, w.end+blockSize), hash: sha256.New()}
	compressed, err := pgzip.NewWriter(ctx, sum)
	if err != nil {
		return v1.Descriptor{}, "", err
	}
	plain := sha256.New()
	_, err = io.Copy(io.MultiWriter(compressed, plain), until.Reader(ctx, root))
	// Its stages end by Close alone.
	if err := errors.Join(err, compressed.Close()); err != nil {
		return v1.Descriptor{}, "", err
	}
	d := v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: sha256Digest(sum.hash), Size: sum.size}
	return d, sha256Digest(plain), w.close(blobPath(d.Digest), d.Size)
}

func sha256Digest(h hash.Hash) digest.Digest {
	return digest.NewDigestFromEncoded(digest.SHA256, hex.EncodeToString(h.Sum(nil)))
}

// summed hashes and counts what is written.
type summed struct {
	writer io.Writer
	hash   hash.Hash
	size   int64
}

func (s *summed) Write(p []byte) (int, error) {
	n, err := s.writer.Write(p)
	s.hash.Write(p[:n])
	s.size += int64(n)
	return n, err
}
