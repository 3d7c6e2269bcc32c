//go:build !linux

package userns

import (
	"context"
	"errors"
	"runtime"
)

// ErrUnsupported is the error of every operation on systems other than Linux.
var ErrUnsupported = errors.New("user namespaces need Linux, this is " + runtime.GOOS +
	": run packer on Linux, such as in a virtual machine")

// Main returns at once.
func Main(map[string]Entry) {}

// Detect fails.
func Detect(context.Context) (Mapping, error) { return Mapping{}, ErrUnsupported }

// Run fails.
func (Mapping) Run(context.Context, Job) error { return ErrUnsupported }

// Chown fails.
func (Mapping) Chown(string) error { return ErrUnsupported }

// Remove fails.
func (Mapping) Remove(context.Context, string) error { return ErrUnsupported }
