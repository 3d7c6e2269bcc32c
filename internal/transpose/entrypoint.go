package transpose

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Directory is where the phase's documents are on disk; empty where the phase names none, false after
// what is wrong was reported.
//
// Airship's paths begin at the root of the site's repository, whose own name may be the first element.
// Where the root is nobody says, so it is looked for upwards from the directory of the file that the
// phase was read from: the nearest directory that has the whole path, or the path without its first
// element.
func (p Phase) Directory(r *tree.Report) (string, bool) {
	if p.EntryPoint == nil {
		return "", true
	}
	const most = 4096 // of a path on any system
	if len(p.EntryPoint.Value) > most {
		r.Mistake(p.EntryPoint.Place, "is too long for a path")
		return "", false
	}
	entry := filepath.Clean(filepath.FromSlash(p.EntryPoint.Value))
	if filepath.IsAbs(entry) {
		if isDirectory(entry) {
			return entry, true
		}
		r.Mistake(p.EntryPoint.Place, "there is no such directory")
		return "", false
	}
	paths := []string{entry}
	if _, rest, ok := strings.Cut(entry, string(filepath.Separator)); ok && !strings.HasPrefix(entry, "..") {
		paths = append(paths, rest)
	}
	start := filepath.Dir(p.EntryPoint.Place.File)
	roots, err := upwards(start)
	if err != nil {
		r.Mistake(p.EntryPoint.Place, "%s", err)
		return "", false
	}
	for _, root := range roots {
		for _, path := range paths {
			if found := filepath.Join(root, path); isDirectory(found) {
				return asNamed(found, start), true
			}
		}
	}
	r.Mistake(p.EntryPoint.Place, "there is no such directory below %s or any directory above it; tried %s in each",
		roots[0], strings.Join(paths, " and "))
	return "", false
}

// upwards is a directory and those above it, absolute.
func upwards(directory string) ([]string, error) {
	at, err := filepath.Abs(directory)
	if err != nil {
		return nil, errors.New("the working directory is gone, so a path in it has no meaning")
	}
	out := []string{at}
	for up := filepath.Dir(at); up != at; up = filepath.Dir(at) {
		out, at = append(out, up), up
	}
	return out, nil
}

// asNamed is an absolute path in the way that the operator names files: relative where start is.
func asNamed(path, start string) string {
	if filepath.IsAbs(start) {
		return path
	}
	here, err := filepath.Abs(".")
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(here, path); err == nil {
		return relative
	}
	return path
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
