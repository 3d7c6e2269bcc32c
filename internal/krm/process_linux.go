package krm

import (
	"os/exec"
	"syscall"
)

// own keeps a terminal's Ctrl-C, which this process passes on, from reaching Packer twice: the second would end it at once. When this process is
// killed, Packer is told to end, and cleans up.
func own(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
