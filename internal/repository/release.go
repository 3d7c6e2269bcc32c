package repository

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Release is a suite's verified InRelease file and its indices of one architecture.
type Release struct {
	Source       Source
	Architecture string // what it was updated for

	// InRelease is the file as it was fetched, SHA256 its hash in hex.
	InRelease []byte
	SHA256    string

	Date       time.Time
	ValidUntil time.Time // zero where the suite never expires
	Origin     string    // Debian
	Codename   string    // trixie
	Suite      string    // stable

	// Components and Architectures are what the suite says that it has.
	Components    []string
	Architectures []string

	// Indices are the Packages files that were fetched, in the order of the source's components.
	Indices []IndexFile

	byHash bool
	// allApart: packages for all architectures have an index of their own.
	allApart bool
	files    map[string]listed
	fields   map[string]string // of one line, by their names in lower case
}

// IndexFile is a Packages file in the store.
type IndexFile struct {
	Path      string // relative to InRelease: main/binary-amd64/Packages.xz
	Extension string // of its compression: .xz, .zst, .gz, .bz2 or none
	Size      int64  // bytes, compressed
	SHA256    string // hex, compressed
	File      string // where it lies on this host
}

// listed is a file's entry in InRelease.
type listed struct {
	size   int64
	sha256 string
}

// parseRelease reads the signed text of an InRelease file.
func parseRelease(text string) (*Release, error) {
	all, err := paragraphs(text)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("%d paragraphs instead of one", len(all))
	}
	r := &Release{allApart: true, files: map[string]listed{}, fields: map[string]string{}}
	for _, f := range all[0] {
		r.fields[f.name] = f.value
		if err := r.set(f); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.name, err)
		}
	}
	if r.Date.IsZero() {
		return nil, errors.New("no field Date")
	}
	if len(r.files) == 0 {
		return nil, errors.New("no field SHA256: a repository with weaker hashes alone cannot be verified")
	}
	return r, nil
}

func (r *Release) set(f field) (err error) {
	switch f.name {
	case "date":
		r.Date, err = parseDate(f.value)
	case "valid-until":
		r.ValidUntil, err = parseDate(f.value)
	case "origin":
		r.Origin = f.value
	case "codename":
		r.Codename = f.value
	case "suite":
		r.Suite = f.value
	case "components":
		r.Components = strings.Fields(f.value)
	case "architectures":
		r.Architectures = strings.Fields(f.value)
	case "acquire-by-hash":
		r.byHash = strings.EqualFold(f.value, "yes")
	case "no-support-for-architecture-all":
		r.allApart = f.value != "Packages"
	case "sha256":
		for _, line := range f.lines {
			path, file, err := parseListed(line)
			if err != nil {
				return err
			}
			r.files[path] = file
		}
	}
	return err
}

// parseListed reads HASH SIZE PATH.
func parseListed(line string) (string, listed, error) {
	columns := strings.Fields(line)
	if len(columns) != 3 {
		return "", listed{}, fmt.Errorf("%q is not HASH SIZE PATH", line)
	}
	digest, err := hex.DecodeString(columns[0])
	if err != nil || len(digest) != 32 {
		return "", listed{}, fmt.Errorf("%q is not a SHA-256", columns[0])
	}
	size, err := strconv.ParseInt(columns[1], 10, 64)
	if err != nil || size < 0 {
		return "", listed{}, fmt.Errorf("%q is not a size", columns[1])
	}
	return strings.TrimPrefix(columns[2], "./"), listed{size: size, sha256: strings.ToLower(columns[0])}, nil
}

// parseDate reads the date of a Release file: RFC 1123's form, always UTC, with one digit or two
// for day and hour, as apt accepts it.
func parseDate(text string) (time.Time, error) {
	for _, zone := range []string{" UTC", " GMT", " Z", " +0000"} {
		if local, found := strings.CutSuffix(text, zone); found {
			if date, err := time.Parse("Mon, _2 Jan 2006 15:04:05", local); err == nil {
				return date, nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date in UTC like %q", text, "Sat, 11 Jul 2026 10:16:37 UTC")
}
