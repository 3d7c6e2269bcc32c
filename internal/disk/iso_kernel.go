package disk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/repository"
)

const (
	kernelPrefix = "vmlinuz-"
	initrdPrefix = "initrd.img-"
)

// kernel finds the newest kernel of the tree and its initramfs: paths in the target.
func (a isoAssembly) kernel(ctx context.Context) (kernel, initrd string, err error) {
	listing, err := a.output(ctx, "ls", machine.Target+"/boot")
	if err != nil {
		return "", "", err
	}
	version, err := newestKernel(strings.Fields(listing))
	if err != nil {
		return "", "", err
	}
	return "/boot/" + kernelPrefix + version, "/boot/" + initrdPrefix + version, nil
}

// newestKernel is the version of the kernel that GRUB would start first, of the names in /boot.
func newestKernel(names []string) (string, error) {
	var versions []string
	for _, name := range names {
		if version, found := strings.CutPrefix(name, kernelPrefix); found {
			versions = append(versions, version)
		}
	}
	if len(versions) == 0 {
		return "", errors.New("the image has no kernel in /boot")
	}
	newest := slices.MaxFunc(versions, repository.CompareVersions)
	if !slices.Contains(names, initrdPrefix+newest) {
		return "", fmt.Errorf("the kernel %s has no initramfs in /boot", newest)
	}
	return newest, nil
}
