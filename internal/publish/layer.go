package publish

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/airshipit/packer-plugin-airship/internal/until"
)

// qcows is the directory of Airship's bundle in which disk images lie.
const qcows = "qcows"

// md5Ending of the file beside an image, which md5sum wrote.
const md5Ending = ".md5sum"

// pieces are contents one after another, read as one.
type pieces struct {
	parts []io.ReaderAt
	sizes []int64
}

func (p *pieces) add(content io.ReaderAt, size int64) {
	p.parts = append(p.parts, content)
	p.sizes = append(p.sizes, size)
}

func (p *pieces) bytes(data []byte) { p.add(bytes.NewReader(data), int64(len(data))) }

func (p *pieces) size() (total int64) {
	for _, s := range p.sizes {
		total += s
	}
	return total
}

// ReadAt implements io.ReaderAt.
func (p *pieces) ReadAt(data []byte, offset int64) (n int, err error) {
	for i, part := range p.parts {
		if offset >= p.sizes[i] {
			offset -= p.sizes[i]
			continue
		}
		want := min(int64(len(data)-n), p.sizes[i]-offset)
		read, err := part.ReadAt(data[n:n+int(want)], offset)
		n += read
		if int64(read) < want {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // a file became shorter
			}
			return n, err
		}
		if n == len(data) {
			return n, nil
		}
		offset = 0
	}
	return n, io.EOF
}

// tarBlock is the size of a tar archive's blocks, bytes.
const tarBlock = 512

// file adds a member of an archive.
func (p *pieces) file(header tar.Header, content io.ReaderAt) error {
	var text bytes.Buffer
	header.Format = tar.FormatGNU // whose sizes go beyond 8 GiB
	if err := tar.NewWriter(&text).WriteHeader(&header); err != nil {
		return err
	}
	p.bytes(text.Bytes())
	if header.Size > 0 {
		p.add(content, header.Size)
		p.bytes(make([]byte, -header.Size&(tarBlock-1)))
	}
	return nil
}

// layerOf is the layer of one image in Airship's bundle: a tar archive of /qcows, the image and the file with its MD5. It is not compressed, as the image
// is; so it needs no room of its own, and its uncompressed digest is its digest.
func layerOf(image *Image, content io.ReaderAt, md5 string) (*pieces, error) {
	at := time.Unix(image.Epoch, 0).UTC()
	archive := &pieces{}
	sum := fmt.Appendf(nil, "%s  %s\n", md5, image.Name)
	for _, member := range []struct {
		tar.Header
		content io.ReaderAt
	}{
		{tar.Header{Typeflag: tar.TypeDir, Name: qcows + "/", Mode: 0o755, ModTime: at}, nil},
		{tar.Header{Typeflag: tar.TypeReg, Name: qcows + "/" + image.Name, Mode: 0o644, Size: image.Size, ModTime: at}, content},
		{tar.Header{Typeflag: tar.TypeReg, Name: qcows + "/" + image.Name + md5Ending, Mode: 0o644, Size: int64(len(sum)), ModTime: at}, bytes.NewReader(sum)},
	} {
		if err := archive.file(member.Header, member.content); err != nil {
			return nil, err
		}
	}
	archive.bytes(make([]byte, 2*tarBlock))
	return archive, nil
}

// describe reads content for its digest.
func describe(ctx context.Context, mediaType string, content io.ReaderAt, size int64, tell func(int64)) (v1.Descriptor, error) {
	sum := sha256.New()
	_, err := io.Copy(io.MultiWriter(sum, counter{tell, new(int64)}), until.Reader(ctx, io.NewSectionReader(content, 0, size)))
	return v1.Descriptor{MediaType: mediaType, Digest: digest.NewDigest(digest.SHA256, sum), Size: size}, err
}
