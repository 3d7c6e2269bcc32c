# The machine's first process, run by the initramfs's /init: it makes the toolbox's files into a
# machine's root directory, opens the doors and then only waits for what has ended.
set -eu
. /run/airship/settings

off() {
	sync
	echo o >/proc/sysrq-trigger
	sleep 60
}
fail() {
	echo "airship: $*" >&2
	off
}
trap 'fail "the machine cannot be set up"' EXIT

# disk prints the device whose serial number is $1.
disk() {
	for file in /sys/block/vd*/serial; do
		if [ "$(cat "$file")" = "$1" ]; then
			device=${file%/serial}
			echo "/dev/${device##*/}"
			return
		fi
	done
	fail "there is no disk $1"
}

date --set "@$now" >/dev/null
hostname localhost
mkdir -p /dev/pts /dev/shm
# 5 is Debian's group tty.
mount -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /dev/shm
ln -sfn pts/ptmx /dev/ptmx
ln -sfn /proc/self/fd /dev/fd
ln -sfn /proc/self/fd/0 /dev/stdin
ln -sfn /proc/self/fd/1 /dev/stdout
ln -sfn /proc/self/fd/2 /dev/stderr
mkdir -p /run/sshd /run/lock

# The root becomes read-only when it is complete. /var is a copy.
mkdir -m 755 /boot
rm /init
mkdir /run/var
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run/var
cp -a /var/. /run/var/
mount --move /run/var /var
rmdir /run/var
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /tmp
mount -t tmpfs -o mode=700,nosuid,nodev tmpfs /root
mkdir -p -m 1777 /var/tmp
echo localhost >/etc/hostname
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >/etc/hosts
cp /run/airship/resolv.conf /etc/resolv.conf
if [ -s "$extra_authorities" ]; then
	{ echo; cat "$extra_authorities"; } >>"$authorities"
fi

# What is written here is gone with the machine: no journal, no barriers, nothing initialised ahead.
scratch=$(disk scratch)
mke2fs -q -t ext4 -O ^has_journal -m 0 -E lazy_itable_init=1,nodiscard "$scratch"
mkdir -p /run/scratch
mount -t ext4 -o noatime,nobarrier,noinit_itable "$scratch" /run/scratch
for dir in scratch target output; do
	mkdir -m 755 "/run/scratch/$dir"
	mount --bind "/run/scratch/$dir" "/$dir"
done
umount -l /run/scratch
rmdir /run/scratch
ln -s "$(disk disk)" "$disk"

ifconfig lo 127.0.0.1 netmask 255.0.0.0 up
ifconfig eth0 "$address" netmask "$netmask" up
route add default gw "$gateway"

# As in a namespace: what would change the kernel's settings finds that it cannot.
mount --bind /proc/sys /proc/sys
mount -o remount,ro /
mount -o remount,ro /sys
mount -o remount,bind,ro /proc/sys
umask 022
$toolbox_door &
$target_door &
(
	# Whoever started the machine has to come, or it is there for nobody.
	sleep "$patience"
	[ -e /run/airship/held ] || off
) &
# A line of its own, whatever the kernel or a server was about to say.
echo
echo "$ready"

trap - EXIT
while :; do
	# An interrupted sleep is as good: what has ended is reaped meanwhile.
	sleep 3600 &
	wait $! || :
done
