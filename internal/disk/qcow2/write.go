package qcow2

import (
	"context"
	"fmt"
	"io"

	"github.com/airshipit/packer-plugin-airship/internal/disk/sparse"
)

// Write writes a disk to dst. Clusters of zeros take no room.
func Write(ctx context.Context, dst io.WriterAt, disk *sparse.Disk, compression Compression) error {
	layout := newLayout(disk.Size)
	compressor := func() (func(*sparse.Block) error, error) {
		c, err := compression.compressor()
		return func(cluster *sparse.Block) error {
			if err := c.compress(&cluster.Out, cluster.Data); err != nil {
				return fmt.Errorf("compress a cluster: %w", err)
			}
			return nil
		}, err
	}
	err := disk.Compress(ctx, clusterSize, compressor, func(cluster *sparse.Block) error {
		data := cluster.Out.Bytes()
		if len(data) >= clusterSize {
			data = cluster.Data
		}
		_, err := dst.WriteAt(data, layout.place(cluster.Number, len(data)))
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range layout.finish(compression) {
		if _, err := dst.WriteAt(p.data, p.at); err != nil {
			return err
		}
	}
	return nil
}
