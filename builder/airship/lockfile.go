package airship

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/toolbox"
	"github.com/airshipit/packer-plugin-airship/internal/wholefile"
)

// lockFile is what the option lock_file names: the image's packages and the tools'.
type lockFile struct {
	Lock    plan.Lock   `json:"lock"`
	Toolbox toolbox.Pin `json:"toolbox"`
}

// readLockFile reads a lock; nil where none is named or there is none yet.
func readLockFile(name string) (*lockFile, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the lock file: %w", err)
	}
	var lock lockFile
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&lock); err != nil {
		return nil, fmt.Errorf("the lock file %s: %w; delete it to resolve the packages anew", name, err)
	}
	digest, err := lock.Toolbox.Digest()
	if err != nil {
		return nil, err
	}
	if lock.Lock.Format == 0 || lock.Lock.Toolbox != digest {
		return nil, fmt.Errorf("the lock file %s is not one that was written here, or was edited: delete it to resolve the packages anew", name)
	}
	return &lock, nil
}

// writeLockFile writes the lock under its name only when it is complete.
func writeLockFile(name string, lock lockFile) error {
	data, err := json.MarshalIndent(lock, "", "  ")
	if err != nil {
		return err
	}
	if err := wholefile.Write(name, append(data, '\n')); err != nil {
		return fmt.Errorf("the lock file: %w", err)
	}
	return nil
}
