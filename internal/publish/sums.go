package publish

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/airshipit/packer-plugin-airship/internal/until"
)

// sums of a file, in hex. MD5 is what Airship's older parts ask for.
type sums struct{ md5, sha256, sha512 string }

// hashes take what is written.
type hashes struct{ md5, sha256, sha512 hash.Hash }

func newHashes() hashes { return hashes{md5.New(), sha256.New(), sha512.New()} }

func (h hashes) Write(p []byte) (int, error) {
	return io.MultiWriter(h.md5, h.sha256, h.sha512).Write(p)
}

func (h hashes) sums() sums {
	text := func(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
	return sums{text(h.md5), text(h.sha256), text(h.sha512)}
}

// sumsOf reads content once.
func sumsOf(ctx context.Context, content io.ReaderAt, size int64, tell func(done int64)) (sums, error) {
	h := newHashes()
	_, err := io.Copy(io.MultiWriter(h, counter{tell, new(int64)}), until.Reader(ctx, io.NewSectionReader(content, 0, size)))
	return h.sums(), err
}

// match says that a file is the one that was built.
func (s sums) match(image *Image) error {
	for _, one := range []struct{ name, want, got string }{
		{"SHA-256", image.SHA256, s.sha256}, {"SHA-512", image.SHA512, s.sha512}, {"MD5", image.MD5, s.md5},
	} {
		if one.want != "" && one.want != one.got {
			return fmt.Errorf("%s is not what was built any more: its %s is %s, and was %s", image.File, one.name, one.got, one.want)
		}
	}
	return nil
}
