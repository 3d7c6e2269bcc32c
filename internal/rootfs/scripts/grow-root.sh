#!/bin/sh
# Enlarges the partition of the root file system into the room behind it, and the file system to its partition, at each
# boot: a disk may have become larger since the last one. Where there is no room, nothing is written.
set -eu
device=$(readlink -f "$(findmnt --noheadings --nofsroot --output SOURCE /)")
partition=/sys/class/block/${device##*/}
[ -e "$partition/partition" ] || exit 0 # it lies on no partition
disk=$(dirname "$(readlink -f "$partition")")

grow_partition() {
	# In sectors of 512 bytes, up to the next partition (such as Ironic's config drive) or to the end of the disk.
	end=$(($(cat "$partition/start") + $(cat "$partition/size")))
	limit=$(cat "$disk/size")
	for start in "$disk/${disk##*/}"*/start; do
		[ -e "$start" ] || continue
		other=$(cat "$start")
		if [ "$other" -ge "$end" ] && [ "$other" -lt "$limit" ]; then
			limit=$other
		fi
	done
	# The last MiB is a GPT's second table, another is what alignment leaves.
	room=$((limit - end))
	[ "$room" -gt 4096 ] || return 0
	number=$(cat "$partition/partition")
	echo "growing partition $number of ${disk##*/} by $((room / 2048)) MiB"
	echo ',+' | sfdisk --quiet --force --no-reread --no-tell-kernel -N "$number" "/dev/${disk##*/}"
	partx --update --nr "$number" "/dev/${disk##*/}"
}

grow_partition
case ,$(findmnt --noheadings --output OPTIONS /), in
*,ro,*) exit 0 ;;
esac
case $(findmnt --noheadings --output FSTYPE /) in
ext4) set -- resize2fs "$device" ;;
xfs) set -- xfs_growfs / ;;
btrfs) set -- btrfs filesystem resize max / ;;
*) exit 0 ;;
esac
# Each changes nothing where the file system is as large already.
said=$("$@" 2>&1) || {
	echo "$said" >&2
	exit 1
}
