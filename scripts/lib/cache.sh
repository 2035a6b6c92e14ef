# SPDX-License-Identifier: GPL-2.0-only
# Sourced by bash drivers: messages, the cache folder, and what apt must have.
# shellcheck shell=bash

# What is downloaded or built once, each entry named by what it is made from: it
# never goes stale, and the whole folder may be deleted at any time.
cache=${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache}/vmclock
mkdir -p "$cache/.lock"

say() { printf 'vmclock: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# No result: the machine's fault or the network's, and nobody's verdict.
lost() { say "$*"; exit 75; }

# need FILE=PACKAGE...: installs what is missing in one go. FILE is a program's name,
# or a path, which may have wildcards.
need() {
	local pair missing=()

	for pair; do
		compgen -G "${pair%%=*}" >/dev/null || command -v "${pair%%=*}" >/dev/null ||
			missing+=("${pair#*=}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null ||
		die "missing: ${missing[*]}; this machine has no apt-get, install them by hand"
	[ "$(id -u)" = 0 ] ||
		die "missing: ${missing[*]}; run: sudo apt-get install --no-install-recommends ${missing[*]}"
	say "installing ${missing[*]}"
	apt_install "${missing[@]}" && return 0
	# A fresh image has no package lists, an old one names superseded versions.
	say "apt could not; once more with new package lists"
	apt-get update -q >&2 && apt_install "${missing[@]}" ||
		lost "apt-get could not install ${missing[*]} (above); is there a network?"
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 "$@" </dev/null >&2
}

# key FILE-OR-WORD...: a short name for what something is made from.
key() {
	local item

	for item; do
		if [ -f "$item" ]; then cat "$item"; else printf '%s\n' "$item"; fi
	done | sha256sum | cut -c1-16
}

# once NAME PROGRAM [ARG...]: prints the folder NAME of the cache. Where there is none,
# runs PROGRAM ARG... FOLDER, which fills it; only a finished one gets the name, so
# that nothing broken off is ever taken for it. Two who want the same wait for each
# other. PROGRAM is no shell function: bash ignores `set -e` in one called like this.
once() {
	local name=$1 folder=$cache/$1

	shift
	[ -d "$folder" ] || (
		exec 8>"$cache/.lock/$name"
		flock 8
		[ ! -d "$folder" ] || exit 0
		part=$cache/.part.$name
		rm -rf "$part"
		mkdir "$part"
		say "making $name (once)"
		rc=0
		"$@" "$part" 8>&- >"$cache/$name.log" 2>&1 || rc=$?
		[ $rc = 0 ] || {
			tail -n 5 "$cache/$name.log" >&2
			say "$name could not be made; all of it: $cache/$name.log"
			exit $rc
		}
		mv -T "$part" "$folder"
	) || return
	printf '%s\n' "$folder"
}
