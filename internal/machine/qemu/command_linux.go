package qemu

import (
	"os/exec"
	"runtime"
	"syscall"
)

// own gives cmd a process group and lets the kernel end it when this process dies by kill -9.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func end(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// Run starts cmd and waits for it. The thread is held all the while: a parent-death signal follows
// the thread that started the process, not the process.
func Run(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}
