package sops

import (
	"os/exec"
	"syscall"
)

// DETACHED_PROCESS of CreateProcess: no console, so that nothing is asked on one.
const detached = 0x8

func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP | detached}
}

func end(cmd *exec.Cmd) error { return cmd.Process.Kill() }

func run(cmd *exec.Cmd) error { return cmd.Run() }
