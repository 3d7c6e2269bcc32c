package toolbox

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// base-passwd's lists of the system's fixed users (passwd(5)) and groups (group(5)).
const (
	passwdMaster = "usr/share/base-passwd/passwd.master"
	groupMaster  = "usr/share/base-passwd/group.master"
)

// sshd is the user of sshd's unprivileged half, with the home it changes its root to. Packages choose its
// number when they are configured; here it is the first one free for that.
const sshd = "sshd:*:100:65534::/run/sshd:/usr/sbin/nologin\n"

// shadowGroup is the number of the group shadow, fixed by Debian's policy.
const shadowGroup = 42

// userFiles are passwd, group, shadow and gshadow. Nobody has a password; "*" forbids it without locking the
// account, for sshd refuses keys for a locked one ("!").
func userFiles(inputs map[string][]byte) ([]entry, error) {
	for _, name := range []string{passwdMaster, groupMaster} {
		if _, ok := inputs[name]; !ok {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	users := slices.Concat(withNewline(inputs[passwdMaster]), []byte(sshd))
	passwd, shadow, err := shadowed(users, "*::0:99999:7:::")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", passwdMaster, err)
	}
	group, gshadow, err := shadowed(inputs[groupMaster], "*::")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", groupMaster, err)
	}
	return []entry{
		fileEntry("etc/passwd", string(passwd)),
		fileEntry("etc/group", string(group)),
		{name: "etc/shadow", mode: 0o640, gid: shadowGroup, content: string(shadow)},
		{name: "etc/gshadow", mode: 0o640, gid: shadowGroup, content: string(gshadow)},
	}, nil
}

// shadowed splits the lines of passwd(5) or group(5) as pwconv(8) does: the second field becomes x, and each
// name gets a line in shadow(5) or gshadow(5) that ends in fields.
func shadowed(master []byte, fields string) (open, secret []byte, err error) {
	for line := range strings.Lines(string(withNewline(master))) {
		name, rest, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return nil, nil, fmt.Errorf("line %q has no name", line)
		}
		_, rest, ok = strings.Cut(rest, ":")
		if !ok {
			return nil, nil, fmt.Errorf("line %q has too few fields", line)
		}
		open = append(open, name+":x:"+rest...)
		secret = append(secret, name+":"+fields+"\n"...)
	}
	return open, secret, nil
}

// withNewline ends text in a newline, where it is not empty.
func withNewline(text []byte) []byte {
	if len(text) == 0 || bytes.HasSuffix(text, []byte("\n")) {
		return text
	}
	return append(text, '\n')
}
