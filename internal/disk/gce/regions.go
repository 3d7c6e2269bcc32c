package gce

import (
	"context"

	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
)

// blockSize is the grain of holes, bytes.
const blockSize = 64 << 10

// region is a part of the disk with data: start <= offset < end, bytes. Both are multiples of the tar block:
// readers differ in whether a region is filled up to one.
type region struct{ start, end int64 }

// find reads the disk once, as the archive tells of all holes before the data.
func find(ctx context.Context, disk *sparse.Disk) ([]region, error) {
	var regions []region
	err := disk.Each(ctx, blockSize, func(number int64, _ []byte) error {
		start := number * blockSize
		end := min(start+blockSize, disk.Size)
		if n := len(regions); n > 0 && regions[n-1].end == start {
			regions[n-1].end = end
		} else {
			regions = append(regions, region{start, end})
		}
		return nil
	})
	return regions, err
}
