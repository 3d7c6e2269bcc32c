package document

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile bounds a file's size in bytes; YAML takes a hundred times its size in memory.
const maxFile = 1 << 20

// expand turns what the operator named into files. A path is a file, a directory or a glob; a
// directory stands for its *.yaml and *.yml files, sorted, without those of its own
// directories, so that a profile kept aside is not picked up unseen. A file is read once.
func expand(paths []string, r *report) []string {
	var files []string
	add := func(path string) {
		if !slices.Contains(files, path) {
			files = append(files, path)
		}
	}
	for _, path := range paths {
		found, problem := expandOne(path)
		if problem != "" {
			r.mistake(place{file: path}, "%s", problem)
		}
		for _, file := range found {
			add(filepath.Clean(file))
		}
	}
	return files
}

func expandOne(path string) (files []string, problem string) {
	if path == "" {
		return nil, "an empty path; want a file, a directory or a glob"
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return directory(path)
	case err == nil && !info.Mode().IsRegular():
		return nil, "is neither a file nor a directory"
	case err == nil:
		return []string{path}, ""
	case !strings.ContainsAny(path, "*?[") && errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(path):
		return nil, "there is no such file or directory; a relative path starts where packer was started"
	case !strings.ContainsAny(path, "*?["):
		return nil, reason(err)
	}
	matches, err := filepath.Glob(path)
	if err != nil {
		return nil, "is not a valid glob"
	}
	for _, match := range matches {
		if info, err := os.Stat(match); err == nil && info.Mode().IsRegular() {
			files = append(files, match)
		}
	}
	if len(files) == 0 {
		return nil, "no file matches"
	}
	return files, ""
}

func directory(path string) (files []string, problem string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, reason(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch name {
		case "kustomization.yaml", "kustomization.yml", "Kustomization":
			return nil, "is a kustomization, which is not built here; name its rendered documents (kustomize build)"
		}
		file := filepath.Join(path, name)
		info, err := os.Stat(file)
		if err == nil && info.Mode().IsRegular() && isYAML(name) {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return nil, "the directory holds no *.yaml or *.yml file"
	}
	return files, ""
}

func isYAML(name string) bool {
	return !strings.HasPrefix(name, ".") && (strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml"))
}

// load reads a document file, no larger than maxFile.
func load(path string) (data []byte, problem string) {
	file, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close()
	data, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(data) > maxFile {
		return nil, fmt.Sprintf("is larger than %d KiB, too large for a document", maxFile>>10)
	}
	return data, ""
}

// reason is err without the path, which the Mistake names already.
func reason(err error) string {
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file or directory"
	case errors.As(err, &pathErr):
		return pathErr.Err.Error()
	}
	return err.Error()
}
