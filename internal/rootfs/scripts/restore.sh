#!/bin/sh
# Run in the target: restore.sh PATH...
# Ends the diversions of divert.sh. Afterwards nothing shows that there were any.
set -eu
for path; do
	# A step that is tried again finds none, and the program itself.
	[ "$(dpkg-divert --listpackage "$path")" = LOCAL ] || continue
	rm -f "$path"
	if [ -e "$path.airship" ]; then
		dpkg-divert --quiet --local --rename --remove "$path"
	else
		dpkg-divert --quiet --local --no-rename --remove "$path"
	fi
done
rm -f "${DPKG_ADMINDIR:-/var/lib/dpkg}/diversions-old"
