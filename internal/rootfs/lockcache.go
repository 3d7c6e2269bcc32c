package rootfs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/airshipit/packer-plugin-airship/internal/plan"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
	"github.com/airshipit/packer-plugin-airship/internal/wholefile"
)

// LockCache remembers locks: while no suite has changed, the same request has the same answer.
type LockCache struct{ Dir string }

// Get finds the lock of a request among releases and a toolbox.
func (c LockCache) Get(r plan.Request, releases []*repository.Release, toolbox string) (plan.Lock, bool) {
	data, err := os.ReadFile(c.path(r, releases, toolbox))
	if err != nil {
		return plan.Lock{}, false
	}
	var lock plan.Lock
	// What cannot be read or does not fit is resolved anew.
	if json.Unmarshal(data, &lock) != nil || lock.Check(r) != nil {
		return plan.Lock{}, false
	}
	return lock, true
}

// Put remembers a lock; it gets its name when it is complete.
func (c LockCache) Put(r plan.Request, releases []*repository.Release, toolbox string, lock plan.Lock) error {
	data, err := json.Marshal(lock)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return fmt.Errorf("remember the lock: %w", err)
	}
	if err := wholefile.Write(c.path(r, releases, toolbox), data); err != nil {
		return fmt.Errorf("remember the lock: %w", err)
	}
	return nil
}

func (c LockCache) path(r plan.Request, releases []*repository.Release, toolbox string) string {
	hash := sha256.New()
	fmt.Fprintln(hash, r.Digest(), toolbox)
	for _, release := range releases {
		fmt.Fprintln(hash, release.SHA256)
	}
	return filepath.Join(c.Dir, hex.EncodeToString(hash.Sum(nil))+".json")
}
