#!/bin/sh
# clean.sh /: in a target that is not open, or on a machine that is to become an image.
# Makes it the start of many nodes: what belongs to one machine or to a cache goes.
set -eu
cd "$1"

# Contents of a directory, not the directory: its mode and owner are a package's.
empty() {
	for dir; do
		if [ -d "$dir" ] && [ ! -L "$dir" ]; then
			find "$dir" -mindepth 1 -delete
		fi
	done
}

# An image may bring a seed of its own.
if [ -d var/lib/cloud ]; then
	find var/lib/cloud -mindepth 1 -maxdepth 1 ! -name seed -exec rm -rf {} +
fi
empty var/lib/apt/lists var/cache/apt/archives
mkdir -p var/lib/apt/lists/partial var/cache/apt/archives/partial
chmod 0700 var/lib/apt/lists/partial var/cache/apt/archives/partial
rm -f var/cache/apt/*.bin var/cache/ldconfig/aux-cache var/cache/debconf/*-old
rm -f var/lib/dpkg/*-old etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/subuid- etc/subgid-
rm -f etc/ssh/ssh_host_*_key etc/ssh/ssh_host_*_key.pub
rm -f var/lib/systemd/random-seed var/lib/systemd/credential.secret root/.wget-hsts root/.viminfo
rm -rf root/.ansible root/.cache tmp/url_resources
for homes in root home; do
	if [ -d "$homes" ]; then
		find "$homes" -name '.*_history' -type f -delete
	fi
done
find usr var -name __pycache__ -type d -prune -exec rm -rf {} +
find usr var -name '*.pyc' -type f -delete

# Logs that packages made stay as empty files with their modes; the rest goes.
find var/log -type f \( -name '*.gz' -o -name '*.[0-9]' \) -delete
rm -f var/log/dpkg.log var/log/alternatives.log var/log/bootstrap.log
rm -rf var/log/apt/* var/log/journal/*
find var/log -type f -size +0 -exec truncate -s 0 {} +

# Empty: systemd makes an id at the first boot (machine-id(5)).
if [ -d usr/lib/systemd ]; then
	rm -f etc/machine-id
	: >etc/machine-id
	chmod 0444 etc/machine-id
fi
if [ -d var/lib/dbus ]; then
	ln -sfn /etc/machine-id var/lib/dbus/machine-id
fi
