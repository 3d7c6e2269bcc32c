// Package userns runs parts of this binary as root of a new user namespace.
//
// A Mapping (which ids of the host the namespace's ids are) enters, from Detect; a process that
// runs one named Entry leaves. The binary re-executes itself, so main and every TestMain call
// Main first. Linux only; elsewhere Detect says so.
package userns

import (
	"context"
	"encoding/json"
	"os"
	"time"
)

// Entry is a piece of work done as root of the namespace. Its error, with the errno it wraps,
// becomes the error of Process.Wait and Mapping.Run. ctx ends when the process that started it
// does; the entry's process is then killed within a second.
type Entry func(ctx context.Context, call Call) error

// Call is what an Entry is given.
type Call struct {
	// Request is Job.Request as JSON.
	Request json.RawMessage
	// Files are Job.Files, close-on-exec.
	Files []*os.File
	// Progress sends one line to Job.Progress.
	Progress func(format string, args ...any)
}

// Job is an Entry to run and what it gets.
type Job struct {
	// Entry is its name in the map given to Main.
	Entry string
	// Request is sent as JSON; not for bulk data.
	Request any
	// Dir is the entry's working directory; empty: "/". The entry works with relative paths: a
	// mapped root that is not the caller cannot pass the parents of Dir where they are private
	// (/root). Dir itself is to be owned by the mapped root, see Mapping.Chown.
	Dir string
	// Files are handed over open; what the caller may read, the entry may too.
	Files []*os.File
	// Progress is called with each line the entry reports, one at a time; may be nil.
	Progress func(line string)
	// Namespaces are clone(2) flags besides CLONE_NEWUSER, e.g. unix.CLONE_NEWNS.
	Namespaces uintptr
}

// Extent is a piece of an id map: Count ids from Inside in the namespace are those from Outside.
type Extent struct {
	Inside, Outside, Count uint32
}

// Mapping says which ids a namespace has. The zero value is of no use; see Detect.
type Mapping struct {
	// UIDs and GIDs cover 0 to at least 65535 inside without a hole.
	UIDs, GIDs []Extent
	// Direct: the caller may write the maps itself (it is root); otherwise newuidmap does.
	Direct bool
	// Same: root inside is root outside, as no range was free. /proc/sys and /sys must then be
	// read-only inside.
	Same bool
}

// Shifted says that root inside is an id which owns nothing on the host, so that paths have to be
// opened by the caller.
func (m Mapping) Shifted() bool { return m.Direct && !m.Same }

// span is how many ids a namespace has: those of a Debian system, nobody and nogroup (65534) too.
const span = 1 << 16

// exitGrace is how long an entry may clean up once its starter is gone.
const exitGrace = 500 * time.Millisecond
