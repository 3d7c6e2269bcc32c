package qemu

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// How a machine ended, by what QEMU and its console told.
func TestJudge(t *testing.T) {
	const panics = "[    1.0] Kernel panic - not syncing: out of luck\n"
	event := func(name, data string) func(*process) {
		return func(p *process) { p.happened(qmpEvent{name, json.RawMessage(data)}) }
	}
	all := func(steps ...func(*process)) func(*process) {
		return func(p *process) {
			for _, step := range steps {
				step(p)
			}
		}
	}
	stderr := func(text string) func(*process) {
		return func(p *process) { _, _ = p.stderr.Write([]byte(text)) }
	}
	off := event("SHUTDOWN", `{"guest": true, "reason": "guest-shutdown"}`)
	reset := event("SHUTDOWN", `{"guest": true, "reason": "guest-reset"}`)
	const warning = "qemu-system-x86_64: warning: TCG doesn't support requested feature\n"
	for _, c := range []struct {
		name    string
		console string
		before  func(*process)
		exit    error
		want    string // empty: as it was to be
		died    bool
	}{
		{"turned off", "", all((*process).expectEnd, off), nil, "", false},
		{"turned off, but QEMU failed", "", all((*process).expectEnd, off, stderr("qemu: cannot flush\n")), errors.New("exit"), "the virtual machine has turned itself off", false},
		{"turned itself off", "", off, nil, "the virtual machine has turned itself off", false},
		{"closed", "", func(p *process) { p.closed = true }, errors.New("signal: killed"), "", false},
		{"panicked while it was to turn off", panics, all((*process).expectEnd, reset), nil, "the virtual machine's kernel panics: out of luck", true},
		{"panicked", panics, reset, nil, "the virtual machine's kernel panics: out of luck", true},
		{"panicked later", panics, all((*process).isReady, reset), nil, "the virtual machine's kernel panics: out of luck", false},
		{"reset", "", reset, nil, "the virtual machine has reset itself", true},
		{"its script gave up", "airship: there is no disk seed\n", off, nil, "the virtual machine: there is no disk seed", false},
		{"QEMU refused", "", stderr(warning + "qemu-system-x86_64: could not load kernel 'x'\n"), errors.New("exit status 1"), "QEMU: could not load kernel 'x'", false},
		{"ended after a warning", "", stderr(warning), nil, "QEMU was ended from outside", false},
		{"not started", "", func(*process) {}, errors.New("fork/exec /q: no such file or directory"), "QEMU: fork/exec /q: no such file or directory", false},
		{
			"the host's disk is full", panics,
			event("BLOCK_IO_ERROR", `{"device": "scratch", "nospace": true, "operation": "write", "action": "stop", "reason": "No space left on device"}`),
			errors.New("signal: killed"), "the file system of WORK is full", false,
		},
		{
			"the host's disk is broken", "",
			event("BLOCK_IO_ERROR", `{"device": "disk", "nospace": false, "operation": "write", "action": "report", "reason": "Input/output error"}`),
			errors.New("signal: killed"), "the virtual machine's disk disk: Input/output error", false,
		},
		{"the first problem counts", "", func(p *process) { p.giveUp("first"); p.giveUp("second") }, errors.New("signal: killed"), "first", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			work := t.TempDir()
			p := &process{console: filepath.Join(work, consoleFile), ended: make(chan struct{}), cancel: func() {}}
			require.NoError(t, os.WriteFile(p.console, []byte(strings.Repeat("earlier\n", 30)+c.console), 0o600))
			c.before(p)
			err := p.judge(c.exit)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			var end *EndError
			require.ErrorAs(t, err, &end)
			assert.Equal(t, strings.ReplaceAll(c.want, "WORK", work), end.Problem)
			assert.Len(t, end.Console, consoleLines)
			assert.Contains(t, end.Error(), end.Problem+"; its console:\n  earlier\n")
			assert.Equal(t, c.died, end.died)
		})
	}
}
