#!/bin/sh
# Run in the target: restore.sh PATH...
# Ends the diversions of divert.sh. Afterwards nothing shows that there were any.
set -eu
for path; do
	rm -f "$path"
	if [ -e "$path.airship" ]; then
		dpkg-divert --quiet --local --rename --remove "$path"
	else
		dpkg-divert --quiet --local --no-rename --remove "$path"
	fi
done
rm -f /var/lib/dpkg/diversions-old
