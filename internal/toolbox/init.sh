#!/bin/sh
# The first process of a QEMU machine of the toolbox. It mounts the kernel's file systems, loads the drivers and
# unpacks the seed: a tar archive on the virtio disk with the serial number "seed". The seed's /run/airship/init
# takes over from there. What goes wrong is one line on the console, and the machine is switched off.

PATH=/usr/sbin:/usr/bin
export PATH

fail() {
	set -f
	set -- $* # makes one line of several
	printf 'airship: %s\n' "$*"
	echo o >/proc/sysrq-trigger
	# The kernel switches off in its own time. Where it cannot, the end of its first process ends it, too.
	sleep 10
	exit 1
}

# try WHAT COMMAND... fails with what the command said.
try() {
	what=$1
	shift
	said=$("$@" 2>&1) || fail "cannot $what: $said"
}

try 'mount /proc' mount -t proc -o nosuid,nodev,noexec proc /proc
try 'mount /sys' mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
try 'mount /dev' mount -t devtmpfs -o nosuid,mode=755 devtmpfs /dev
# Before the seed, which unpacks there.
try 'mount /run' mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /run

for module in /usr/lib/airship/modules/*.ko; do
	[ -e "$module" ] || continue # all are built in
	try "load ${module##*/}" insmod "$module"
done

# find_seed sets seed to the seed's device.
find_seed() {
	for serial in /sys/block/vd*/serial; do
		[ -e "$serial" ] || continue
		# No newline ends the file, so read's status says nothing.
		number=
		read -r number <"$serial"
		if [ "$number" = seed ]; then
			seed=${serial%/serial}
			seed=/dev/${seed##*/}
			return 0
		fi
	done
	return 1
}

tries=50
until find_seed && [ -b "$seed" ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail 'no virtio disk has the serial number "seed"'
	sleep 0.1
done

try "unpack the seed on $seed" tar -x -f "$seed" -C / --no-same-owner --no-overwrite-dir
[ -f /run/airship/init ] || fail "the seed on $seed holds no run/airship/init"
exec sh /run/airship/init
