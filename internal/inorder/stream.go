package inorder

import (
	"bytes"
	"context"
)

// Chunk is a piece of a stream.
type Chunk struct {
	Number  int64  // 0 for the first
	Content []byte // as long as all chunks but for the last, which may be empty
	Before  []byte // the end of what comes before, as long as asked for where there is so much
	Last    bool
	Zeros   bool // the content is zeros; it may be so without this
	Out     bytes.Buffer

	buffer []byte // of a chunk's size
}

// Chunking is how a stream is cut and what is made of its chunks.
type Chunking struct {
	Size   int // of a chunk, bytes
	Before int // of the end of the chunk before, bytes; not more than Size
	// Worker makes what one core works with: it turns the chunk's content into Out, which is empty.
	Worker func() (func(*Chunk) error, error)
	Write  func(*Chunk) error
	Ahead  int // chunks for each core that are in memory at once
}

// Stream cuts what is written to it into chunks, however it is cut into writes. After an error only Close is of use.
type Stream struct {
	chunking Chunking
	line     *Line[Chunk]
	current  *Job[Chunk] // being filled; nil where none is
	number   int64       // of the next chunk
	before   []byte
	zeros    []byte // a chunk of them, once needed
	err      error
}

// StartStream starts a stream. It must be closed.
func StartStream(ctx context.Context, c Chunking) (*Stream, error) {
	line, err := Start(ctx, Stages[Chunk]{
		New:    func() *Chunk { return &Chunk{buffer: make([]byte, c.Size)} },
		Worker: c.Worker,
		Write:  c.Write,
		Ahead:  c.Ahead,
	})
	return &Stream{chunking: c, line: line}, err
}

// Write implements io.Writer.
func (s *Stream) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if err := s.room(); err != nil {
			return written, err
		}
		c := s.current.Value
		n := min(len(p), s.chunking.Size-len(c.Content))
		c.Content = append(c.Content, p[:n]...)
		if len(c.Content) == s.chunking.Size {
			s.send()
		}
		p = p[n:]
		written += n
	}
	return written, nil
}

// Zeros is a Write of n zeros without copying them.
func (s *Stream) Zeros(n int64) error {
	if s.zeros == nil {
		s.zeros = make([]byte, s.chunking.Size)
	}
	for n > 0 {
		if err := s.room(); err != nil {
			return err
		}
		c := s.current.Value
		some := min(n, int64(s.chunking.Size-len(c.Content)))
		n -= some
		if some == int64(s.chunking.Size) {
			c.Content, c.Zeros = s.zeros, true
			s.send()
		} else if _, err := s.Write(s.zeros[:some]); err != nil {
			return err
		}
	}
	return nil
}

// room sees to it that there is a chunk to fill.
func (s *Stream) room() error {
	if s.err != nil || s.current != nil {
		return s.err
	}
	if s.current, s.err = s.line.Take(); s.err != nil {
		return s.err
	}
	c := s.current.Value
	c.Number, c.Content, c.Last, c.Zeros = s.number, c.buffer[:0], false, false
	c.Before = append(c.Before[:0], s.before...)
	c.Out.Reset()
	s.number++
	return nil
}

func (s *Stream) send() {
	content := s.current.Value.Content
	s.before = append(s.before[:0], content[max(0, len(content)-s.chunking.Before):]...)
	s.line.Send(s.current)
	s.current = nil
}

// Close sends the last chunk and waits until all are written.
func (s *Stream) Close() error {
	if s.room() == nil {
		s.current.Value.Last = true
		s.send()
	}
	return s.line.Close(s.err)
}
