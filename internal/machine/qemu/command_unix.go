//go:build unix && !linux

package qemu

import (
	"os/exec"
	"syscall"
)

// own gives cmd a process group.
func own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func end(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// Run starts cmd and waits for it.
func Run(cmd *exec.Cmd) error { return cmd.Run() }
