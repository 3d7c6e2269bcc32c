package machine

import (
	"bytes"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// serverDir is where a machine's SSH servers have their files.
const serverDir = "/run/airship"

// sshdPath is the toolbox's SSH server; it insists on being started by an absolute path.
const sshdPath = "/usr/sbin/sshd"

// ServerCommand starts the SSH server behind door, inside the machine, on the connection that is
// its stdin and stdout.
func ServerCommand(door Door) []string {
	return []string{sshdPath, "-i", "-e", "-f", serverConfig(door)}
}

// DaemonCommand starts a server behind door that listens on a TCP port, and stays.
func DaemonCommand(door Door, port int) []string {
	return []string{sshdPath, "-D", "-e", "-f", serverConfig(door), "-p", strconv.Itoa(port)}
}

func serverConfig(door Door) string { return path.Join(serverDir, "sshd_"+string(door)) }

// ServerFiles are the files that the SSH servers need inside, by path; each is for root alone
// (mode 0600). proxies are NAME=VALUE pairs for the environment of what runs there.
func ServerFiles(c Credentials, proxies []string) (map[string][]byte, error) {
	files := map[string][]byte{
		path.Join(serverDir, "host_key"):        c.HostKey,
		path.Join(serverDir, "authorized_keys"): c.AuthorizedKey(),
	}
	for _, door := range []Door{Toolbox, TargetDoor} {
		config, err := sshdConfig(door, proxies)
		if err != nil {
			return nil, err
		}
		files[serverConfig(door)] = config
	}
	return files, nil
}

// SearchPath is root's PATH on Debian.
const SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// sshdConfig is the sshd_config(5) of a door.
func sshdConfig(door Door, proxies []string) ([]byte, error) {
	var b bytes.Buffer
	for _, line := range []string{
		"HostKey " + path.Join(serverDir, "host_key"),
		"AuthorizedKeysFile " + path.Join(serverDir, "authorized_keys"),
		"AuthenticationMethods publickey",
		"PermitRootLogin prohibit-password",
		"StrictModes no", // the directory is in memory and root's alone
		"Ciphers " + cipher,
		"KexAlgorithms " + keyExchange,
		"UseDNS no",
		"UsePAM no",
		"PrintMotd no",
		"PrintLastLog no",
		"Compression no",
		"DisableForwarding yes",
		"MaxSessions 1000",
		// All come from one address and hold one key: none is turned away for being one of many, nor for
		// what another did.
		"MaxStartups 1000",
		"PerSourcePenalties no",
		"PidFile none",
		"LogLevel ERROR",
		"Subsystem sftp internal-sftp",
	} {
		fmt.Fprintln(&b, line)
	}
	switch door {
	case Toolbox:
		// Session sends variables here, so that no secret is ever on a command line.
		fmt.Fprintln(&b, "AcceptEnv *")
	case TargetDoor:
		fmt.Fprintln(&b, "ChrootDirectory "+Target)
	default:
		return nil, fmt.Errorf("no door %q", door)
	}
	// Only the first SetEnv of a file counts.
	b.WriteString("SetEnv")
	for _, pair := range append([]string{"PATH=" + SearchPath, "LC_ALL=C.UTF-8", "TMPDIR=/tmp"}, proxies...) {
		quoted, err := quoteOption(pair)
		if err != nil {
			return nil, err
		}
		b.WriteString(" " + quoted)
	}
	b.WriteString("\n")
	return b.Bytes(), nil
}

// quoteOption quotes an argument of sshd_config, where a backslash escapes quotes and itself.
func quoteOption(text string) (string, error) {
	if name, _, _ := strings.Cut(text, "="); strings.ContainsAny(text, "\n\r\x00") {
		return "", fmt.Errorf("the value of %s has a line break", name)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`, nil
}
