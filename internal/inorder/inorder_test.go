package inorder

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// numbers are jobs that take their time and go to got.
func numbers(got *[]int) Stages[int] {
	return Stages[int]{
		New: func() *int { return new(int) },
		Worker: func() (func(*int) error, error) {
			return func(n *int) error {
				for range rand.IntN(1000) {
					runtime.Gosched()
				}
				*n *= 2
				return nil
			}, nil
		},
		Write: func(n *int) error { *got = append(*got, *n); return nil },
		Ahead: 3,
	}
}

func sendAll(line *Line[int], count int) error {
	for n := range count {
		job, err := line.Take()
		if err != nil {
			return err
		}
		if n%7 == 0 {
			line.Return(job)
			continue
		}
		*job.Value = n
		line.Send(job)
	}
	return nil
}

func TestResultsComeInOrder(t *testing.T) {
	before := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(before)
	var got []int
	line, err := Start(context.Background(), numbers(&got))
	require.NoError(t, err)
	require.NoError(t, line.Close(sendAll(line, 1000)))
	var want []int
	for n := range 1000 {
		if n%7 != 0 {
			want = append(want, 2*n)
		}
	}
	assert.Equal(t, want, got)
}

func TestFirstErrorEndsTheLine(t *testing.T) {
	broken := errors.New("broken")
	failAt := func(n int) func(*int) error {
		return func(v *int) error {
			if *v >= n {
				return broken
			}
			return nil
		}
	}
	var got []int
	tests := map[string]func(*Stages[int]){
		"work":  func(s *Stages[int]) { s.Worker = func() (func(*int) error, error) { return failAt(50), nil } },
		"write": func(s *Stages[int]) { s.Write = failAt(50) },
	}
	for name, change := range tests {
		stages := numbers(&got)
		change(&stages)
		line, err := Start(context.Background(), stages)
		require.NoError(t, err)
		// Without end: only the stage's failure ends it.
		sent := sendAll(line, 1<<62)
		require.ErrorIs(t, sent, broken, name)
		require.ErrorIs(t, line.Close(sent), broken, name)
	}
}

func TestWorkerThatCannotBeMade(t *testing.T) {
	broken := errors.New("broken")
	stages := numbers(nil)
	stages.Worker = func() (func(*int) error, error) { return nil, broken }
	_, err := Start(context.Background(), stages)
	require.ErrorIs(t, err, broken)
}

func TestOwnErrorEndsTheLine(t *testing.T) {
	broken := errors.New("broken")
	var got []int
	line, err := Start(context.Background(), numbers(&got))
	require.NoError(t, err)
	require.NoError(t, sendAll(line, 2))
	require.ErrorIs(t, line.Close(broken), broken)
}

func TestContextEndsTheLine(t *testing.T) {
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(context.Background())
	stages := numbers(nil)
	written := 0
	stages.Write = func(*int) error {
		if written++; written == 20 {
			cancel(stop)
		}
		return nil
	}
	line, err := Start(ctx, stages)
	require.NoError(t, err)
	require.ErrorIs(t, line.Close(sendAll(line, 1<<62)), stop)
}

func TestStreamIsCutTheSameHoweverWritten(t *testing.T) {
	content := make([]byte, 1000)
	for i := range 300 {
		content[i] = byte(i)
	}
	cut := func(write func(*Stream) error) (chunks []string) {
		s, err := StartStream(context.Background(), Chunking{
			Size: 128, Before: 3, Ahead: 2,
			Worker: func() (func(*Chunk) error, error) {
				return func(c *Chunk) error {
					c.Out.Write(c.Before)
					c.Out.WriteByte('|')
					c.Out.Write(c.Content)
					return nil
				}, nil
			},
			Write: func(c *Chunk) error {
				assert.Equal(t, int64(len(chunks)), c.Number)
				chunks = append(chunks, c.Out.String())
				return nil
			},
		})
		require.NoError(t, err)
		require.NoError(t, write(s))
		require.NoError(t, s.Close())
		return chunks
	}
	want := cut(func(s *Stream) error { _, err := s.Write(content); return err })
	require.Len(t, want, 8)
	assert.Equal(t, "|"+string(content[:128]), want[0])
	assert.Equal(t, string(content[125:128])+"|"+string(content[128:256]), want[1])
	assert.Equal(t, want, cut(func(s *Stream) error {
		for i := range content {
			if _, err := s.Write(content[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	}))
	assert.Equal(t, want, cut(func(s *Stream) error {
		if _, err := s.Write(content[:300]); err != nil {
			return err
		}
		return s.Zeros(700)
	}))
	assert.Equal(t, []string{"|"}, cut(func(*Stream) error { return nil }))
}
