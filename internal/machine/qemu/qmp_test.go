package qemu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answering is QEMU's side of a conversation: what it writes for each command that it reads.
func answering(t *testing.T, reply func(command, id string) []string) (*qmp, *[]string) {
	t.Helper()
	var events []string
	ours, theirs := io.Pipe()
	q := newQMP(theirs, func(e qmpEvent) { events = append(events, e.Name+" "+string(e.Data)) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		requests := json.NewDecoder(ours)
		for {
			var request struct{ Execute, ID string }
			if requests.Decode(&request) != nil {
				return
			}
			for _, piece := range reply(request.Execute, request.ID) {
				_, _ = q.Write([]byte(piece))
			}
		}
	}()
	t.Cleanup(func() { ours.Close(); <-done })
	return q, &events
}

const greeting = `{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": ["oob"]}}` + "\r\n"

func TestQMPFraming(t *testing.T) {
	const event = `{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESUME"}` + "\r\n"
	for _, c := range []struct {
		name  string
		reply func(id string) []string
		want  string
		err   string
	}{
		{"a line", func(id string) []string { return []string{`{"return": "yes", "id": "` + id + `"}` + "\r\n"} }, "yes", ""},
		{"bytes", func(id string) []string { return strings.Split(`{"return": "ye\ns", "id": "`+id+`"}`+"\n", "") }, "ye\ns", ""},
		{
			"several lines a write, others' among them", func(id string) []string {
				return []string{event + `{"return": "no", "id": "other"}` + "\n" + `{"return": "yes", "id": "` + id + `"}` + "\n" + event + `{"re`, `turn": 1}` + "\n"}
			}, "yes", "",
		},
		{
			"garbage before", func(id string) []string {
				return []string{"qemu: hello\n\n\x00\xff{\n[1]\n\"\"\n{\"id\": 7, \"return\": 1}\n", `{"return": "yes", "id": "` + id + `"}` + "\n"}
			}, "yes", "",
		},
		{
			"a line without end before", func(id string) []string {
				return []string{strings.Repeat("x", maxLine), "x", "\n", `{"return": "yes", "id": "` + id + `"}` + "\n"}
			}, "yes", "",
		},
		{
			"twice", func(id string) []string {
				return []string{strings.Repeat(`{"return": "yes", "id": "`+id+`"}`+"\n", 3)}
			}, "yes", "",
		},
		{
			"an error", func(id string) []string {
				return []string{`{"id": "` + id + `", "error": {"class": "GenericError", "desc": "Device 'x' not found"}}` + "\n"}
			}, "", "ask: Device 'x' not found",
		},
		{
			"another type", func(id string) []string { return []string{`{"return": {}, "id": "` + id + `"}` + "\n"} },
			"", "ask: json: cannot unmarshal object into Go value of type string",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, _ := answering(t, func(_, id string) []string { return c.reply(id) })
			for range 2 {
				var got string
				err := q.execute(t.Context(), "ask", map[string]any{"what": "x"}, &got)
				if c.err != "" {
					require.EqualError(t, err, c.err)
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, c.want, got)
			}
			assert.Empty(t, q.pending)
		})
	}
}

func TestQMPStart(t *testing.T) {
	var asked []string
	q, events := answering(t, func(command, id string) []string {
		asked = append(asked, command)
		return []string{`{"event": "STOP"}` + "\n" + `{"return": {}, "id": "` + id + `"}` + "\n"}
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	tired := errors.New("tired")
	cancel(tired)
	require.ErrorIs(t, q.start(ctx), tired, "before the greeting")
	_, err := q.Write([]byte(greeting + greeting))
	require.NoError(t, err)
	require.NoError(t, q.start(t.Context()))
	assert.Equal(t, []string{"qmp_capabilities"}, asked)
	assert.Equal(t, []string{"STOP "}, *events)
}

func TestQMPGivesUp(t *testing.T) {
	t.Run("with the context", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		tired := errors.New("tired")
		q, _ := answering(t, func(string, string) []string { cancel(tired); return nil })
		err := q.execute(ctx, "ask", nil, nil)
		require.ErrorIs(t, err, tired)
		require.EqualError(t, err, "ask: tired")
		assert.Empty(t, q.pending)
	})
	t.Run("when QEMU ends", func(t *testing.T) {
		var q *qmp
		q, _ = answering(t, func(string, string) []string { q.end(); return nil })
		require.ErrorIs(t, q.execute(t.Context(), "ask", nil, nil), errQMPEnded)
		require.ErrorIs(t, q.execute(t.Context(), "ask again", nil, nil), errQMPEnded)
	})
	t.Run("when it cannot be told", func(t *testing.T) {
		gone, w := io.Pipe()
		gone.Close()
		q := newQMP(w, nil)
		require.ErrorIs(t, q.execute(t.Context(), "ask", nil, nil), errQMPEnded)
		assert.Empty(t, q.pending)
	})
}

// However QEMU's output is cut, each message counts once and in order.
func FuzzQMP(f *testing.F) {
	f.Add(greeting+`{"event": "A"}`+"\n"+`{"event": "B", "data": {"x": 1}}`+"\r\n", uint8(3))
	f.Add("{\"event\": \"A\"}\n{\"return\": {}, \"id\": \"1\"}\n{\"event\"", uint8(1))
	f.Add("\n\n{}\n[]\nnull\n", uint8(0))
	f.Fuzz(func(t *testing.T, output string, size uint8) {
		read := func(size int) (events []string, answered int) {
			q := newQMP(io.Discard, func(e qmpEvent) { events = append(events, e.Name) })
			answers := make(chan qmpMessage, 1)
			q.pending["1"] = answers
			for rest := output; rest != ""; {
				n := min(size, len(rest))
				written, err := q.Write([]byte(rest[:n]))
				require.NoError(t, err)
				require.Equal(t, n, written)
				rest = rest[n:]
			}
			q.end()
			return events, len(answers)
		}
		whole, answered := read(max(len(output), 1))
		cut, answeredCut := read(int(size) + 1)
		assert.Equal(t, whole, cut)
		assert.Equal(t, answered, answeredCut)
	})
}

func TestFindPorts(t *testing.T) {
	const header = "Hub -1 (net):\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\n"
	line := func(port, inside int) string {
		return fmt.Sprintf("  TCP[HOST_FORWARD]  12       127.0.0.1 %5d       10.0.2.15 %5d     0     0\r\n", port, inside)
	}
	const connection = "  TCP[ESTABLISHED]  16       127.0.0.1 40001       10.0.2.15    22     0     0\r\n"
	found, err := findPorts(header + line(40001, 22) + connection + line(40002, 2222) + line(1, 80))
	require.NoError(t, err)
	assert.Len(t, found, 2)
	assert.Equal(t, 40001, found["toolbox"])
	assert.Equal(t, 40002, found["target"])

	_, err = findPorts(header + line(40001, 22))
	require.EqualError(t, err, "QEMU forwards no port to the door target")
	_, err = findPorts("")
	require.ErrorIs(t, err, errNoDoor)
	_, err = findPorts("TCP[HOST_FORWARD] 12 127.0.0.1 many 10.0.2.15 22")
	require.ErrorContains(t, err, `read QEMU's ports from "TCP[HOST_FORWARD] 12 127.0.0.1 many 10.0.2.15 22"`)
}

func FuzzFindPorts(f *testing.F) {
	f.Add("  TCP[HOST_FORWARD]  12       127.0.0.1 40123       10.0.2.15    22     0     0\r\nTCP[HOST_FORWARD] 1 127.0.0.1 1 10.0.2.15 2222\n")
	f.Add("HOST_FORWARD 99999999999999999999")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := findPorts(text)
		if err != nil {
			assert.Nil(t, found)
			return
		}
		assert.Len(t, found, len(doorPorts))
		for door, port := range found {
			assert.Positive(t, port, door)
			assert.Less(t, port, 1<<16, door)
		}
	})
}
