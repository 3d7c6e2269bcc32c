package userns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Main is called first in main and in TestMain. In a normal run it returns at once; in a process
// that this package started it runs one of entries, or one of this package's own, and never
// returns.
func Main(entries map[string]Entry) {
	if len(os.Args) != 2 || os.Args[0] != argv0 {
		return
	}
	if os.Args[1] == stageMap {
		awaitMap()
	}
	os.Exit(serve(entries))
}

// awaitMap waits for the starter's word that the ids are mapped and executes the binary again.
func awaitMap() {
	var word [1]byte
	if _, err := unix.Read(fdRequest, word[:]); err != nil || word[0] != '\n' {
		os.Exit(1)
	}
	err := unix.Exec("/proc/self/exe", []string{argv0, stageRun}, os.Environ())
	fmt.Fprintln(os.Stderr, "exec again:", err)
	os.Exit(1)
}

func serve(entries map[string]Entry) int {
	unix.CloseOnExec(fdRequest)
	unix.CloseOnExec(fdReport)
	requests, reports := os.NewFile(fdRequest, "request"), os.NewFile(fdReport, "report")

	decoder := json.NewDecoder(requests)
	var request json.RawMessage
	head := envelope{Request: &request}
	if err := decoder.Decode(&head); err != nil {
		return 1 // the starter is gone
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, requests)
		cancel(errors.New("the process that started this one has ended"))
		time.Sleep(exitGrace)
		os.Exit(1)
	}()

	lines := &reporter{to: json.NewEncoder(reports)}
	err := run(ctx, entries, head, Call{Request: request, Progress: lines.progress})
	lines.send(ended(err))
	return 0
}

func run(ctx context.Context, entries map[string]Entry, head envelope, call Call) error {
	next := fdRest
	if head.Dir {
		if err := unix.Fchdir(next); err != nil {
			return fmt.Errorf("enter the working directory: %w", err)
		}
		_ = unix.Close(next)
		next++
	} else if err := os.Chdir("/"); err != nil {
		return err
	}
	for i := range head.Files {
		unix.CloseOnExec(next + i)
		call.Files = append(call.Files, os.NewFile(uintptr(next+i), "file "+strconv.Itoa(i)))
	}
	entry, known := own[head.Entry]
	if !known {
		entry, known = entries[head.Entry]
	}
	if !known {
		return fmt.Errorf("no entry %q in this binary", head.Entry)
	}
	return entry(ctx, call)
}

// own are this package's entries.
var own = map[string]Entry{
	entryProbe:  probe,
	entryRemove: remove,
}

// reporter writes reports of several goroutines.
type reporter struct {
	mu sync.Mutex
	to *json.Encoder
}

// send drops what nobody reads any more: the process ends with its starter anyway.
func (r *reporter) send(one report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.to.Encode(one)
}

func (r *reporter) progress(format string, args ...any) {
	r.send(report{Line: fmt.Sprintf(format, args...)})
}
