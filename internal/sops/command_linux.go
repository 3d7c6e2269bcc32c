package sops

import (
	"os/exec"
	"runtime"
	"syscall"
)

// detach takes the terminal from cmd, and lets the kernel end it when this process dies by kill -9.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

func end(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// run starts cmd and waits for it. The thread is held all the while: a parent-death signal follows
// the thread that started the process, not the process.
func run(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}
