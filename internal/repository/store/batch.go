package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hashicorp/go-multierror"
	"golang.org/x/sync/errgroup"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
)

// batch is one Fetch under way.
type batch struct {
	fetcher *Fetcher
	files   []wanted
	meter   *meter

	mu sync.Mutex
	// failed holds each file's error, by hash.
	failed map[string]error
	hosts  map[string]*host // by origin
	// busy are the files that another process is writing.
	busy []wanted
}

// host is how a batch fares with one origin.
type host struct {
	// strikes are files in a row that failed after all retries, for a reason not their own.
	strikes int
	// skipped are the files not tried after that.
	skipped int
}

// mostStrikes spares the other hundred files of a dead mirror their retries and timeouts.
const mostStrikes = 3

func newBatch(f *Fetcher, files []wanted) *batch {
	b := &batch{fetcher: f, files: files, failed: map[string]error{}, hosts: map[string]*host{}}
	total := Progress{FilesTotal: len(files)}
	for _, file := range files {
		total.BytesTotal += file.Size
		b.hosts[file.from.origin()] = &host{}
	}
	b.meter = newMeter(total, f.options.Progress)
	return b
}

func (b *batch) run(ctx context.Context) error {
	if err := b.checkRoom(); err != nil {
		return err
	}
	defer b.meter.start()()
	// The largest first, so that none of them is what the end waits for.
	queue := slices.Clone(b.files)
	slices.SortStableFunc(queue, func(x, y wanted) int { return cmp.Compare(y.Size, x.Size) })
	if err := b.pass(ctx, queue, false); err != nil {
		return b.ended(ctx, err)
	}
	if len(b.busy) > 0 {
		// What two builds both want they have shared out so far; this is the rest.
		b.fetcher.options.Log("another build is downloading %s; waiting for it", names(b.busy))
		if err := b.pass(ctx, b.busy, true); err != nil {
			return b.ended(ctx, err)
		}
	}
	return b.verdict()
}

// checkRoom compares what is missing with the disk's space before any work is done.
func (b *batch) checkRoom() error {
	needed := b.meter.progress().BytesTotal
	for _, file := range b.files {
		if info, err := os.Stat(filepath.Join(b.fetcher.store.partialDir(), file.SHA256)); err == nil {
			needed -= min(info.Size(), file.Size)
		}
	}
	return b.fetcher.store.room(needed)
}

func (b *batch) pass(ctx context.Context, queue []wanted, wait bool) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(b.fetcher.options.Parallel)
	for _, file := range queue {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error { return b.one(inner, file, wait) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// one brings a file and keeps its error; what it returns ends the batch.
func (b *batch) one(ctx context.Context, file wanted, wait bool) error {
	if b.skip(file) {
		return nil
	}
	err := b.fetcher.bring(ctx, file, b.meter, wait)
	var disk *DiskError
	switch {
	case err == nil:
		b.meter.fileDone()
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &disk):
		return disk
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	from := b.hosts[file.from.origin()]
	switch {
	case err == nil:
		from.strikes = 0
	case errors.Is(err, flock.ErrBusy):
		b.busy = append(b.busy, file)
	default:
		b.failed[file.SHA256] = err
		if unreachable(err) {
			from.strikes = mostStrikes
		} else if curable(err) {
			from.strikes++
		}
	}
	return nil
}

// skip spares a file the wait for a host that has been tried often enough.
func (b *batch) skip(file wanted) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	from := b.hosts[file.from.origin()]
	if from.strikes < mostStrikes {
		return false
	}
	from.skipped++
	return true
}

// ended completes an error that ended the batch.
func (b *batch) ended(ctx context.Context, err error) error {
	var disk *DiskError
	if ctx.Err() == nil && errors.As(err, &disk) && disk.full() {
		now := b.meter.progress()
		return &DiskError{Dir: disk.Dir, Needed: max(0, now.BytesTotal-now.BytesDone), Err: disk.Err}
	}
	return err
}

// verdict collects what failed: hosts that were given up, then files in the order of the items.
func (b *batch) verdict() error {
	failures := &multierror.Error{ErrorFormat: listFailures}
	for _, file := range b.files {
		origin := file.from.origin()
		if n := b.hosts[origin].skipped; n > 0 {
			failures = multierror.Append(failures, fmt.Errorf("%s: %d more files were not tried", origin, n))
			b.hosts[origin].skipped = 0
		}
	}
	for _, file := range b.files {
		if err := b.failed[file.SHA256]; err != nil {
			failures = multierror.Append(failures, err)
		}
	}
	return failures.ErrorOrNil()
}

func names(files []wanted) string {
	if len(files) == 1 {
		return files[0].Name
	}
	return fmt.Sprintf("%s and %d more files", files[0].Name, len(files)-1)
}
