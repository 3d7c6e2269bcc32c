#!/bin/sh
# Enlarges the partition of the root file system into the room behind it, at each boot: a disk may have become larger
# since the last one. Where there is none, nothing is written.
set -eu
device=$(findmnt --noheadings --nofsroot --output SOURCE /)
partition=$(basename "$(readlink -f "$device")")
[ -e "/sys/class/block/$partition/partition" ] || exit 0 # it lies on no partition
number=$(cat "/sys/class/block/$partition/partition")
disk=$(basename "$(readlink -f "/sys/class/block/$partition/..")")

# In sectors of 512 bytes, up to the next partition or to the end of the disk.
end=$(($(cat "/sys/class/block/$partition/start") + $(cat "/sys/class/block/$partition/size")))
limit=$(cat "/sys/class/block/$disk/size")
for start in "/sys/class/block/$disk/$disk"*/start; do
	[ -e "$start" ] || continue
	other=$(cat "$start")
	if [ "$other" -ge "$end" ] && [ "$other" -lt "$limit" ]; then
		limit=$other
	fi
done
# The last MiB is a GPT's second table, another is what alignment leaves.
room=$((limit - end))
[ "$room" -gt 4096 ] || exit 0

echo "growing partition $number of $disk by $((room / 2048)) MiB"
echo ',+' | sfdisk --quiet --force --no-reread --no-tell-kernel -N "$number" "/dev/$disk"
partx --update --nr "$number" "/dev/$disk"
