package bootcheck

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// Path is the state of a path, itself and not what a link leads to.
type Path struct {
	Path string `json:"path"`
	// Type is file, directory, link, fifo, socket, character device or block device.
	Type string `json:"type"`
	// Mode are the permissions in octal, 0644; with UID and GID nothing is expected where it is empty.
	Mode   string `json:"mode,omitempty"`
	UID    int    `json:"uid"`
	GID    int    `json:"gid"`
	SHA256 string `json:"sha256,omitempty"` // hex, of a file
	Link   string `json:"link,omitempty"`   // where a link leads to
}

// Observe reads the state of absolute paths from the finished root filesystem in m. Those that are not
// there are left out.
func Observe(ctx context.Context, m machine.Machine, paths []string) ([]Path, error) {
	script, err := askScripts.ReadFile("ask/paths.py")
	if err != nil {
		return nil, err
	}
	asked, err := json.Marshal(paths)
	if err != nil {
		return nil, err
	}
	var answer bytes.Buffer
	err = m.Run(ctx, machine.Command{
		Args:  []string{"python3", "-I", "-B", "-c", string(script), machine.Target},
		Stdin: bytes.NewReader(asked), Stdout: &answer,
	})
	if err != nil {
		return nil, fmt.Errorf("read the state of what was configured: %w", err)
	}
	var found []Path
	if err := json.Unmarshal(answer.Bytes(), &found); err != nil {
		return nil, fmt.Errorf("read the state of what was configured: %w", err)
	}
	return found, nil
}
