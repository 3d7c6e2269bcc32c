package disk

import (
	"context"
	"strconv"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
)

// targetView runs a command chrooted in the target, in a mount namespace of its own. The target sees
// an empty /sys, so that the build host's firmware has no say in grub.cfg; in /dev the names by which
// grub-mkconfig looks for file systems; and the plan's answers in place of grub-probe and
// grub-mkrelpath, which would look for a disk.
//
// Arguments: the number of UUIDs, the UUIDs, the command.
const targetView = `
target=` + machine.Target + `
mount -t tmpfs -o mode=0755 tmpfs $target/dev
for node in null zero urandom; do
	: >$target/dev/$node
	mount --bind /dev/$node $target/dev/$node
done
mkdir -p $target/dev/disk/by-uuid
count=$1
shift
while [ "$count" -gt 0 ]; do
	: >"$target/dev/disk/by-uuid/$1"
	shift
	count=$((count - 1))
done
mount -t tmpfs -o mode=0755 tmpfs $target/sys
mount -t tmpfs -o mode=0755 tmpfs $target/run
mount --rbind /proc $target/proc
mount --bind ` + grubWork + ` $target/tmp
mount --bind ` + grubWork + `/grub-probe $target/usr/sbin/grub-probe
mount --bind ` + grubWork + `/grub-mkrelpath $target/usr/bin/grub-mkrelpath
exec chroot $target "$@"
`

// copyModules copies a platform's modules, as grub-install does.
const copyModules = `
from=` + grubLib + `/$1 to=` + grubDir + `/$1
rm -rf "$to"
mkdir -p "$to"
cp "$from"/*.mod "$from"/*.lst "$to"
for file in efiemu32.o efiemu64.o modinfo.sh; do
	[ ! -e "$from/$file" ] || cp "$from/$file" "$to"
done
`

// copyShared copies what platforms share: a font and messages for the menu, and grubenv, where
// GRUB saves variables.
const copyShared = `
mkdir -p ` + grubDir + `/fonts ` + grubDir + `/locale
[ ! -e /usr/share/grub/unicode.pf2 ] || cp /usr/share/grub/unicode.pf2 ` + grubDir + `/fonts
for messages in /usr/share/locale/*/LC_MESSAGES/grub.mo; do
	[ -e "$messages" ] || continue
	language=${messages#/usr/share/locale/}
	cp "$messages" "` + grubDir + `/locale/${language%%/*}.mo"
done
grub-editenv ` + grubDir + `/grubenv create
`

// makeConfig writes grub.cfg in the language that update-grub would find on the node.
const makeConfig = `
unset LC_ALL LANG
[ ! -r /etc/default/locale ] || . /etc/default/locale
export LANG LANGUAGE
exec grub-mkconfig -o ` + grubDir + `/grub.cfg
`

// inTarget runs a program of the target as targetView describes.
func (a assembly) inTarget(ctx context.Context, command ...string) error {
	args := []string{"unshare", "--mount", "sh", "-euc", targetView, "sh"}
	var uuids []string
	for _, p := range a.plan.Disk.Mounts() {
		uuids = append(uuids, p.Filesystem.UUID)
	}
	args = append(append(args, strconv.Itoa(len(uuids))), uuids...)
	return a.run(ctx, append(args, command...)...)
}
