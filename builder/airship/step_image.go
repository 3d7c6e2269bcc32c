package airship

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/multistep"
	"golang.org/x/sync/errgroup"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/archive"
	"github.com/airshipit/packer-plugin-airship/internal/disk/format"
	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/until"
)

// progressInterval is how often a long stage says how far it is.
const progressInterval = 5 * time.Second

// writeImages makes the plan's outputs of what left the machine.
func writeImages(ctx context.Context, b *build, _ multistep.StateBag) error {
	raw, err := os.Open(b.raw)
	if err != nil {
		return err
	}
	defer raw.Close()
	if b.plan.Action == v1alpha1.ActionBuildQcow2 {
		if b.used, err = used(raw, b.plan.Disk); err != nil {
			return err
		}
	}
	b.images = nil
	for _, o := range b.plan.Outputs {
		began := time.Now()
		made, err := b.write(ctx, o, b.output.File(o.Name), raw)
		if err != nil {
			return fmt.Errorf("write %s: %w", o.Name, err)
		}
		b.images = append(b.images, made)
		b.say("%s: %d MB, %.1f s", o.Name, made.Size/1e6, time.Since(began).Seconds())
	}
	return nil
}

// write makes one output.
func (b *build) write(ctx context.Context, o plan.Output, to, raw *os.File) (image, error) {
	made := image{Name: o.Name, Format: o.Format}
	section := func(s machine.Section) io.Reader {
		return until.Reader(ctx, io.NewSectionReader(raw, s.Offset, s.Size))
	}
	// An attempt that failed may have left something.
	err := b.output.Reset(o.Name)
	if err != nil {
		return made, err
	}
	switch o.Format {
	case plan.Directory:
		return made, archive.WriteDirectory(ctx, to.Name(), section(b.packed.Tar))
	case plan.OCI:
		err = archive.WriteOCI(ctx, to, section(b.packed.Tar), b.plan)
	case plan.TarZstd:
		err = archive.WriteZstd(ctx, to, section(b.packed.Tar))
	case plan.SquashFS:
		_, err = io.Copy(to, section(b.packed.SquashFS))
	case plan.ISOImage:
		_, err = io.Copy(to, section(machine.Section{Size: b.iso.Size}))
	default:
		made.VirtualSize = b.plan.Disk.Size
		err = format.Write(ctx, to, raw, b.plan.Disk.Size, b.formatOptions(o))
	}
	if err != nil {
		return made, err
	}
	return made, b.sum(ctx, &made, to)
}

// used is how much of each partition of a disk holds data, bytes by number.
func used(raw *os.File, d plan.Disk) (map[int]int64, error) {
	data, err := sparse.Open(raw, d.Size, nil)
	if err != nil {
		return nil, err
	}
	all := map[int]int64{}
	for _, p := range d.Partitions {
		if p.Filesystem != nil {
			all[p.Number] = data.Within(p.Start, p.Size)
		}
	}
	return all, nil
}

func (b *build) formatOptions(o plan.Output) format.Options {
	last := time.Now()
	return format.Options{
		Format: o.Format, Compression: o.Compression, SectorSize: b.plan.Disk.SectorSize, Seed: b.plan.Disk.GUID, Epoch: b.plan.Epoch,
		Progress: func(done, total int64) {
			if time.Since(last) >= progressInterval {
				last = time.Now()
				b.say("%s: %d of %d MB", o.Name, done/1e6, total/1e6)
			}
		},
	}
}

// sum fills in a file's size and hashes. Each hash reads it for itself, on a processor of its own; once it has been
// read it is in memory.
func (b *build) sum(ctx context.Context, made *image, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	made.Size = info.Size()
	var group errgroup.Group
	add := func(to *string, hash hash.Hash) {
		group.Go(func() error {
			_, err := io.Copy(hash, until.Reader(ctx, io.NewSectionReader(file, 0, made.Size)))
			*to = hex.EncodeToString(hash.Sum(nil))
			return err
		})
	}
	add(&made.SHA256, sha256.New())
	add(&made.SHA512, sha512.New())
	if b.config.metadataName() != "" {
		add(&made.md5, md5.New())
	}
	return group.Wait()
}

// path is where an output will be, absolute.
func (b *build) path(name string) (string, error) {
	return filepath.Abs(filepath.Join(b.config.outputDirectory(), name))
}
