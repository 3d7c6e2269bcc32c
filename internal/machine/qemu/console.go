package qemu

import (
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// consoleTail is how much of a console's end is looked at, bytes.
const consoleTail = 16 << 10

// controls are terminal sequences and control characters but line feeds.
var controls = regexp.MustCompile(`\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Za-z0-9])|[\x00-\x09\x0b-\x1f\x7f]`)

// readConsole gives the last lines of a console's file, without what steers a terminal.
func readConsole(name string) []string {
	file, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > consoleTail {
		if _, err := file.Seek(-consoleTail, io.SeekEnd); err != nil {
			return nil
		}
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(controls.ReplaceAllString(string(data), "")) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// consoleLines is how many of them an error shows.
const consoleLines = 20

const panicSign = "Kernel panic - not syncing: "

// telling are the lines that tell most about a machine's end: the last ones, or those around the kernel's
// panic, which says more before and after than fits.
func telling(lines []string) []string {
	from := max(0, len(lines)-consoleLines)
	for i, line := range slices.Backward(lines) {
		if strings.Contains(line, panicSign) {
			from = min(from, max(0, i-consoleLines/2))
			break
		}
	}
	return lines[from:min(from+consoleLines, len(lines))]
}

// EndError says how a machine ended that nobody ended.
type EndError struct {
	Problem string
	// Console is lines of its serial console: the last ones, or those around its kernel's panic.
	Console []string
	// died: its kernel did, before it was ready.
	died bool
}

func (e *EndError) Error() string {
	if len(e.Console) == 0 {
		return e.Problem
	}
	return e.Problem + "; its console:\n  " + strings.Join(e.Console, "\n  ")
}

var errNoDoor = errors.New("QEMU forwards no port to the door")

// complaint is the last line that the machine's own scripts wrote, and panicked the kernel's.
func complaint(lines []string) (text string, panicked bool) {
	for _, line := range slices.Backward(lines) {
		if _, rest, ok := strings.Cut(line, panicSign); ok {
			return rest, true
		}
		if rest, ok := strings.CutPrefix(line, "airship: "); ok && line != readySign {
			return rest, false
		}
	}
	return "", false
}
