package namespace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// Init is the machine's first process: it builds the machine around itself, starts an SSH server
// for each connection that it is handed and reaps what has ended. When the host's end of the
// control socket closes it ends, and the kernel ends everything inside with it.
func Init(_ context.Context, call userns.Call) error {
	var r request
	if err := json.Unmarshal(call.Request, &r); err != nil {
		return err
	}
	if len(call.Files) == 0 {
		return errors.New("no control socket")
	}
	unix.Umask(0o022)
	if err := build(r, call.Files[1:]); err != nil {
		return err
	}
	// Children take over what this process ignores: it must be caught instead.
	signal.Notify(make(chan os.Signal, 1), unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	go reap()
	call.Progress(ready)
	return serve(call.Files[0])
}

// reap waits for every child and every orphan inside.
func reap() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	for range ended {
		for {
			var status unix.WaitStatus
			pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
			if pid <= 0 && !errors.Is(err, unix.EINTR) {
				break
			}
		}
	}
}

// serve starts an SSH server for each message on the control socket, to its end.
func serve(control *os.File) error {
	name := make([]byte, 64)
	rights := make([]byte, unix.CmsgSpace(4))
	for {
		n, rightsLength, _, _, err := unix.Recvmsg(int(control.Fd()), name, rights, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return os.NewSyscallError("recvmsg", err)
		}
		if n == 0 {
			return nil
		}
		if err := open(machine.Door(name[:n]), rights[:rightsLength]); err != nil {
			fmt.Fprintf(os.Stderr, "%s door: %v\n", name[:n], err)
		}
	}
}

// open starts the server behind door on the connection in rights. It does not wait for it, and
// not by os/exec either, which would compete with reap for its end.
func open(door machine.Door, rights []byte) error {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return err
	}
	if len(messages) != 1 {
		return fmt.Errorf("%d control messages instead of one", len(messages))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	conn := uintptr(fds[0])
	defer unix.Close(fds[0])
	args := machine.ServerCommand(door)
	if _, err := syscall.ForkExec(args[0], args, &syscall.ProcAttr{
		Dir: "/", Env: []string{"PATH=" + machine.SearchPath}, Files: []uintptr{conn, conn, 2},
	}); err != nil {
		return fmt.Errorf("start %s: %w", args[0], err)
	}
	return nil
}
