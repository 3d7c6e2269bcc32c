package cluster

import (
	"os/exec"
	"syscall"
)

// own gives cmd a process group, so that a Ctrl-C in the terminal does not reach it.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func end(cmd *exec.Cmd) error { return cmd.Process.Kill() }
