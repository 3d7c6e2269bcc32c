#!/bin/sh
# mmdebstrap's setup hook: divert.sh ROOT PATH...
# Diverts each PATH to PATH.airship and puts a program that does nothing in its place. dpkg is not
# there yet, so its database is written directly: three lines an entry, the last one naming the
# package, ":" for the administrator.
set -eu
root=$1
shift
mkdir -p "$root/var/lib/dpkg"
for path; do
	mkdir -p "$root${path%/*}"
	printf '%s\n%s.airship\n:\n' "$path" "$path" >>"$root/var/lib/dpkg/diversions"
	case $path in
	*.py) : >"$root$path" ;;
	*) printf '#!/bin/sh\nexit 0\n' >"$root$path" ;;
	esac
	chmod 0755 "$root$path"
done
