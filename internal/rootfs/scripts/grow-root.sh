#!/bin/sh
# Enlarges the partition of the root file system into the room behind it, at each boot: a disk may have become larger
# since the last one. Where there is none, nothing is written.
set -eu
device=$(findmnt --noheadings --nofsroot --output SOURCE /)
partition=$(basename "$(readlink -f "$device")")
[ -e "/sys/class/block/$partition/partition" ] || exit 0 # it lies on no partition
number=$(cat "/sys/class/block/$partition/partition")
disk=$(basename "$(readlink -f "/sys/class/block/$partition/..")")

# In sectors of 512 bytes. The last MiB is a GPT's second table and what alignment leaves.
end=$(($(cat "/sys/class/block/$partition/start") + $(cat "/sys/class/block/$partition/size")))
room=$(($(cat "/sys/class/block/$disk/size") - end))
[ "$room" -gt 4096 ] || exit 0
for other in "/sys/class/block/$disk/$disk"*; do
	[ -e "$other/start" ] || continue
	[ "$(cat "$other/start")" -lt "$end" ] || exit 0 # another partition lies behind it
done

echo "growing partition $number of $disk by $((room / 2048)) MiB"
echo ',+' | sfdisk --quiet --force --no-reread --no-tell-kernel -N "$number" "/dev/$disk"
partx --update --nr "$number" "/dev/$disk"
