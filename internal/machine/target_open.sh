# Makes the programs of the root filesystem $1 run. $2 is an empty directory for what
# target_close.sh has to know. They trust the certificate authorities in the file $4, if there is one,
# besides those in their own $3.
set -eu
target=$1 state=$2 authorities=$1$3 extra=$4
: > "$state/made"

# stamp keeps the modification time of a directory, so that what is made in it leaves no trace.
stamp() { before=$(stat -c %.9Y -- "$1"); }

# made notes a thing that target_close.sh is to remove: its directory's time before and after.
made() { printf '%s %s %s %s\n' "$1" "$before" "$(stat -c %.9Y -- "${2%/*}")" "$2" >> "$state/made"; }

# directory makes a directory if there is none.
directory() {
    [ -d "$1" ] && return
    directory "${1%/*}"
    stamp "${1%/*}"
    mkdir -- "$1"
    made directory "$1"
}

# lay puts the file $1 where $2 is or would be. A symbolic link there may lead out of the target
# and is moved aside.
lay() {
    dir=${2%/*}
    directory "$dir"
    if [ -L "$2" ]; then
        stamp "$dir"
        mv -T -- "$2" "$2.airship-aside"
        made aside "$2"
    fi
    if [ ! -e "$2" ]; then
        stamp "$dir"
        : > "$2"
        made file "$2"
    fi
    mount --bind -- "$1" "$2"
}

for point in proc sys dev run tmp; do
    [ ! -L "$target/$point" ] || { echo "/$point is a symbolic link in the target" >&2; exit 1; }
    directory "$target/$point"
done
mount --rbind /proc "$target/proc"
mount --rbind /sys "$target/sys"
mount -t tmpfs -o mode=755,nosuid tmpfs "$target/dev"
for node in null zero full random urandom tty; do
    : > "$target/dev/$node"
    mount --bind "/dev/$node" "$target/dev/$node"
done
mkdir "$target/dev/pts" "$target/dev/shm"
# The same instance as the machine's: terminals are opened there before a login enters the target.
mount --bind /dev/pts "$target/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$target/dev/shm"
cp -P -- /dev/ptmx /dev/fd /dev/stdin /dev/stdout /dev/stderr "$target/dev/"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$target/run"
mkdir -m 1777 "$target/run/lock"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$target/tmp"

# A copy: what a provisioner writes to it must not reach the machine's own.
cp -- /etc/resolv.conf "$state/resolv.conf"
lay "$state/resolv.conf" "$target/etc/resolv.conf"

# No service starts in a root filesystem that is not booted. deb-systemd-invoke and invoke-rc.d
# ask this program first; 101 forbids.
printf '#!/bin/sh\nexit 101\n' > "$state/policy-rc.d"
chmod 755 "$state/policy-rc.d"
lay "$state/policy-rc.d" "$target/usr/sbin/policy-rc.d"

# A file in place of the target's, not a mount over it: update-ca-certificates(8) renames a new one
# to this path, and nothing can be renamed to a mount. A link may lead out of the target: it is left alone.
if [ -f "$extra" ] && [ -f "$authorities" ] && [ "$(realpath -- "$authorities")" = "$authorities" ]; then
    cp -p -- "$authorities" "$state/authorities"
    { echo; cat -- "$extra"; } >> "$state/authorities"
    stamp "${authorities%/*}"
    mv -T -- "$authorities" "$authorities.airship-aside"
    made aside "$authorities"
    stamp "${authorities%/*}"
    cp -p -- "$state/authorities" "$authorities"
    made authorities "$authorities"
fi
