package disk

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// mostOfFile is the largest file that every reader of an ISO takes, in bytes. ISO 9660 has larger ones in several
// extents, which the firmware's virtual media and GRUB do not all read.
const mostOfFile = 1<<32 - 1

// fileTooLarge is the shell's status of a program that SIGXFSZ ended.
const fileTooLarge = 128 + 25

// squashScript runs mksquashfs with a limit to what it writes, $1 blocks of 512 bytes: it ends as soon as the limit is
// passed.
const squashScript = `ulimit -f "$1"; shift; mksquashfs "$@"`

// squash makes the root file system. Zstandard's level 3 takes twice lz4's time, 5 s of a processor for 800 MB, and gives a third
// less, which counts where virtual media go over a network; its default 15 takes minutes for another tenth.
//
// Its times are those of the tree, which is older than the epoch, and its own is
// the epoch, by SOURCE_DATE_EPOCH. What is in /boot lies beside it.
func (a isoAssembly) squash(ctx context.Context) error {
	err := a.run(ctx, "sh", "-euc", squashScript, "sh", strconv.FormatInt(a.most/512, 10),
		machine.Target, isoTree+plan.LiveSquashFS,
		"-noappend", "-no-progress", "-quiet", "-no-recovery", "-one-file-system", "-xattrs",
		"-comp", "zstd", "-Xcompression-level", "3",
		"-wildcards", "-e", "boot/*")
	var exit *machine.ExitError
	if errors.As(err, &exit) && exit.Code == fileTooLarge {
		return fmt.Errorf("the compressed root filesystem has more than %d bytes (4 GiB), which firmware and boot loaders do not all "+
			"read from an ISO: install fewer packages, or remove what the live system does not need in a provisioner", a.most)
	}
	return err
}
