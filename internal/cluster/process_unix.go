//go:build unix

package cluster

import (
	"os/exec"
	"syscall"
)

// own gives cmd a process group, so that what it starts ends with it.
func own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func end(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
