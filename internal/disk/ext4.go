package disk

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/airshipit/packer-plugin-airship/internal/machine"
	"github.com/airshipit/packer-plugin-airship/internal/plan"
)

// mke2fsConf fixes ext4's features (mke2fs.conf(5)) to those of Debian 12, which the e2fsck and
// GRUB of Ubuntu 20.04 know as well. Newer defaults, metadata_csum_seed and orphan_file, stop GRUB
// 2.06 and e2fsck before 1.47.
const mke2fsConf = `[defaults]
	base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
	default_mntopts = acl,user_xattr
	enable_periodic_fsck = 0
	blocksize = 4096
	inode_size = 256
	inode_ratio = 16384

[fs_types]
	ext4 = {
		features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
	}
	small = {
		inode_ratio = 4096
	}
	big = {
		inode_ratio = 32768
	}
	huge = {
		inode_ratio = 65536
	}
`

// covered runs the command in its arguments from the second on, in a mount namespace of its own
// where an empty directory lies over each line of the first, which end with the command.
const covered = `
count=$1
shift
while [ "$count" -gt 0 ]; do
	mount --bind ` + workDir + `/empty "$1"
	shift
	count=$((count - 1))
done
exec "$@"
`

// ext4 makes p's file system and fills it with its own part of the tree.
func (a assembly) ext4(ctx context.Context, p plan.Partition) error {
	command := append(a.mke2fs(p, p.Start), "-d", machine.Target+p.Mount.Path, machine.Disk, fmt.Sprintf("%dk", p.Size>>10))
	if err := a.run(ctx, a.covering(p, command)...); err != nil {
		return err
	}
	return a.run(ctx, "sh", "-euc", rootAttributes, "sh", machine.Target+p.Mount.Path, fmt.Sprintf("%s?offset=%d", machine.Disk, p.Start))
}

// mke2fs is the command that makes p's file system at an offset in bytes, without the file it is made in and the size.
func (a assembly) mke2fs(p plan.Partition, offset int64) []string {
	options := []string{
		"offset=" + strconv.FormatInt(offset, 10),
		"hash_seed=" + p.Filesystem.HashSeed,
		"root_owner=0:0",
		"nodiscard",
		// The image is a new sparse file: unwritten inode tables are zeros already, and stay holes.
		"lazy_itable_init=0", "lazy_journal_init=0", "assume_storage_prezeroed=1",
	}
	command := []string{"mke2fs", "-q", "-F", "-t", "ext4", "-U", p.Filesystem.UUID, "-E", strings.Join(options, ",")}
	if p.Filesystem.Label != "" {
		command = append(command, "-L", p.Filesystem.Label)
	}
	return command
}

// covering is a command that sees p's own part of the tree alone: directories that other partitions hold are empty.
func (a assembly) covering(p plan.Partition, command []string) []string {
	inside := a.mountedInside(p.Mount.Path)
	args := append([]string{"unshare", "--mount", "sh", "-euc", covered, "sh", strconv.Itoa(len(inside))}, inside...)
	return append(args, command...)
}

// rootAttributes gives the file system's root directory (inode 2) the owner and mode of the directory $1: mke2fs
// copies what is in a directory and not its own.
const rootAttributes = `
set -- "$2" $(stat --format='0%a %u %g' -- "$1")
[ "$2 $3 $4" != '0755 0 0' ] || exit 0
said=$(debugfs -w -f - "$1" 2>&1 <<EOF
set_inode_field <2> mode 04$(printf %04o "$2")
set_inode_field <2> uid $3
set_inode_field <2> gid $4
EOF
)
# Its exit status tells nothing of its commands.
printf '%s\n' "$said" | grep -v -e '^debugfs [0-9]' -e '^debugfs: set_inode_field' >&2 && exit 1
exit 0
`

// mountedInside lists the directories of the tree below mount that other file systems hold.
// Of two that lie in one another the outer one is enough, and once it is covered the inner one is
// no longer there.
func (a assembly) mountedInside(mount string) []string {
	var inside []string
	for _, p := range a.plan.Disk.Mounts() {
		if p.Mount.Path != mount && a.holder(path.Dir(p.Mount.Path)).Mount.Path == mount {
			inside = append(inside, machine.Target+p.Mount.Path)
		}
	}
	return inside
}

// holder is the partition whose file system holds the absolute path name.
func (a assembly) holder(name string) plan.Partition {
	for ; ; name = path.Dir(name) {
		if p, ok := a.plan.Disk.Partition(name); ok || name == "/" {
			return p
		}
	}
}
