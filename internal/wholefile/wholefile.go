// Package wholefile writes files that are seen complete or not at all.
package wholefile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// abandoned is the age of what no process writes any more: large files are read again when they are written.
const abandoned = 10 * time.Minute

// Partial is a new name beside name for what is not whole yet, since a rename crosses no file system. What killed processes left
// under such names is removed.
func Partial(name string) string {
	directory, stem, random := filepath.Dir(name), "."+filepath.Base(name)+".", rand.Text()
	entries, _ := os.ReadDir(directory) // what is not read now is removed another time
	for _, e := range entries {
		if end, is := strings.CutPrefix(e.Name(), stem); !is || len(end) != len(random) || strings.Trim(end, base32) != "" {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(directory, e.Name())) // it is in nobody's way
		}
	}
	return filepath.Join(directory, stem+random)
}

// base32 are the letters of rand.Text.
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// Write makes or replaces the file name, with the mode that the umask leaves of 0666.
func Write(name string, data []byte) error {
	partial := Partial(name)
	file, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(partial, name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(partial))
	}
	return nil
}
