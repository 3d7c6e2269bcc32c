package osconfig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Recap counts the tasks of a run by how they ended.
type Recap struct {
	OK, Changed, Skipped, Failed int
}

// String is one line: 3 tasks, 2 changed.
func (r Recap) String() string {
	text := fmt.Sprintf("%d tasks, %d changed", r.OK+r.Skipped+r.Failed, r.Changed)
	if r.Failed > 0 {
		text += fmt.Sprintf(", %d failed", r.Failed)
	}
	return text
}

// problem is what a task says is wrong with one item of the profile.
type problem struct {
	// Field is the item's in the profile; empty where Package or nothing tells it.
	Field string `json:"field"`
	// Package is what apt could not install.
	Package string `json:"package"`
	Problem string `json:"problem"`
}

// event is a line of the callback plugin airship_events.
type event struct {
	// Event is task (one starts), item (of a loop), result (of the whole task), nohosts (a play for
	// other hosts than target) or recap.
	Event string `json:"event"`
	Task  string `json:"task"`
	// Item is the item's label; empty where the task has no_log.
	Item string `json:"item"`
	// Status is ok, changed, skipped, ignored, failed or unreachable.
	Status  string `json:"status"`
	Message string `json:"message"`
	// Output holds the last lines that a command wrote.
	Output string `json:"output"`
	// Hidden: the task has no_log, so neither item nor message is there.
	Hidden bool `json:"hidden"`
	// Place is FILE:LINE of a task that failed.
	Place string `json:"place"`
	// Problems are a failed task's, item by item; Changes what a task changed.
	Problems []problem `json:"problems"`
	Changes  []string  `json:"changes"`

	OK      int `json:"ok"`
	Changed int `json:"changed"`
	Skipped int `json:"skipped"`
	Failed  int `json:"failed"`
}

// eventReader takes ansible-playbook's standard output and turns it into progress, a recap and the
// first failure. It is an io.Writer, so that lines appear as they come.
type eventReader struct {
	progress func(format string, args ...any)
	hidden   secrets
	// place turns paths of the machine in a text into those that the operator knows.
	place func(string) string
	// verbose shows Ansible's own lines, too.
	verbose bool

	line    bytes.Buffer
	changed []string // the current task's items
	items   int      // the current task's items so far
	failed  bool     // the current task
	recap   Recap
	ended   bool
	failure error

	lock  sync.Mutex // of the two below
	task  string     // the current task
	began time.Time
}

func newEventReader(progress func(format string, args ...any), hidden secrets) *eventReader {
	return &eventReader{progress: progress, hidden: hidden, place: func(text string) string { return text }}
}

// quietTime is how long a task may take before it is said that it goes on.
const quietTime = 15 * time.Second

// watch says now and then what a long task is. The function it returns ends that.
func (r *eventReader) watch() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(quietTime)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				r.lock.Lock()
				task, since := r.task, time.Since(r.began)
				r.lock.Unlock()
				if task != "" && since >= quietTime {
					r.progress("%s: for %d s so far", r.hidden.redact(task), int(since.Seconds()))
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}

// doing is the task from now on; empty for none.
func (r *eventReader) doing(task string) {
	r.lock.Lock()
	r.task, r.began = task, time.Now()
	r.lock.Unlock()
}

func (r *eventReader) Write(data []byte) (int, error) {
	r.line.Write(data)
	for {
		end := bytes.IndexByte(r.line.Bytes(), '\n')
		if end < 0 {
			return len(data), nil
		}
		line := r.line.Next(end + 1)
		var e event
		switch {
		case json.Unmarshal(line, &e) == nil:
			r.take(e)
		case r.verbose:
			if text := strings.TrimSpace(string(line)); text != "" {
				r.progress("%s", r.hidden.redact(r.place(text)))
			}
		}
		// Else Ansible's own lines between the events say nothing that an event does not.
	}
}

func (r *eventReader) take(e event) {
	switch e.Event {
	case "task":
		r.changed, r.items, r.failed = nil, 0, false
		r.doing(e.Task)
	case "item":
		r.items++
		switch {
		case e.Status == "failed":
			if e.Item == "" {
				e.Item = fmt.Sprintf("number %d", r.items)
			}
			r.fail(e)
		case e.Status == "changed" && len(e.Changes) > 0:
			r.changed = append(r.changed, e.Changes...)
			r.doing(e.Task)
		case e.Status == "changed" && e.Item != "":
			r.changed = append(r.changed, e.Item)
			r.doing(e.Task)
		}
	case "result":
		r.doing("")
		r.result(e)
	case "nohosts":
		r.progress("a play of yours names other hosts than target and all: nothing was done for it")
	case "recap":
		r.recap = Recap{OK: e.OK, Changed: e.Changed, Skipped: e.Skipped, Failed: e.Failed}
		r.ended = true
	}
}

// shownChanges bounds how many of a task's changes its line names.
const shownChanges = 4

func (r *eventReader) result(e event) {
	if e.Status == "failed" || e.Status == "unreachable" {
		r.fail(e)
	}
	if e.Status == "skipped" {
		return
	}
	text := e.Task + ": " + e.Status
	changed := append(r.changed, e.Changes...)
	if more := len(changed) - shownChanges; more > 1 {
		changed = append(changed[:shownChanges:shownChanges], fmt.Sprintf("%d more", more))
	}
	if e.Status == "changed" && len(changed) > 0 {
		text += " (" + strings.Join(changed, ", ") + ")"
	}
	r.progress("%s", r.hidden.redact(text))
}

// fail keeps the last task's failure, as earlier ones were rescued or ignored. Of a loop the first item's is
// kept: its own result only says that an item failed.
func (r *eventReader) fail(e event) {
	if r.failed {
		return
	}
	r.failed = true
	clean := func(text string) string { return r.hidden.redact(r.place(text)) }
	message := strings.TrimSpace(strings.TrimPrefix(e.Message, "Task failed: "))
	if e.Status == "unreachable" {
		r.failure = &LostError{Task: clean(e.Task), Message: clean(message)}
		return
	}
	if e.Hidden {
		message = "its message is not shown, since the task handles passwords"
	}
	if output := strings.TrimSpace(e.Output); output != "" && !strings.Contains(message, output) {
		message += ":\n" + output
	}
	failure := &TaskError{Task: clean(e.Task), Item: clean(e.Item), Message: clean(message)}
	if place := r.place(e.Place); !strings.HasPrefix(place, "roles/") && !strings.HasPrefix(place, "configure.yaml") {
		failure.Place = place
	}
	for _, p := range e.Problems {
		failure.Problems = append(failure.Problems, &mistake.Mistake{Field: p.Field, Problem: clean(p.Problem)})
		failure.packages = append(failure.packages, p.Package)
	}
	if len(e.Problems) > 0 {
		failure.Message = clean(strings.TrimSpace(e.Output))
	}
	r.failure = failure
}
