//go:build !linux

package namespace

import (
	"context"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/userns"
)

// Start fails.
func Start(context.Context, Config) (machine.Machine, error) { return nil, userns.ErrUnsupported }

// Init fails.
func Init(context.Context, userns.Call) error { return userns.ErrUnsupported }
