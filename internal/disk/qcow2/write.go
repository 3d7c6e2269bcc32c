package qcow2

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Options of Write.
type Options struct {
	Compression Compression
	// Progress, where set, is called now and then with the bytes of the disk that are done and
	// those that hold data.
	Progress func(done, total int64)
}

// Source is a raw disk: an *os.File.
type Source interface {
	io.ReaderAt
}

// job is one guest cluster on its way from the reader through a worker to the writer.
type job struct {
	index int64 // of the guest cluster
	data  []byte
	out   bytes.Buffer
	done  chan error
}

// Write writes the raw disk src of size bytes to dst as a qcow2. Clusters of zeros take no room.
func Write(ctx context.Context, dst io.WriterAt, src Source, size int64, options Options) error {
	if size <= 0 {
		return fmt.Errorf("a disk of %d bytes", size)
	}
	extents, err := dataExtents(src, size)
	if err != nil {
		return fmt.Errorf("find the disk's data: %w", err)
	}
	compressors := make([]compressor, runtime.GOMAXPROCS(0))
	for i := range compressors {
		if compressors[i], err = options.Compression.compressor(); err != nil {
			return err
		}
	}
	// So many clusters are in memory at once. Each channel has room for all of them, so that no
	// stage blocks on one that has failed.
	jobs := 8 * len(compressors)
	free, todo, ordered := make(chan *job, jobs), make(chan *job, jobs), make(chan *job, jobs)
	for range jobs {
		free <- &job{data: make([]byte, clusterSize), done: make(chan error, 1)}
	}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(todo)
		defer close(ordered)
		return read(ctx, src, size, extents, free, todo, ordered)
	})
	for _, c := range compressors {
		group.Go(func() error {
			for j := range todo {
				j.out.Reset()
				j.done <- c.compress(&j.out, j.data)
			}
			return nil
		})
	}
	group.Go(func() error {
		return write(ctx, dst, size, extents, options, free, ordered)
	})
	return group.Wait()
}

// read sends every cluster that holds something other than zeros.
func read(ctx context.Context, src Source, size int64, extents []extent, free, todo, ordered chan *job) error {
	next := int64(0) // first cluster not read yet: two extents may share one
	for _, e := range extents {
		for index := max(next, e.start/clusterSize); index*clusterSize < e.end; index++ {
			next = index + 1
			var j *job
			select {
			case j = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			n, err := src.ReadAt(j.data[:min(clusterSize, size-index*clusterSize)], index*clusterSize)
			if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("read the disk: %w", err)
			}
			clear(j.data[n:])
			if allZero(j.data) {
				free <- j
				continue
			}
			j.index = index
			todo <- j
			ordered <- j
		}
	}
	return nil
}

func write(ctx context.Context, dst io.WriterAt, size int64, extents []extent, options Options, free, ordered chan *job) error {
	layout := newLayout(size)
	progress := progress{report: options.Progress, extents: extents}
	for {
		var j *job
		select {
		case j = <-ordered:
		case <-ctx.Done():
			return ctx.Err()
		}
		if j == nil {
			break
		}
		if err := <-j.done; err != nil {
			return fmt.Errorf("compress a cluster: %w", err)
		}
		data := j.out.Bytes()
		if len(data) >= clusterSize {
			data = j.data
		}
		if _, err := dst.WriteAt(data, layout.place(j.index, len(data))); err != nil {
			return err
		}
		progress.reached(j.index * clusterSize)
		free <- j
	}
	for _, p := range layout.finish(options.Compression) {
		if _, err := dst.WriteAt(p.data, p.at); err != nil {
			return err
		}
	}
	return nil
}

var zeros [clusterSize]byte

func allZero(data []byte) bool { return bytes.Equal(data, zeros[:len(data)]) }
