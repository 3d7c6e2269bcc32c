package airship

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"

	"github.com/airshipit/packer-plugin-airship/internal/disk/format"
)

// progressInterval is how often a long stage says how far it is.
const progressInterval = 5 * time.Second

// writeImage converts the raw disk into the image's format.
func writeImage(ctx context.Context, b *build, _ multistep.StateBag) error {
	raw, err := os.Open(b.raw)
	if err != nil {
		return err
	}
	defer raw.Close()
	if err := b.convert(ctx, b.image.file.File, raw); err != nil {
		return fmt.Errorf("write the image: %w", err)
	}
	b.say("%d MB, sha256 %s", b.image.size/1e6, b.image.sha256)
	return nil
}

func (b *build) convert(ctx context.Context, to, raw *os.File) error {
	output := b.plan.Outputs[0]
	last := time.Now()
	err := format.Write(ctx, to, raw, b.plan.Disk.Size, format.Options{
		Format:      output.Format,
		Compression: output.Compression,
		SectorSize:  b.plan.Disk.SectorSize,
		Seed:        b.plan.Disk.GUID,
		Epoch:       b.plan.Epoch,
		Progress: func(done, total int64) {
			if time.Since(last) >= progressInterval {
				last = time.Now()
				b.say("%d of %d MB", done/1e6, total/1e6)
			}
		},
	})
	if err != nil {
		return err
	}
	hash := sha256.New()
	if b.image.size, err = io.Copy(hash, io.NewSectionReader(to, 0, 1<<62)); err != nil {
		return err
	}
	b.image.sha256 = hex.EncodeToString(hash.Sum(nil))
	return nil
}
