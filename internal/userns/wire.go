package userns

import (
	"errors"
	"syscall"
)

// A re-executed process is known by its argv[0] and has, after stdin, stdout and stderr, the
// reading end of a pipe with the request, which stays open while the starter lives; then the
// writing end of a pipe for reports; then Job.Dir if there is one, then Job.Files.
const (
	argv0 = "airship-userns"

	fdRequest = 3
	fdReport  = 4
	fdRest    = 5

	// stageMap waits until the starter has mapped the ids, then executes stageRun: only an exec
	// under a map gives root's capabilities.
	stageMap = "map"
	stageRun = "run"
)

// envelope is what goes over the request pipe.
type envelope struct {
	Entry   string `json:"entry"`
	Dir     bool   `json:"dir"`
	Files   int    `json:"files"`
	Request any    `json:"request"`
}

// report is one line on the report pipe: a line of progress, or the end.
type report struct {
	Line  string        `json:"line,omitempty"`
	Done  bool          `json:"done,omitempty"`
	Error string        `json:"error,omitempty"`
	Errno syscall.Errno `json:"errno,omitempty"`
}

// entryError is an entry's error on the starter's side.
type entryError struct {
	text  string
	errno syscall.Errno
}

func (e *entryError) Error() string { return e.text }

func (e *entryError) Unwrap() error {
	if e.errno == 0 {
		return nil
	}
	return e.errno
}

func (r report) err() error {
	if r.Error == "" {
		return nil
	}
	return &entryError{r.Error, r.Errno}
}

// ended is the last report of an entry that returned err.
func ended(err error) report {
	r := report{Done: true}
	if err != nil {
		r.Error = err.Error()
		errors.As(err, &r.Errno)
	}
	return r
}
