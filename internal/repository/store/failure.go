package store

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// StatusError says that a server answered, and that the answer is not the file.
type StatusError struct {
	// URL is what was asked for, without credentials.
	URL string
	// Code is HTTP's; for file URLs, too: 404 where there is no such file, 403 where it cannot be read.
	Code int
	// Proxy and Variable name the proxy that the answer came through; empty without one.
	Proxy, Variable string

	wait time.Duration // what the server asked for by Retry-After
}

func (e *StatusError) Error() string {
	text := statusText(e.Code)
	if strings.HasPrefix(e.URL, "file:") {
		switch e.Code {
		case http.StatusNotFound:
			text = "no such file"
		case http.StatusForbidden:
			text = "permission denied"
		}
	}
	if e.Proxy != "" {
		text += fmt.Sprintf(" (through the proxy %s from %s)", e.Proxy, e.Variable)
	}
	return e.URL + ": " + text
}

func statusText(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// MismatchError says that a file came twice and both times was not what its index says.
type MismatchError struct {
	Name string
	URL  string // without credentials
	// Expected and Got are SHA-256 in hexadecimal; Got is empty where the size alone was wrong.
	Expected, Got string
	// ExpectedSize and GotSize are in bytes; ExpectedSize is 0 where it is not known. Of a file that
	// is too large no more is read than shows it.
	ExpectedSize, GotSize int64
}

func (e *MismatchError) Error() string {
	if e.Got == "" {
		return fmt.Sprintf("%s from %s has the wrong size: expected %d bytes, got %d (expected SHA-256 %s)",
			e.Name, e.URL, e.ExpectedSize, e.GotSize, e.Expected)
	}
	return fmt.Sprintf("%s from %s has the wrong contents: expected SHA-256 %s, got %s",
		e.Name, e.URL, e.Expected, e.Got)
}

// sizeLimitError says that a file fetched by Get is larger than the caller takes.
type sizeLimitError struct {
	url   string
	limit int64
}

func (e *sizeLimitError) Error() string {
	return fmt.Sprintf("%s: larger than the %d bytes that were expected at most", e.url, e.limit)
}

// listFailures prints what a multierror holds: a broken mirror fails hundreds of files alike.
func listFailures(failures []error) string {
	const most = 10
	if len(failures) == 1 {
		return failures[0].Error()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d errors:", len(failures))
	for i, failure := range failures {
		if i == most {
			fmt.Fprintf(&text, "\n  and %d more", len(failures)-most)
			break
		}
		text.WriteString("\n  " + failure.Error())
	}
	return text.String()
}
