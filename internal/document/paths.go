package document

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/kustomization"
	"github.com/airshipit/packer-plugin-airship/internal/tree"
)

// maxFiles bounds how many files one set names.
const maxFiles = 20_000

// named is what a path that the operator named leads to.
type named struct {
	// files as the operator would name them.
	files []string
	// kustomization: the path is a directory that is built.
	kustomization bool
}

// expand finds what a path means: a file, a directory or a glob. A directory is a kustomization, or
// stands for its *.yaml and *.yml files, sorted, without those of its own directories, so that a profile
// kept aside is not picked up unseen.
func expand(path string) (found named, problem string) {
	if path == "" {
		return named{}, "an empty path; want a file, a directory or a glob"
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir() && kustomization.IsRoot(path):
		return named{kustomization: true}, ""
	case err == nil && info.IsDir():
		files, problem := directory(path)
		return named{files: files}, problem
	case err == nil && !info.Mode().IsRegular():
		return named{}, "is neither a file nor a directory"
	case err == nil:
		return named{files: []string{path}}, ""
	case !strings.ContainsAny(path, "*?[") && errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(path):
		return named{}, "there is no such file or directory; a relative path starts where packer was started"
	case !strings.ContainsAny(path, "*?["):
		return named{}, reason(err)
	}
	matches, err := filepath.Glob(path)
	if err != nil {
		return named{}, "is not a valid glob"
	}
	var files []string
	for _, match := range matches {
		if info, err := os.Stat(match); err == nil && info.Mode().IsRegular() {
			files = append(files, match)
		}
	}
	if len(files) == 0 {
		return named{}, "no file matches"
	}
	return named{files: files}, ""
}

func directory(path string) (files []string, problem string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, reason(err)
	}
	for _, entry := range entries {
		file := filepath.Join(path, entry.Name())
		info, err := os.Stat(file)
		if err == nil && info.Mode().IsRegular() && isYAML(entry.Name()) {
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

// load reads a document file, no larger than tree.MaxText.
func load(path string) (data []byte, problem string) {
	return loadUpTo(path, tree.MaxText, "document")
}

// loadUpTo reads a file of at most so many bytes; noun is what it is to be.
func loadUpTo(path string, most int64, noun string) (data []byte, problem string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, reason(err)
	case !info.Mode().IsRegular():
		return nil, "is not a file"
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close()
	data, err = io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, reason(err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Sprintf("is larger than %d KiB, too large for a %s", most>>10, noun)
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
