package bootcheck

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
)

// Answers is what a booted image said about itself.
type Answers struct {
	// Asked is false where the image has no cloud-init and only Prompt is known.
	Asked bool `json:"-"`
	// Prompt is the host name before "login:" on the console; empty where none was seen.
	Prompt string `json:"-"`

	// State as `systemctl is-system-running` has it: running, degraded, starting.
	State string `json:"state"`
	// Pending are the units still being started when waiting for the boot's end was given up.
	Pending []string `json:"pending"`
	Failed  []Unit   `json:"failed"`

	Hostname       string `json:"hostname"`       // the kernel's
	StaticHostname string `json:"staticHostname"` // /etc/hostname
	Cmdline        string `json:"cmdline"`        // /proc/cmdline
	Kernel         string `json:"kernel"`         // uname -r
	Firmware       string `json:"firmware"`       // bios or uefi
	// SecureBoot is on or off; empty where the firmware is no UEFI.
	SecureBoot string `json:"secureBoot"`
	// Lockdown of the kernel: none, integrity or confidentiality; empty where it has none to choose. Kernels of
	// Debian and Ubuntu choose integrity where Secure Boot is on, and load signed modules alone.
	Lockdown string `json:"lockdown"`
	OS       OS     `json:"os"`

	Meta  map[string]string `json:"meta"`  // path below /etc/imagebuilder/meta → SHA-256
	Users map[string]*Login `json:"users"` // of those asked for; nil: there is none
	// Sysctls are of those asked for; blanks are single spaces. nil: there is none; absent: it can only
	// be written.
	Sysctls map[string]*string `json:"sysctls"`
	Mounts  []Mount            `json:"mounts"`

	Modules   map[string]LoadedModule `json:"modules,omitempty"`   // of those asked for
	Blacklist []string                `json:"blacklist,omitempty"` // those asked for that modprobe's configuration has
	// Limits are user → item of limits.conf(5) → what a session has; nil: there is no such user.
	Limits    map[string]map[string]Rlimit `json:"limits,omitempty"`
	OpenFiles string                       `json:"openFiles,omitempty"` // fs.nr_open, the most that nofile can be
	// Units are of those asked for, as `systemctl is-enabled` has them: enabled, disabled, masked, not-found.
	Units map[string]string `json:"units,omitempty"`
	Paths []Path            `json:"paths,omitempty"` // of those asked for that are there
	// Motd is what /etc/update-motd.d/00-motd did; nil where it was not asked for.
	Motd *Motd `json:"motd,omitempty"`

	// Live is the live system; nil where it was not asked for.
	Live *LiveSystem `json:"live,omitempty"`

	RootSize  int64    `json:"rootSize"` // bytes of the root file system
	HostKeys  []string `json:"hostKeys"` // file names of SSH's private host keys
	MachineID string   `json:"machineID"`
	// Grub is the beginning of the difference (diff -u) between the image's grub.cfg and one made on the node; nil
	// where it was not asked for.
	Grub   []string `json:"grub"`
	Uptime float64  `json:"uptime"` // seconds since the kernel's start when it was through with all that

	// Errors are questions that could not be asked → why.
	Errors map[string]string `json:"errors"`
}

// Unit is a failed unit with the last lines of its log.
type Unit struct {
	Name string   `json:"name"`
	Log  []string `json:"log"`
}

// OS is from /etc/os-release.
type OS struct {
	Distribution string `json:"distribution"` // ID
	Suite        string `json:"suite"`        // VERSION_CODENAME
}

// Login is a user's entry in the password database.
type Login struct {
	UID   int    `json:"uid"`
	GID   int    `json:"gid"`
	Home  string `json:"home"`
	Shell string `json:"shell"`
	// Password is its state alone: set, locked or none (empty, anyone may log in).
	Password string `json:"password"`
}

// LoadedModule is a kernel module at the end of the boot.
type LoadedModule struct {
	// State is loaded, builtin, late (it was not loaded, though it can be), hardware (it is there, and the
	// machine lacks what it drives) or missing.
	State string `json:"state"`
	Why   string `json:"why,omitempty"` // modprobe's complaint about one that is missing
	// Parameters are of those asked for that can be read.
	Parameters map[string]string `json:"parameters,omitempty"`
}

// Rlimit is a resource limit as /proc/PID/limits has it: unlimited or a number of bytes, seconds or things.
type Rlimit struct {
	Soft string `json:"soft"`
	Hard string `json:"hard"`
}

// Motd is how a script ended.
type Motd struct {
	Status int      `json:"status"` // less than 0: the signal that ended it
	Lines  []string `json:"lines"`  // the last it wrote
}

// Mount is a mounted file system that has a device behind it.
type Mount struct {
	Target  string `json:"target"`
	Source  string `json:"source"`
	Type    string `json:"type"`
	UUID    string `json:"uuid"`
	Options string `json:"options"`
}

// LiveSystem is one that was started from an ISO.
type LiveSystem struct {
	Root string `json:"root"` // type of the file system at /: overlay
	// Files are all on the medium but those of the directory live: path → SHA-256.
	Files map[string]string `json:"files"`
}

// errNoReport says that no whole frame is in what the port gave.
var errNoReport = errors.New("no report")

// A report is JSON in base64 between two lines, the last of which has the SHA-256 of the JSON. A
// serial line loses nothing, but a guest can die while it writes, and its kernel may write there too.
var frame = regexp.MustCompile(`(?s)-----BEGIN AIRSHIP BOOT REPORT-----\r?\n([A-Za-z0-9+/=\r\n]*)` +
	`-----END AIRSHIP BOOT REPORT ([0-9a-f]{64})-----`)

// parseReport reads the first whole report in what came out of the guest's port. The error is
// errNoReport where there is none.
func parseReport(port []byte) (Answers, error) {
	m := frame.FindSubmatch(port)
	if m == nil {
		return Answers{}, errNoReport
	}
	text := bytes.ReplaceAll(bytes.ReplaceAll(m[1], []byte("\n"), nil), []byte("\r"), nil)
	data, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return Answers{}, fmt.Errorf("report: %w", err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != string(m[2]) {
		return Answers{}, fmt.Errorf("report: its checksum is wrong")
	}
	answers := Answers{Asked: true}
	if err := json.Unmarshal(data, &answers); err != nil {
		return Answers{}, fmt.Errorf("report: %w", err)
	}
	return answers, nil
}
