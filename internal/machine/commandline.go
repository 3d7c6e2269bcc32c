package machine

import (
	"slices"
	"strings"
)

type variable struct{ name, value string }

// sshdSets are the variables whose values from the SSH server win over what a client sends.
var sshdSets = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "MAIL", "LC_ALL", "TMPDIR",
	"http_proxy", "https_proxy", "no_proxy",
}

// unwanted are variables of the SSH server and its shell that are not in a machine's environment.
var unwanted = []string{
	"USER", "LOGNAME", "SHELL", "MAIL", "SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY",
	"PWD", "OLDPWD", "SHLVL", "_",
}

// commandLine is the line that an SSH server's shell executes c by, and the variables to send
// ahead of it: what is on a command line can be read by every user of the host.
func commandLine(c Command) (line string, send []variable) {
	args := []string{"env"}
	for _, name := range unwanted {
		args = append(args, "-u", name)
	}
	args = append(args, "HOME=/root")
	for _, pair := range c.Env {
		name, value, _ := strings.Cut(pair, "=")
		if slices.Contains(sshdSets, name) || slices.Contains(unwanted, name) {
			args = append(args, pair)
		} else {
			send = append(send, variable{name, value})
		}
	}
	if c.Chroot {
		args = append(args, "chroot", Target)
	}
	return "exec " + Quote(append(args, c.Args...)...), send
}

// Quote makes a line that a POSIX shell splits into args again.
func Quote(args ...string) string {
	var quoted []string
	for _, arg := range args {
		quoted = append(quoted, "'"+strings.ReplaceAll(arg, "'", `'\''`)+"'")
	}
	return strings.Join(quoted, " ")
}
