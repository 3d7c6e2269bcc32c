package toolbox

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/flock"
)

// cache is the directory toolbox of the cache, as far as one owner's trees are concerned, or the boot files, whose
// owner is named boot:
//
//	<suite>-<architecture>-<digest>.<owner>     a complete tree
//	<suite>-<architecture>-<digest>.kernel      a kernel for QEMU
//	<suite>-<architecture>-<digest>.initramfs   an initramfs
//	<name>.partial                              one of them under construction, or left behind by a kill
//	<owner>.lock                                flock(2), held by the one that constructs or removes
//	<suite>-<architecture>-<key>.json           the pin that was resolved for a package list
//
// What has a name without .partial is complete and never changes; whoever removes it holds its owner's lock.
type cache struct {
	dir   string
	owner string
	// suffixes of the names that are made under this owner's lock, before .partial.
	suffixes []string
}

const (
	partialSuffix   = ".partial"
	bootOwner       = "boot"
	kernelSuffix    = ".kernel"
	initramfsSuffix = ".initramfs"
)

// bootSuffixes are no owner's of a tree.
var bootSuffixes = []string{"." + bootOwner, kernelSuffix, initramfsSuffix}

// digits of a digest that a name carries.
const digits = 16

// recipe is what decides a tree or the boot files besides the packages. With it in the digest, a plugin that unpacks
// in another way than the one that filled the cache makes its own.
//
//go:embed archive.go leftout.go unpack.go fixup.go fixtree.go users.go certificates.go bytecode_linux.go
//go:embed initramfs.go layout.go modules.go modinfo.go init.sh kernelimage.go
var recipe embed.FS

var ownerName = regexp.MustCompile(`^[a-z0-9-]+$`)

func openCache(cacheDir, owner string) (cache, error) {
	if !ownerName.MatchString(owner) {
		return cache{}, fmt.Errorf("toolbox: owner %q is not made of lower-case letters, digits and dashes", owner)
	}
	if slices.Contains(bootSuffixes, "."+owner) {
		return cache{}, fmt.Errorf("toolbox: owner %q is the name of something else", owner)
	}
	return openCacheOf(cacheDir, owner, []string{"." + owner})
}

func openBootCache(cacheDir string) (cache, error) {
	return openCacheOf(cacheDir, bootOwner, bootSuffixes)
}

func openCacheOf(cacheDir, owner string, suffixes []string) (cache, error) {
	dir, err := filepath.Abs(filepath.Join(cacheDir, "toolbox"))
	if err != nil {
		return cache{}, err
	}
	// Nobody else enters: trees hold set-user-ID programs, and nobody updates them.
	return cache{dir, owner, suffixes}, os.MkdirAll(dir, 0o700)
}

// toolbox is where a pin's toolbox lies, whether it is there or not.
func (c cache) toolbox(pin Pin) (Toolbox, error) {
	stem, digest, err := c.stem(pin)
	if err != nil {
		return Toolbox{}, err
	}
	return Toolbox{Dir: stem + "." + c.owner, Pin: pin, Digest: digest}, nil
}

// stem is the path of what is made by a pin, without its suffix, and the digest in it.
func (c cache) stem(pin Pin) (stem, digest string, err error) {
	if digest, err = pin.Digest(); err != nil {
		return "", "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, digest)
	err = fs.WalkDir(recipe, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := recipe.ReadFile(name)
		fmt.Fprintln(sum, name, len(text))
		sum.Write(text)
		return err
	})
	if err != nil {
		return "", "", err
	}
	digest = hex.EncodeToString(sum.Sum(nil))
	return filepath.Join(c.dir, fmt.Sprintf("%s-%s-%s", pin.Suite, pin.Architecture, digest[:digits])), digest, nil
}

// pinFile is where the pin of a suite and architecture is remembered; another package list has another file.
func (c cache) pinFile(suite, architecture string) (string, error) {
	names, err := Packages(suite, architecture)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join(names, "\n")))
	return filepath.Join(c.dir, fmt.Sprintf("%s-%s-%s.json", suite, architecture, hex.EncodeToString(sum[:])[:digits])), nil
}

// remembered is the pin that was resolved before. One that cannot be read counts as none: it is made again.
func (c cache) remembered(suite, architecture string) (Pin, bool, error) {
	name, err := c.pinFile(suite, architecture)
	if err != nil {
		return Pin{}, false, err
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Pin{}, false, nil
	}
	if err != nil {
		return Pin{}, false, err
	}
	var pin Pin
	if json.Unmarshal(text, &pin) != nil || pin.Check() != nil {
		return Pin{}, false, nil
	}
	return pin, true, nil
}

// remember writes the pin for later runs. The name appears only with the whole file behind it.
func (c cache) remember(pin Pin) error {
	name, err := c.pinFile(pin.Suite, pin.Architecture)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(pin, "", "  ")
	if err != nil {
		return err
	}
	partial := strings.TrimSuffix(name, ".json") + "." + c.owner + partialSuffix
	if err := os.WriteFile(partial, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(partial, name)
}

// clean removes what a killed process of this owner has left. The caller holds the lock, so nobody works there.
func (c cache) clean(ctx context.Context, inside func(context.Context, Task) error) error {
	for _, suffix := range c.suffixes {
		left, err := filepath.Glob(filepath.Join(c.dir, "*"+suffix+partialSuffix))
		if err != nil {
			return err
		}
		for _, name := range left {
			if err := discard(ctx, name, inside); err != nil {
				return fmt.Errorf("remove an unfinished toolbox: %w", err)
			}
		}
	}
	return nil
}

// discard removes a file, or a tree whose files only root of the mapping may remove.
func discard(ctx context.Context, name string, inside func(context.Context, Task) error) error {
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if info.IsDir() {
		if err := inside(ctx, Task{Tree: name}); err != nil {
			return err
		}
	}
	return os.Remove(name)
}

// lock waits until this process is the only one that makes this owner's toolboxes.
func (c cache) lock(ctx context.Context, progress func(string, ...any)) (unlock func() error, err error) {
	file, err := os.OpenFile(filepath.Join(c.dir, c.owner+".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = flock.Wait(ctx, file, func() { progress("toolbox: another build is making it; waiting") })
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file.Close, nil
}
