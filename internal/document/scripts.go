package document

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// Bounds of the scripts of directories, in bytes. They stand in the resolved profile, which is read as a
// document again (tree.MaxText).
const (
	maxScripts       = 512 << 10 // of one profile
	maxScriptsOfSet  = 64 << 20
	maxScriptEntries = 1000 // of one directory
)

// inlineScripts puts the scripts of directories behind the profile's own, so that the resolved document
// needs no file beside it. directories are where relative paths in a file start; a document that is not a
// file has none.
func (p *Profile) inlineScripts(read *scriptDirectories, directories map[string]string, r *tree.Report) {
	const list, scripts = "spec.files.userScriptDirectories", "spec.files.user_scripts"
	files := &p.NodeProfile.Spec.Files
	if len(files.UserScriptDirectories) == 0 || newSettled(r.Settled).covers(list) {
		return // what is wrong or still encrypted stays
	}
	if at, ok := p.places[list]; ok && files.UserScripts == nil {
		p.places[scripts] = at
	}
	size := 0
	for i, named := range files.UserScriptDirectories {
		field := tree.Element(list, i)
		at, _ := p.places.find(field + ".path")
		found := read.directory(named.Path, directories[at.File])
		for _, problem := range found.problems {
			r.Mistake(at, "%s", problem)
		}
		if len(found.inner) > 0 {
			r.Warn(at, "directories in it are passed over: %s", few(found.inner))
		}
		if size += found.size; size > maxScripts {
			r.Mistake(at, "the scripts of all directories are larger than %d KiB together; want large files among the node's packages or in fetch_from_url", maxScripts>>10)
			return
		}
		for _, script := range found.scripts {
			script.RunContexts = named.RunContexts
			p.placeScript(tree.Element(scripts, len(files.UserScripts)), field, at)
			files.UserScripts = append(files.UserScripts, script)
		}
	}
	files.UserScriptDirectories = nil
}

// placeScript gives the fields of a script the places of the directory that it is from.
func (p *Profile) placeScript(script, directory string, at tree.Place) {
	for _, field := range []string{"", ".name", ".file_content", ".template"} {
		p.places[script+field] = at
	}
	contexts := ".run_contexts"
	for i, ok := 0, true; ok; i++ {
		var place tree.Place
		if place, ok = p.places[tree.Element(directory+contexts, i)]; ok {
			p.places[tree.Element(script+contexts, i)] = place
		}
	}
	if place, ok := p.places[directory+contexts]; ok {
		p.places[script+contexts] = place
	}
}

// scriptDirectories are those of a set, by their paths: each is read once, as profiles share what they build on.
type scriptDirectories struct {
	read map[string]*scriptDirectory
	size int // bytes
}

// scriptDirectory is what was found in one.
type scriptDirectory struct {
	scripts  []v1alpha1.Script // in the order of their names, byte by byte
	inner    []string          // directories in it
	size     int               // bytes of scripts
	problems []string
}

func (d *scriptDirectory) wrong(format string, args ...any) {
	d.problems = append(d.problems, fmt.Sprintf(format, args...))
}

// directory is what a path leads to that starts in base; empty where no relative path may.
func (s *scriptDirectories) directory(path, base string) *scriptDirectory {
	found := &scriptDirectory{}
	switch {
	case path == "" || strings.ContainsRune(path, 0):
		found.wrong("want the path of a directory of scripts")
		return found
	case !filepath.IsAbs(path) && base == "":
		found.wrong("a relative path needs a document that is a file; want an absolute path")
		return found
	case !filepath.IsAbs(path):
		path = filepath.Join(base, path)
	}
	if known := s.read[path]; known != nil {
		return known
	}
	if s.read == nil {
		s.read = map[string]*scriptDirectory{}
	}
	s.read[path] = found
	if s.size > maxScriptsOfSet {
		found.wrong("%s: the scripts of all profiles are larger than %d MiB together", path, maxScriptsOfSet>>20)
		return found
	}
	found.fill(path)
	s.size += found.size
	return found
}

// fill reads a directory.
func (d *scriptDirectory) fill(path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		d.wrong("%s: %s", path, reason(err))
		return
	case !info.IsDir():
		d.wrong("%s: is not a directory", path)
		return
	}
	entries, err := os.ReadDir(path)
	switch {
	case err != nil:
		d.wrong("%s: %s", path, reason(err))
		return
	case len(entries) > maxScriptEntries:
		d.wrong("%s: holds more than %d files", path, maxScriptEntries)
		return
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, entry := range entries {
		if name := entry.Name(); name != "README.md" && !strings.HasPrefix(name, ".") {
			d.add(path, name)
		}
	}
	if len(d.scripts)+len(d.problems) == 0 {
		d.wrong("%s: holds no script", path)
	}
}

// add reads one script.
func (d *scriptDirectory) add(directory, name string) {
	path := filepath.Join(directory, name)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		d.inner = append(d.inner, mistake.Word(name))
		return
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, isControl) {
		d.wrong("%s: %q: want a name of one line in UTF-8", directory, name)
		return
	}
	if d.size > maxScripts {
		return // too large already
	}
	data, problem := loadUpTo(path, maxScripts, "script")
	switch {
	case problem != "":
	case bytes.Contains(data, []byte(sealedMark)) && !bytes.HasPrefix(data, []byte("#!")):
		problem = "is encrypted by sops; a script of a directory is taken as it is: write this one into user_scripts of an encrypted document"
	}
	problems := []string{problem}
	if problem == "" {
		problems = check.Script(string(data))
	}
	for _, problem := range problems {
		d.wrong("%s: %s", path, problem)
	}
	if len(problems) > 0 {
		return
	}
	d.size += len(data)
	d.scripts = append(d.scripts, v1alpha1.Script{Name: name, FileContent: string(data), Template: new(bool)})
}
