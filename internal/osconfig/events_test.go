package osconfig

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEventReader(t *testing.T) {
	output := strings.Join([]string{
		`[WARNING]: a line of Ansible's own`,
		`{"event": "task", "task": "Make the accounts"}`,
		`{"event": "item", "task": "Make the accounts", "item": "one", "status": "changed"}`,
		`{"event": "item", "task": "Make the accounts", "item": "two", "status": "ok"}`,
		`{"event": "result", "task": "Make the accounts", "item": "", "status": "changed"}`,
		`{"event": "task", "task": "Set the passwords"}`,
		`{"event": "item", "task": "Set the passwords", "item": "", "status": "ok", "hidden": true}`,
		`{"event": "item", "task": "Set the passwords", "item": "", "status": "failed", "message": "", "hidden": true}`,
		`{"event": "result", "task": "Set the passwords", "item": "", "status": "failed", "message": "One or more items failed"}`,
		`{"event": "recap", "ok": 1, "changed": 1, "skipped": 0, "failed": 1}`,
		"",
	}, "\n")
	var progress lines
	reader := newEventReader(progress.add, nil)
	_, err := io.Copy(onlyWriter{reader}, iotest.OneByteReader(strings.NewReader(output)))
	require.NoError(t, err)

	assert.Equal(t, []string{"Make the accounts: changed (one)", "Set the passwords: failed"}, progress.all)
	assert.Equal(t, Recap{OK: 1, Changed: 1, Failed: 1}, reader.recap)
	assert.Equal(t, "2 tasks, 1 changed, 1 failed", reader.recap.String())
	assert.True(t, reader.ended)
	require.NotNil(t, reader.failure)
	assert.EqualError(t, reader.failure,
		`task "Set the passwords", item "number 2": its message is not shown, since the task handles passwords`)
}

func TestEventReaderShowsOutput(t *testing.T) {
	reader := newEventReader(func(string, ...any) {}, secrets{"a-planted-secret"})
	_, err := io.WriteString(reader, `{"event": "result", "task": "Run the scripts", "status": "failed", `+
		`"message": "non-zero return code", "output": "line one\na-planted-secret is wrong"}`+"\n")
	require.NoError(t, err)
	assert.EqualError(t, reader.failure,
		"task \"Run the scripts\": non-zero return code:\nline one\n<redacted> is wrong")
}

func FuzzEventReader(f *testing.F) {
	f.Add(`{"event": "item", "task": "T", "item": "I", "status": "failed", "message": "a-planted-secret"}` + "\n")
	f.Add("{\n")
	f.Fuzz(func(t *testing.T, output string) {
		var progress lines
		reader := newEventReader(progress.add, secrets{"a-planted-secret"})
		n, err := io.WriteString(reader, output)
		require.NoError(t, err)
		assert.Equal(t, len(output), n)
		assert.NotContains(t, strings.Join(progress.all, "\n"), "a-planted-secret")
		if reader.failure != nil {
			assert.NotContains(t, reader.failure.Error(), "a-planted-secret")
		}
	})
}

// onlyWriter hides every method but Write, so that io.Copy uses it.
type onlyWriter struct{ io.Writer }
