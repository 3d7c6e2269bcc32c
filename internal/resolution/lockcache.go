package resolution

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

// lockCache remembers locks: while no suite has changed, the same request has the same answer.
type lockCache struct{ dir string }

// get finds the lock of a request among releases and a toolbox.
func (c lockCache) get(r plan.Request, releases []*repository.Release, toolbox string) (plan.Lock, bool) {
	return c.read(r, c.stem(r, releases)+suffix(toolbox))
}

// answered says whether the request has been answered, whichever toolbox asked.
func (c lockCache) answered(r plan.Request, releases []*repository.Release) bool {
	names, err := filepath.Glob(c.stem(r, releases) + suffix("*"))
	if err != nil {
		return false // the cache's own name is a bad pattern
	}
	for _, name := range names {
		if _, found := c.read(r, name); found {
			return true
		}
	}
	return false
}

func (lockCache) read(r plan.Request, name string) (plan.Lock, bool) {
	data, err := os.ReadFile(name)
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

// put remembers a lock; it gets its name when it is complete.
func (c lockCache) put(r plan.Request, releases []*repository.Release, lock plan.Lock) error {
	data, err := json.Marshal(lock)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("remember the lock: %w", err)
	}
	if err := wholefile.Write(c.stem(r, releases)+suffix(lock.Toolbox), data); err != nil {
		return fmt.Errorf("remember the lock: %w", err)
	}
	return nil
}

// stem is the path of an answer without its suffix.
func (c lockCache) stem(r plan.Request, releases []*repository.Release) string {
	hash := sha256.New()
	fmt.Fprintln(hash, r.Digest())
	for _, release := range releases {
		fmt.Fprintln(hash, release.SHA256)
	}
	return filepath.Join(c.dir, hex.EncodeToString(hash.Sum(nil)))
}

// suffix tells answers of different toolboxes apart, by their digests.
func suffix(toolbox string) string { return "-" + toolbox + ".json" }
