package sops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/tail"
)

// Change is one value of an encrypted file's first document; sops changes no other.
type Change struct {
	// Path is the keys (string) and indices (int, from 0) that lead to it.
	Path []any
	// Value is a text: of numbers sops makes floating-point ones. Remove takes the key out instead.
	Value  string
	Remove bool
}

// Set is data with changes, encrypted for those that it was encrypted for, under a new message authentication code. The
// program sops makes it of an encrypted file in a temporary directory; values are no secrets, as they are arguments of it.
func (t Tool) Set(ctx context.Context, name string, data []byte, changes []Change) (changed []byte, err error) {
	s, err := read(name, data)
	if err != nil {
		return nil, err
	}
	path, err := exec.LookPath(t.path())
	if err != nil {
		return nil, t.missing(s, err)
	}
	directory, err := os.MkdirTemp("", "airship-sops-")
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	file := filepath.Join(directory, "encrypted.yaml")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, fmt.Errorf("change %s: %w", name, err)
	}
	for _, c := range changes {
		if err := t.set(ctx, s, path, file, c); err != nil {
			return nil, err
		}
	}
	changed, err = os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", name, err)
	}
	return changed, nil
}

func (t Tool) set(ctx context.Context, s *source, path, file string, c Change) error {
	index, err := indexOf(c.Path)
	if err != nil {
		return err
	}
	arguments := []string{"unset", "--input-type", "yaml", "--output-type", "yaml", file, index}
	if !c.Remove {
		value, err := json.Marshal(c.Value)
		if err != nil {
			return fmt.Errorf("change %s of %s: %w", index, s.name, err)
		}
		arguments = append([]string{"set"}, append(arguments[1:], string(value))...)
	}
	timeout := t.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var messages tail.Buffer
	cmd := command(limited, path, arguments...)
	cmd.Stderr = &messages
	err = run(cmd)
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return s.mistake("was not changed: %s", context.Cause(ctx))
	case limited.Err() != nil:
		return s.mistake("%s did not change it within %s; does its key wait for a passphrase or a touch, or a key service not answer?", t.path(), timeout)
	case errors.As(err, &ended):
		return t.explain(ctx, s, path, ended.ExitCode(), messages.String())
	}
	return s.mistake("is encrypted, and %s does not run: %s", t.path(), reason(err))
}

// indexOf is a path as sops takes it: ["spec"]["image"][0].
func indexOf(path []any) (string, error) {
	var out strings.Builder
	for _, step := range path {
		text, err := json.Marshal(step)
		if err != nil || bytes.ContainsAny(text, "\\") {
			// sops reads no escapes.
			return "", fmt.Errorf("the key %v is none that sops takes", step)
		}
		out.WriteString("[" + string(text) + "]")
	}
	return out.String(), nil
}
