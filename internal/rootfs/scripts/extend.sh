#!/bin/sh
# Run in a target that is open: extend.sh DIRECTORY NAME=VERSION...
# Installs the packages from the one repository of DIRECTORY/locked.list, and nothing else.
set -eu
directory=$1
shift
mkdir -p "$directory/lists/partial" "$directory/archives/partial" "$directory/none"
apt_get() {
	apt-get -o Dir::Etc::sourcelist="$directory/locked.list" -o Dir::Etc::sourceparts="$directory/none" -o Dir::Etc::preferences="$directory/none/file" \
		-o Dir::Etc::preferencesparts="$directory/none" -o Dir::State::lists="$directory/lists" -o Dir::Cache::archives="$directory/archives" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::Languages=none -o Acquire::http::Proxy=DIRECT -o APT::Sandbox::User=root \
		-o APT::Install-Recommends=false -o Dpkg::Use-Pty=false -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
		"$@"
}
if [ $# -gt 0 ]; then
	apt_get -qq --error-on=any update
	# A base that would lose a package is not what the plan says.
	apt_get --yes --no-remove install -- "$@"
fi
rm -rf "$directory"
