package userns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/airshipit/packer-plugin-airship/internal/tail"
)

// waitDelay is how long output is read after a process has ended.
const waitDelay = time.Second

// Process is a running entry.
type Process struct {
	cmd   *exec.Cmd
	life  *os.File     // its end ends the process
	said  *tail.Buffer // what it wrote to stdout and stderr
	done  chan struct{}
	err   error
	close sync.Once
}

// Start starts a job. The caller must end it with Kill or see its end with Wait.
func (m Mapping) Start(ctx context.Context, job Job) (*Process, error) {
	exe, err := executable(m.Shifted())
	if err != nil {
		return nil, err
	}
	defer exe.Close()
	requests, life, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer requests.Close()
	reports, write, err := os.Pipe()
	if err != nil {
		life.Close()
		return nil, err
	}
	defer write.Close()
	p := &Process{life: life, said: &tail.Buffer{}, done: make(chan struct{})}
	err = m.launch(ctx, p, job, exe, requests, write)
	if err != nil {
		life.Close()
		reports.Close()
		return nil, err
	}
	go p.follow(reports, job.Progress)
	return p, nil
}

func (m Mapping) launch(ctx context.Context, p *Process, job Job, exe, requests, reports *os.File) error {
	head := envelope{Entry: job.Entry, Files: len(job.Files), Request: job.Request}
	files := []*os.File{requests, reports}
	if job.Dir != "" {
		dir, err := os.Open(job.Dir)
		if err != nil {
			return err
		}
		defer dir.Close()
		head.Dir, files = true, append(files, dir)
	}
	files = append(files, job.Files...)
	request, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("request of %s: %w", job.Entry, err)
	}

	stage := stageRun
	if !m.Direct {
		stage = stageMap
	}
	p.cmd = &exec.Cmd{
		Path: "/proc/self/fd/" + strconv.Itoa(3+len(files)),
		Args: []string{argv0, stage},
		// What runs in the namespace can read this, and has no business with the caller's tokens.
		Env:        []string{"PATH=" + os.Getenv("PATH")},
		Stdout:     p.said,
		Stderr:     p.said,
		ExtraFiles: append(files, exe),
		// Children of the entry that outlive it may hold its stdout and stderr.
		WaitDelay: waitDelay,
		SysProcAttr: &syscall.SysProcAttr{
			// Ctrl-C goes to the foreground process group: without one of its own the job would
			// die before its starter has undone anything.
			Setpgid:    true,
			Cloneflags: syscall.CLONE_NEWUSER | job.Namespaces,
		},
	}
	if m.Direct {
		p.cmd.SysProcAttr.UidMappings = sysProcIDs(m.UIDs)
		p.cmd.SysProcAttr.GidMappings = sysProcIDs(m.GIDs)
		p.cmd.SysProcAttr.GidMappingsEnableSetgroups = true
		p.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 0, Gid: 0}
	}
	if err := p.cmd.Start(); err != nil {
		return &stepError{stepClone, err}
	}
	if !m.Direct {
		if err := m.mapIDs(ctx, p.cmd.Process.Pid); err != nil {
			p.abort()
			return &stepError{stepMap, err}
		}
		request = append([]byte("\n"), request...)
	}
	if _, err := p.life.Write(request); err != nil {
		p.abort()
		return fmt.Errorf("start %s: %w: %s", job.Entry, err, p.said)
	}
	return nil
}

// mapIDs maps the ids of the waiting process pid by newuidmap(1) and newgidmap(1).
func (m Mapping) mapIDs(ctx context.Context, pid int) error {
	for tool, extents := range map[string][]Extent{"newuidmap": m.UIDs, "newgidmap": m.GIDs} {
		args := append([]string{strconv.Itoa(pid)}, arguments(extents)...)
		cmd := exec.CommandContext(ctx, tool, args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as for the job: Ctrl-C is its starter's
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", tool, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

func sysProcIDs(extents []Extent) []syscall.SysProcIDMap {
	var ids []syscall.SysProcIDMap
	for _, e := range extents {
		ids = append(ids, syscall.SysProcIDMap{
			ContainerID: int(e.Inside), HostID: int(e.Outside), Size: int(e.Count),
		})
	}
	return ids
}

// follow reads the reports to their end and then waits for the process.
func (p *Process) follow(reports *os.File, progress func(string)) {
	defer close(p.done)
	defer reports.Close()
	decoder := json.NewDecoder(reports)
	var last report
	var err error
	for !last.Done {
		last = report{}
		if err = decoder.Decode(&last); err != nil {
			break
		}
		if progress != nil && !last.Done {
			progress(last.Line)
		}
	}
	exit := p.cmd.Wait()
	switch {
	case last.Done:
		p.err = last.err()
	case exit != nil:
		p.err = fmt.Errorf("process in the user namespace: %w: %s", exit, p.said)
	case !errors.Is(err, io.EOF):
		p.err = fmt.Errorf("process in the user namespace: %w", err)
	default:
		p.err = fmt.Errorf("process in the user namespace ended without a word: %s", p.said)
	}
	p.release()
}

func (p *Process) release() { p.close.Do(func() { p.life.Close() }) }

func (p *Process) abort() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Output is the end of what the process and its children wrote to stdout and stderr.
func (p *Process) Output() string { return p.said.String() }

// Wait waits for the end and returns the entry's error.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Kill ends the process (with CLONE_NEWPID, all that it started too) and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	p.release()
	<-p.done
}

// Run runs a job to its end. When ctx ends, the job is killed.
func (m Mapping) Run(ctx context.Context, job Job) error {
	p, err := m.Start(ctx, job)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	err = p.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// stepError says at which step a start broke off.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return "start a user namespace: " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }
