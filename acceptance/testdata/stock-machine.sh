#!/bin/sh
# The first process of a machine: its root is TREE, its SSH server listens on 127.0.0.1:PORT. It ends,
# and everything in its PID namespace with it, when its standard input does.
#
# usage: unshare --mount --pid --uts --ipc --fork --kill-child stock-machine.sh TREE PORT
set -eu
tree=$1 port=$2
mount --make-rprivate /
mount --bind "$tree" "$tree"
cd "$tree"

mount -t proc proc proc
# The kernel and its network are the host's: nothing in here is to set them.
mount --bind proc/sys proc/sys
mount -o remount,ro,bind proc/sys
! [ -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 run run
mkdir run/lock run/sshd
mount -t tmpfs -o mode=755 dev dev
for node in null zero full random urandom tty; do
	: >"dev/$node"
	mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for fd in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${fd%:*}" "dev/${fd#*:}"; done
hostname stock

pivot_root . .
umount -l .
cd /
# Not exec: the shell waits for orphans, too, and ends at the end of its input.
exec chroot . /bin/sh -c '/usr/sbin/sshd -D -e -p "$1" -o ListenAddress=127.0.0.1 </dev/null & while read -r _; do :; done' stock "$port"
