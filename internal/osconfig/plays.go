package osconfig

import (
	"archive/tar"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Plays are the operator's own: playbooks that run before and after the role osconfig, with the profile's
// variables, on the host target.
type Plays struct {
	// Before and After are playbook files of this host.
	Before, After []string
	// RolesPath are directories with roles.
	RolesPath []string
}

// when a play runs.
type when int

const (
	before when = iota
	after
)

// beside are the directories that Ansible looks for beside a playbook. They go into the machine with it,
// and so do the YAML files there; whatever else lies in the directory stays out.
var beside = []string{
	"action_plugins", "collections", "callback_plugins", "files", "filter_plugins", "group_vars", "handlers", "host_vars", "library",
	"lookup_plugins", "module_utils", "roles", "tasks", "templates", "test_plugins", "vars",
}

// maxPlays bounds what goes into the machine with the plays, bytes.
const maxPlays = 256 << 20

// Check finds what is not there.
func (p Plays) Check() error {
	var all []error
	for option, files := range map[string][]string{"playbook_files_before": p.Before, "playbook_files": p.After} {
		for _, name := range files {
			info, err := os.Stat(name)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				all = append(all, fmt.Errorf("%s: %s: there is no such file", option, name))
			case err != nil:
				all = append(all, fmt.Errorf("%s: %w", option, err))
			case !info.Mode().IsRegular():
				all = append(all, fmt.Errorf("%s: %s is not a file", option, name))
			}
		}
	}
	for _, name := range p.RolesPath {
		if info, err := os.Stat(name); err != nil {
			all = append(all, fmt.Errorf("roles_path: %s: there is no such directory", name))
		} else if !info.IsDir() {
			all = append(all, fmt.Errorf("roles_path: %s is not a directory", name))
		}
	}
	slices.SortFunc(all, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(all...)
}

// directories are those with playbooks, each once; their index names them in the machine.
func (p Plays) directories() []string {
	var all []string
	for _, name := range slices.Concat(p.Before, p.After) {
		if dir := filepath.Dir(name); !slices.Contains(all, dir) {
			all = append(all, dir)
		}
	}
	return all
}

func playsDir(index int) string { return path.Join("plays", strconv.Itoa(index)) }
func rolesDir(index int) string { return path.Join("plays", "roles"+strconv.Itoa(index)) }

// paths are the playbooks' in the machine.
func (p Plays) paths(private string, w when) []string {
	files := p.Before
	if w == after {
		files = p.After
	}
	var all []string
	for _, name := range files {
		index := slices.Index(p.directories(), filepath.Dir(name))
		all = append(all, path.Join(private, playsDir(index), filepath.Base(name)))
	}
	return all
}

func (p Plays) rolesPaths(private string) []string {
	var all []string
	for i := range p.RolesPath {
		all = append(all, path.Join(private, rolesDir(i)))
	}
	return all
}

// hostPath turns paths of the machine in a text into those that the operator knows.
func (p Plays) hostPath(private string) func(text string) string {
	var pairs []string
	for i, dir := range p.directories() {
		pairs = append(pairs, path.Join(private, playsDir(i)), dir)
	}
	for i, dir := range p.RolesPath {
		pairs = append(pairs, path.Join(private, rolesDir(i)), filepath.Clean(dir))
	}
	// The plugin's own files are no business of the operator's.
	return strings.NewReplacer(append(pairs, private+"/", "")...).Replace
}

func (p Plays) pack(w *tar.Writer) error {
	packing := packing{tar: w, left: maxPlays}
	for i, dir := range p.directories() {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !p.wants(dir, e) {
				continue
			}
			if err := packing.add(filepath.Join(dir, e.Name()), path.Join(playsDir(i), e.Name()), 0); err != nil {
				return err
			}
		}
	}
	for i, dir := range p.RolesPath {
		if err := packing.add(dir, rolesDir(i), 0); err != nil {
			return err
		}
	}
	return nil
}

// wants says whether an entry of a playbook's directory goes into the machine.
func (p Plays) wants(dir string, e fs.DirEntry) bool {
	if e.IsDir() || slices.Contains(beside, e.Name()) {
		return slices.Contains(beside, e.Name())
	}
	return slices.Contains([]string{".yml", ".yaml", ".json"}, path.Ext(e.Name())) ||
		slices.ContainsFunc(slices.Concat(p.Before, p.After), func(name string) bool {
			return filepath.Dir(name) == dir && filepath.Base(name) == e.Name()
		})
}

// packing copies an operator's files into an archive, links followed.
type packing struct {
	tar  *tar.Writer
	left int64
}

// maxDepth ends the walk of links that lead in a circle.
const maxDepth = 32

func (p *packing) add(from, to string, depth int) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		if name := info.Name(); name == "__pycache__" || name == ".git" {
			return nil
		}
		if depth > maxDepth {
			return fmt.Errorf("%s: directories lie in one another %d deep; is there a link that leads in a circle?", from, maxDepth)
		}
		entries, err := os.ReadDir(from)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := p.add(filepath.Join(from, e.Name()), path.Join(to, e.Name()), depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	if p.left -= info.Size(); p.left < 0 {
		return fmt.Errorf("the plays and what lies beside them have more than %d MiB; put them into a directory of their own", maxPlays>>20)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	mode := int64(0o600)
	if info.Mode()&0o100 != 0 {
		mode = 0o700
	}
	return addFile(p.tar, to, mode, time.Time{}, data)
}
