package toolbox

import (
	"fmt"
	"path/filepath"
)

// Kernel is the path of the toolbox's Linux kernel on the host, which QEMU starts directly.
func (t Toolbox) Kernel() (string, error) {
	found, err := filepath.Glob(filepath.Join(t.Dir, "boot", "vmlinuz-*"))
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("the toolbox %s has no kernel", t.Dir)
	}
	return found[len(found)-1], nil
}
