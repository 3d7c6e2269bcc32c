package osconfig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
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

// TaskError is a task of the role that failed on the target.
type TaskError struct {
	// Task is the task's name in the role.
	Task string
	// Item is what the task was doing it to; empty where it has no items.
	Item string
	// Message is the module's, and after it the last lines of a command's output.
	Message string
}

func (e *TaskError) Error() string {
	where := fmt.Sprintf("task %q", e.Task)
	if e.Item != "" {
		where += fmt.Sprintf(", item %q", e.Item)
	}
	return where + ": " + e.Message
}

// event is a line of the callback plugin airship_events.
type event struct {
	// Event is task (one starts), item (of a loop), result (of the whole task) or recap.
	Event string `json:"event"`
	Task  string `json:"task"`
	// Item is the item's label; empty where the task has no_log.
	Item string `json:"item"`
	// Status is ok, changed, skipped, ignored or failed.
	Status  string `json:"status"`
	Message string `json:"message"`
	// Output holds the last lines that a command wrote.
	Output string `json:"output"`
	// Hidden: the task has no_log, so neither item nor message is there.
	Hidden bool `json:"hidden"`

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

	line    bytes.Buffer
	changed []string // the current task's items
	items   int      // the current task's items so far
	recap   Recap
	ended   bool
	failure *TaskError
}

func (r *eventReader) Write(data []byte) (int, error) {
	r.line.Write(data)
	for {
		end := bytes.IndexByte(r.line.Bytes(), '\n')
		if end < 0 {
			return len(data), nil
		}
		var e event
		// Ansible's own lines between the events say nothing that an event does not.
		if json.Unmarshal(r.line.Next(end+1), &e) == nil {
			r.take(e)
		}
	}
}

func (r *eventReader) take(e event) {
	switch e.Event {
	case "task":
		r.changed, r.items = nil, 0
	case "item":
		r.items++
		switch {
		case e.Status == "failed":
			if e.Item == "" {
				e.Item = fmt.Sprintf("number %d", r.items)
			}
			r.fail(e)
		case e.Status == "changed" && e.Item != "":
			r.changed = append(r.changed, e.Item)
		}
	case "result":
		if e.Status == "failed" {
			r.fail(e)
		}
		text := e.Task + ": " + e.Status
		if e.Status == "changed" && len(r.changed) > 0 {
			text += " (" + strings.Join(r.changed, ", ") + ")"
		}
		r.progress("%s", r.hidden.redact(text))
	case "recap":
		r.recap = Recap{OK: e.OK, Changed: e.Changed, Skipped: e.Skipped, Failed: e.Failed}
		r.ended = true
	}
}

// fail keeps the first failure: a loop's own result only says that an item failed.
func (r *eventReader) fail(e event) {
	if r.failure != nil {
		return
	}
	message := strings.TrimSpace(strings.TrimPrefix(e.Message, "Task failed: "))
	if e.Hidden {
		message = "its message is not shown, since the task handles passwords"
	}
	if output := strings.TrimSpace(e.Output); output != "" && !strings.Contains(message, output) {
		message += ":\n" + output
	}
	r.failure = &TaskError{
		Task:    r.hidden.redact(e.Task),
		Item:    r.hidden.redact(e.Item),
		Message: r.hidden.redact(message),
	}
}
