// Package repository reads signed Debian repositories.
//
// A Source (URI, suite, components, keyring) goes in. A Release comes out, whose indices are
// verified from the OpenPGP signature down, and from those the closure of a list of packages: each
// with the URL, size and SHA-256 that a store downloads it by. A Server hands both to apt.
package repository

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// Distributions whose archive keyring is embedded.
const (
	Debian = "debian"
	Ubuntu = "ubuntu"
)

// Source is one suite of a repository.
type Source struct {
	Name string // what messages call it
	URI  string // http, https or file; the directory that holds dists/
	// Suite is a code name (bookworm, bookworm-updates), or ends in a slash: the directory of a flat
	// repository, relative to URI ("/", "stable/").
	Suite      string
	Components []string // main, …; none for a flat repository
	// Keyring holds the OpenPGP keys, armoured or binary, of which one must have signed the suite.
	// Empty: the archive keyring of Distribution.
	Keyring []byte
	// Distribution is Debian (also when empty) or Ubuntu. It matters where Keyring is empty only.
	Distribution string
}

// Validate says what of a source can be seen to be wrong without asking the repository.
func (s Source) Validate() error {
	if u, err := url.Parse(s.URI); err != nil || u.Scheme == "" || u.Host == "" && u.Scheme != "file" {
		return fmt.Errorf("source %s: its URI is not an absolute URL", s.Name)
	}
	switch {
	case s.Suite == "":
		return fmt.Errorf("source %s: no suite", s.Name)
	case s.flat() && len(s.Components) > 0:
		return fmt.Errorf("%s: a flat repository has no components; remove %s, or the slash at the suite's end",
			s.label(), strings.Join(s.Components, " "))
	case !s.flat() && len(s.Components) == 0:
		return fmt.Errorf("%s: no components; a flat repository's suite ends in a slash", s.label())
	}
	return nil
}

func (s Source) flat() bool { return strings.HasSuffix(s.Suite, "/") }

// dists is the directory that the paths in InRelease start from, relative to the URI; empty for
// the URI itself.
func (s Source) dists() string {
	if s.flat() {
		return strings.Trim(path.Clean("/"+s.Suite), "/")
	}
	return path.Join("dists", s.Suite)
}

// URL of a file, by its path relative to the URI.
func (s Source) URL(file string) string {
	return strings.TrimRight(s.URI, "/") + (&url.URL{Path: path.Join("/", file)}).EscapedPath()
}

// distsURL is the URL of a file by its path relative to InRelease.
func (s Source) distsURL(file string) string { return s.URL(path.Join(s.dists(), file)) }

// label names the source in messages; a password in its URI is left out.
func (s Source) label() string {
	shown := s.URI
	if u, err := url.Parse(s.URI); err == nil {
		u.User = nil
		shown = u.String()
	}
	return fmt.Sprintf("source %s (%s %s)", s.Name, shown, s.Suite)
}
