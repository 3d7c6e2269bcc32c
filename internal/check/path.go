package check

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

// Sizes that a path and a name in it may have, in bytes (limits.h: PATH_MAX with its NUL, NAME_MAX).
const (
	maxPath = 4095
	maxName = 255
)

// virtual are directories that the kernel or the boot fills: what an image has there is never seen.
var virtual = []string{"/proc", "/sys", "/dev", "/run", "/var/run"}

// Path checks the path of a file or a directory of the image (path_resolution(7), hier(7)).
func Path(name string) string {
	switch {
	case name == "":
		return "want an absolute path"
	case strings.ContainsFunc(name, isControl):
		return "want a path of one line without control characters"
	case strings.HasPrefix(name, "~"):
		return fmt.Sprintf("%s: no shell reads this; write the home directory's path, such as /root", mistake.Word(name))
	case !strings.HasPrefix(name, "/"):
		return fmt.Sprintf("%s is not an absolute path; want it to begin with /", mistake.Word(name))
	case name == "/":
		return "/ is the image itself"
	case strings.HasSuffix(name, "/"):
		return fmt.Sprintf("%s ends with /; write %s", mistake.Word(name), path.Clean(name))
	case path.Clean(name) != name:
		return fmt.Sprintf("%s goes round about; write %s", mistake.Word(name), path.Clean(name))
	case len(name) > maxPath:
		return fmt.Sprintf("is a path of %d bytes; Linux takes %d", len(name), maxPath)
	}
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > maxName {
			return fmt.Sprintf("has a name of %d bytes, %s; Linux takes %d", len(part), mistake.Word(part), maxName)
		}
	}
	for _, directory := range virtual {
		if name == directory || strings.HasPrefix(name, directory+"/") {
			return fmt.Sprintf("%s: %s is empty in an image and filled as the node boots; %s", mistake.Word(name), directory, instead(directory))
		}
	}
	return ""
}

func instead(directory string) string {
	switch directory {
	case "/proc", "/sys":
		return "kernel parameters belong in sysctl, or in a file of /etc/tmpfiles.d"
	case "/dev":
		return "device nodes come from udev's rules"
	default:
		return "have a file of /etc/tmpfiles.d make it"
	}
}

var octal = regexp.MustCompile(`^0?[0-7]{3}$|^0?[1-7][0-7]{3}$`)

// usualModes are those that people write; YAML 1.1 makes decimal numbers of them where quotes lack.
var usualModes = []int{
	0o400, 0o440, 0o444, 0o500, 0o550, 0o555, 0o600, 0o640, 0o644, 0o660, 0o664, 0o666,
	0o700, 0o710, 0o711, 0o750, 0o751, 0o755, 0o770, 0o775, 0o777, 0o1777, 0o2755, 0o2775, 0o4755,
}

// Mode checks a file's mode in octal, as chmod(1) takes it: 0644, 644 or 1777.
func Mode(mode string) string {
	const want = `want a mode in octal and in quotes, such as "0644"`
	if n, err := strconv.Atoi(mode); err == nil && slices.Contains(usualModes, n) && mode[0] != '0' {
		text := fmt.Sprintf(`%s is what YAML makes of %#o without quotes; write "%#o"`, mode, n, n)
		if octal.MatchString(mode) {
			text += fmt.Sprintf(`, or "0%s" if that is meant`, mode)
		}
		return text
	}
	switch {
	case octal.MatchString(mode):
		return ""
	case strings.HasPrefix(mode, "0o") && octal.MatchString("0"+mode[2:]):
		return fmt.Sprintf(`%s is no mode to chmod; write "0%s"`, mode, mode[2:])
	case strings.ContainsAny(mode, "=+-rwx"):
		return fmt.Sprintf("%s is a symbolic mode; %s", mistake.Word(mode), want)
	case strings.ContainsAny(mode, "89") && strings.Trim(mode, "0123456789") == "":
		return fmt.Sprintf("%s is not octal, which has no 8 and 9; %s", mistake.Word(mode), want)
	}
	return fmt.Sprintf("%s is not a mode; %s", mistake.Word(mode), want)
}

var accountName = regexp.MustCompile(`^[a-z_][a-z0-9_-]*\$?$`)

// Account checks the name or the number of a user or group (useradd(8), groupadd(8)). noun is what it
// is in the message: user or group.
func Account(noun, name string) string {
	if n, err := strconv.ParseUint(name, 10, 64); err == nil {
		// The greatest means "unchanged" to chown(2).
		if n >= 1<<32-1 {
			return fmt.Sprintf("%s is too large for the number of a %s", name, noun)
		}
		return ""
	}
	if len(name) > 32 || !accountName.MatchString(name) {
		return fmt.Sprintf("%s is not the name of a %s; want at most 32 lower-case letters, digits, - and _, or a number",
			mistake.Word(name), noun)
	}
	return ""
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// FileName checks a name that becomes part of a file's: limits.d's 99-NAME.conf.
func FileName(name string) string {
	if len(name) > 200 || !plainName.MatchString(name) {
		return fmt.Sprintf("%s cannot be a file's name; want letters, digits, ., _ and -", mistake.Word(name))
	}
	return ""
}
