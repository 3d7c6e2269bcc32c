//go:build !linux

package publish

import (
	"errors"
	"os"
)

// clone is Linux's alone.
func clone(*os.File, string) error { return errors.ErrUnsupported }
