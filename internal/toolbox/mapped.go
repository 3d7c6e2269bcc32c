package toolbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// EntryTask is the name of the entry that main and TestMain hand to userns.Main for Mapped to work.
const EntryTask = "toolbox task"

// Mapped gives Options.Owner and Options.Inside for trees whose files belong to the ids of a user namespace.
func Mapped(m userns.Mapping) (owner string, inside func(context.Context, Task) error) {
	return m.Key(), func(ctx context.Context, t Task) error { return runMapped(ctx, m, t) }
}

// runMapped hands the packages over as open files: the mapped root may not pass the directories they lie in.
func runMapped(ctx context.Context, m userns.Mapping, t Task) error {
	if err := m.Chown(t.Tree); err != nil {
		return err
	}
	files := make([]*os.File, 0, len(t.Debs))
	defer func() {
		for _, file := range files {
			file.Close()
		}
	}()
	for _, d := range t.Debs {
		file, err := os.Open(d.Path)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	return m.Run(ctx, userns.Job{Entry: EntryTask, Request: t, Dir: t.Tree, Files: files})
}

// DoTask is the entry behind EntryTask: it does a Task in its working directory, with packages from open files.
func DoTask(ctx context.Context, call userns.Call) error {
	var t Task
	if err := json.Unmarshal(call.Request, &t); err != nil {
		return fmt.Errorf("toolbox task: %w", err)
	}
	if len(t.Debs) != len(call.Files) {
		return errors.New("toolbox task: not one open file for each package")
	}
	t.Tree = "."
	for i, file := range call.Files {
		t.Debs[i].Path = fmt.Sprintf("/proc/self/fd/%d", file.Fd())
	}
	all := []error{t.Do(ctx)}
	for _, file := range call.Files {
		all = append(all, file.Close())
	}
	return errors.Join(all...)
}
