// Package inorder works on a sequence of jobs on all cores and hands the results on in the order
// in which the jobs came, so what is made of them does not depend on the number of cores.
//
// The caller fills jobs and sends them, workers work on them, and one writer takes them in order.
package inorder

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Stages of a line, for jobs of type T. A job is used again and again: it keeps its buffers.
type Stages[T any] struct {
	// New makes an empty job.
	New func() *T
	// Worker makes what one core works with. Its results are not called concurrently.
	Worker func() (func(*T) error, error)
	// Write takes the finished jobs, in order.
	Write func(*T) error
	// Ahead is how many jobs for each core are in memory at once.
	Ahead int
}

// Line is a pipeline at work. One goroutine at a time may use it.
type Line[T any] struct {
	ctx    context.Context // ends when a stage fails
	cancel context.CancelCauseFunc
	group  *errgroup.Group
	// Each has room for all jobs, so that no stage blocks on one that has failed.
	free, todo, ordered chan *Job[T]
}

// Job is one job on its way.
type Job[T any] struct {
	Value *T
	done  chan error
}

// Start starts a line. It runs until Close, which must be called.
func Start[T any](ctx context.Context, s Stages[T]) (*Line[T], error) {
	workers := make([]func(*T) error, runtime.GOMAXPROCS(0))
	for i := range workers {
		var err error
		if workers[i], err = s.Worker(); err != nil {
			return nil, err
		}
	}
	jobs := s.Ahead * len(workers)
	l := &Line[T]{free: make(chan *Job[T], jobs), todo: make(chan *Job[T], jobs), ordered: make(chan *Job[T], jobs)}
	for range jobs {
		l.free <- &Job[T]{Value: s.New(), done: make(chan error, 1)}
	}
	ctx, l.cancel = context.WithCancelCause(ctx)
	l.group, l.ctx = errgroup.WithContext(ctx)
	for _, work := range workers {
		l.group.Go(func() error {
			for j := range l.todo {
				if l.ctx.Err() != nil {
					j.done <- context.Cause(l.ctx)
					continue
				}
				j.done <- work(j.Value)
			}
			return nil
		})
	}
	l.group.Go(func() error { return l.write(s.Write) })
	return l, nil
}

func (l *Line[T]) write(write func(*T) error) error {
	for {
		select {
		case j := <-l.ordered:
			if j == nil {
				return nil
			}
			if err := <-j.done; err != nil {
				return err
			}
			if err := write(j.Value); err != nil {
				return err
			}
			l.free <- j
		case <-l.ctx.Done():
			return context.Cause(l.ctx)
		}
	}
}

// Take waits for a free job, to be filled and sent. The error is that of a stage, or the context's.
func (l *Line[T]) Take() (*Job[T], error) {
	if l.ctx.Err() != nil {
		return nil, context.Cause(l.ctx)
	}
	select {
	case j := <-l.free:
		return j, nil
	case <-l.ctx.Done():
		return nil, context.Cause(l.ctx)
	}
}

// Send hands a job to the workers.
func (l *Line[T]) Send(j *Job[T]) {
	l.todo <- j
	l.ordered <- j
}

// Return gives a job back that is not needed.
func (l *Line[T]) Return(j *Job[T]) { l.free <- j }

// Close ends the line: when all jobs are written, or, where err is given, at once. It returns the
// first error of all, err among them.
func (l *Line[T]) Close(err error) error {
	if err != nil {
		l.cancel(err)
	}
	close(l.todo)
	close(l.ordered)
	failed := l.group.Wait()
	l.cancel(nil)
	if failed != nil {
		return failed
	}
	return err
}
