#!/bin/sh
# Run in a target that is open: divert_base.sh PATH...
# What divert.sh does to an empty target, for one that has packages. Their initramfs goes: it is made anew.
set -eu
rm -f /boot/initrd.img-*
for path; do
	mkdir -p "${path%/*}"
	dpkg-divert --quiet --local --rename --divert "$path.airship" --add "$path"
	case $path in
	*.py) : >"$path" ;;
	*) printf '#!/bin/sh\nexit 0\n' >"$path" ;;
	esac
	chmod 0755 "$path"
done
