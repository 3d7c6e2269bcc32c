package bootcheck

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// guestDir is where the scripts lie in the guest: in memory.
const guestDir = "/run/airship-bootcheck"

// maxArgument is Linux's MAX_ARG_STRLEN, in bytes with its NUL.
const maxArgument = 128 << 10

// userData is a cloud-config (JSON is YAML) that starts the scripts and leaves alone what they ask
// about: no host name, no user, no package, no host keys but the quickest kind. They are a
// transient unit, so that it can wait for the end of the very boot that starts it.
func userData(q questions) ([]byte, error) {
	files, err := guestFiles(q)
	if err != nil {
		return nil, err
	}
	// The report goes there as well as what python3 complains about, outside any frame, which ends in the error.
	unit := fmt.Sprintf("python3 %[1]s/ask.py 2> %[2]s; systemctl poweroff --force --force", guestDir, q.Port)
	commands := []string{"mkdir -p " + guestDir}
	commands = append(commands, files...)
	commands = append(commands, "systemd-run --no-block --collect --unit=airship-bootcheck /bin/sh -c '"+unit+"'")
	start := strings.Join(commands, " && ")
	if len(start) >= maxArgument {
		return nil, errors.New("the profile names more files, units and parameters than the boot check can ask for; set verify_boot = false")
	}
	config, err := json.MarshalIndent(map[string]any{
		"preserve_hostname": true,
		"users":             []string{},
		// An RSA key takes an emulated processor seconds.
		"ssh_genkeytypes": []string{"ed25519"},
		"bootcmd":         [][]string{{"sh", "-c", start}},
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte("#cloud-config\n"), append(config, '\n')...), nil
}

// guestFiles are the shell commands that write the scripts and the questions into guestDir.
func guestFiles(q questions) ([]string, error) {
	asked, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	command, err := put("questions.json", asked)
	if err != nil {
		return nil, err
	}
	commands := []string{command}
	scripts, err := fs.Glob(askScripts, "ask/*.py")
	if err != nil {
		return nil, err
	}
	for _, name := range scripts {
		text, err := askScripts.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if command, err = put(strings.TrimPrefix(name, "ask/"), text); err != nil {
			return nil, err
		}
		commands = append(commands, command)
	}
	return commands, nil
}

// put writes a file with programs that every Debian has before anything is installed.
func put(name string, data []byte) (string, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(data); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return fmt.Sprintf("echo %s | base64 -d | gzip -d > %s/%s", base64.StdEncoding.EncodeToString(packed.Bytes()), guestDir, name), nil
}

// deadline leaves a fifth of the timeout to firmware and boot loader before the guest's clock starts
// and to the questions after it: a boot that does not end is reported, with what it waits for.
func deadline(timeout time.Duration) int { return int((timeout * 4 / 5).Seconds()) }
