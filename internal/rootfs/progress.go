package rootfs

import (
	"strings"
	"time"
)

// installProgress turns the lines of mmdebstrap, apt and dpkg into one every few seconds.
type installProgress struct {
	total, unpacked, configured int
	last                        time.Time
	say                         func(format string, args ...any)
}

// progressInterval is how often it says how far it is.
const progressInterval = 5 * time.Second

func newInstallProgress(total int, say func(string, ...any)) *installProgress {
	return &installProgress{total: total, last: time.Now(), say: say}
}

func (p *installProgress) line(line string) {
	switch {
	case strings.HasPrefix(line, "Unpacking "):
		p.unpacked++
	case strings.HasPrefix(line, "Setting up "):
		p.configured++
	case strings.HasPrefix(line, "W: skipping creation of ./dev/"):
		// A user namespace has no mknod, and the image's /dev is empty anyway.
	case strings.HasPrefix(line, "I: ") && strings.HasSuffix(line, "..."):
		// A stage of mmdebstrap's: the first take a while and unpack nothing that could be counted.
		p.say("%s", strings.TrimSuffix(strings.TrimPrefix(line, "I: "), "..."))
	case strings.HasPrefix(line, "W: "), strings.HasPrefix(line, "E: "):
		p.say("%s", line)
	}
	if time.Since(p.last) >= progressInterval {
		p.last = time.Now()
		p.say("%d of %d packages unpacked, %d configured", p.unpacked, p.total, p.configured)
	}
}
