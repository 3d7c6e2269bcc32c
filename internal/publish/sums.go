package publish

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/airshipit/packer-plugin-airship/internal/until"
)

// sums of a file, in hex. MD5 is what Airship's older parts ask for.
type sums struct{ md5, sha256, sha512 string }

// sumsOf reads content once.
func sumsOf(ctx context.Context, content io.ReaderAt, size int64, tell func(done int64)) (sums, error) {
	m, s256, s512 := md5.New(), sha256.New(), sha512.New()
	to := io.MultiWriter(m, s256, s512, counter{tell, new(int64)})
	if _, err := io.Copy(to, until.Reader(ctx, io.NewSectionReader(content, 0, size))); err != nil {
		return sums{}, err
	}
	return sums{hex.EncodeToString(m.Sum(nil)), hex.EncodeToString(s256.Sum(nil)), hex.EncodeToString(s512.Sum(nil))}, nil
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
