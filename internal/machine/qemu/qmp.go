package qemu

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// qmp speaks QEMU's machine protocol (docs/interop/qmp-spec in its source) over a process's standard
// input and output: one JSON object a line. What QEMU writes is written to it.
type qmp struct {
	to io.Writer
	// event gets each event as it comes. It must not call execute.
	event func(qmpEvent)

	writing sync.Mutex
	mu      sync.Mutex
	rest    []byte // of a line that has not ended
	pending map[string]chan qmpMessage
	next    int
	greeted chan struct{}
	ended   error // why no more answers come
}

// qmpEvent is something that happened to the virtual machine.
type qmpEvent struct {
	Name string
	Data json.RawMessage
}

// qmpMessage is any line that QEMU writes.
type qmpMessage struct {
	Greeting json.RawMessage `json:"QMP"`
	ID       string          `json:"id"`
	Return   json.RawMessage `json:"return"`
	Error    *qmpError       `json:"error"`
	Event    string          `json:"event"`
	Data     json.RawMessage `json:"data"`
}

// qmpError is QEMU's answer to a command that it does not carry out.
type qmpError struct {
	Class       string `json:"class"`
	Description string `json:"desc"`
}

func (e *qmpError) Error() string { return e.Description }

// errQMPEnded says that QEMU has ended.
var errQMPEnded = errors.New("QEMU has ended")

func newQMP(to io.Writer, event func(qmpEvent)) *qmp {
	return &qmp{to: to, event: event, pending: map[string]chan qmpMessage{}, greeted: make(chan struct{})}
}

// maxLine bounds a message, bytes: the largest that is asked for here has some thousand.
const maxLine = 1 << 20

// Write takes QEMU's output. What is no message is passed over.
func (q *qmp) Write(data []byte) (int, error) {
	q.mu.Lock()
	q.rest = append(q.rest, data...)
	var messages []qmpMessage
	for {
		line, rest, found := bytes.Cut(q.rest, []byte("\n"))
		if !found {
			break
		}
		var m qmpMessage
		if json.Unmarshal(line, &m) == nil {
			messages = append(messages, m)
		}
		q.rest = rest
	}
	if len(q.rest) > maxLine {
		q.rest = nil
	}
	q.mu.Unlock()
	for _, m := range messages {
		q.take(m)
	}
	return len(data), nil
}

func (q *qmp) take(m qmpMessage) {
	switch {
	case m.Event != "":
		q.event(qmpEvent{m.Event, m.Data})
	case m.Greeting != nil:
		q.mu.Lock()
		defer q.mu.Unlock()
		select {
		case <-q.greeted:
		default:
			close(q.greeted)
		}
	default:
		q.mu.Lock()
		defer q.mu.Unlock()
		if answer, ok := q.pending[m.ID]; ok {
			delete(q.pending, m.ID)
			answer <- m
		}
	}
}

// end fails every command that still waits, and those to come.
func (q *qmp) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = errQMPEnded
	for id, answer := range q.pending {
		delete(q.pending, id)
		close(answer)
	}
}

// forget expects no answer any more.
func (q *qmp) forget(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.pending, id)
}

// start waits for the greeting and leaves the mode in which QEMU takes no commands.
func (q *qmp) start(ctx context.Context) error {
	select {
	case <-q.greeted:
		return q.execute(ctx, "qmp_capabilities", nil, nil)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// execute runs a command and decodes what it returns into result, unless that is nil.
func (q *qmp) execute(ctx context.Context, command string, arguments map[string]any, result any) error {
	answer := make(chan qmpMessage, 1)
	q.mu.Lock()
	if q.ended != nil {
		q.mu.Unlock()
		return fmt.Errorf("%s: %w", command, q.ended)
	}
	q.next++
	id := strconv.Itoa(q.next)
	q.pending[id] = answer
	q.mu.Unlock()
	defer q.forget(id)

	request := map[string]any{"execute": command, "id": id}
	if arguments != nil {
		request["arguments"] = arguments
	}
	line, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	q.writing.Lock()
	_, err = q.to.Write(append(line, '\n'))
	q.writing.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", command, errQMPEnded)
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return fmt.Errorf("%s: %w", command, errQMPEnded)
		case m.Error != nil:
			return fmt.Errorf("%s: %w", command, m.Error)
		case result == nil:
			return nil
		}
		if err := json.Unmarshal(m.Return, result); err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", command, context.Cause(ctx))
	}
}
