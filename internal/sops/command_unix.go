//go:build unix && !linux

package sops

import (
	"os/exec"
	"syscall"
)

// detach takes the terminal from cmd.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func end(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

func run(cmd *exec.Cmd) error { return cmd.Run() }
