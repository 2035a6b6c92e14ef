# SPDX-License-Identifier: GPL-2.0-only
# Sourced by bash drivers: file systems for the two machines, under $work.
# shellcheck shell=bash
: "${work:?}" "${top:?}"
# shellcheck disable=SC2154 # busybox: the driver sets it

# root NAME: an empty one with busybox
root() {
	mkdir -p "$work/$1"/{bin,sbin,etc,proc,sys,dev,run,tmp,root,tests,firmware} \
		"$work/$1"/{usr/bin,usr/sbin,var/lib}
	ln -s ../run "$work/$1/var/run"
	cp "$busybox" "$work/$1/bin/"
	cp "$top/scripts/lab/lib" "$work/$1/lib.sh"
	printf 'root:x:0:0::/root:/bin/sh\n' >"$work/$1/etc/passwd"
	printf 'root:x:0:\n' >"$work/$1/etc/group"
}

# program NAME FILE...: programs of this machine with their libraries
program() {
	local to=$work/$1 file

	shift
	for file; do
		install -D "$file" "$to$file"
		{ ldd "$file" 2>/dev/null || :; } | grep -o '/[^ ]*' | while read -r lib; do
			[ -e "$to$lib" ] || install -D "$lib" "$to$lib"
		done
	done
}

# program_of TREE NAME FILE...: those of an unpacked userland, with its own libraries
program_of() {
	local tree=$1 to=$work/$2 file

	shift 2
	for file; do
		install -D "$tree$file" "$to$file"
		"$tree/lib64/ld-linux-x86-64.so.2" --list --library-path \
			"$tree/lib/x86_64-linux-gnu:$tree/usr/lib/x86_64-linux-gnu:$tree/lib/systemd" \
			"$tree$file" | grep -o '/[^ ]*' | while read -r lib; do
			[ -e "$to${lib#"$tree"}" ] || install -D "$lib" "$to${lib#"$tree"}"
		done
	done
	mkdir -p "$to/lib64"
	cp -L "$tree/lib64/ld-linux-x86-64.so.2" "$to/lib64/"
}

# modules_of KERNEL FOLDER MODULE...: with what they depend on, in the order in which they
# load
modules_of() {
	local kernel=$1 to=$work/$2 n=10 file

	shift 2
	mkdir -p "$to"
	modprobe -d "$kernel" -S "$(cat "$kernel/release")" --show-depends -a "$@" |
		sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' | while read -r file; do
		cp "$file" "$to/$((n++))-${file##*/}"
	done
	find "$to" -name '*.xz' -exec xz -d {} +
}

pack() { (cd "$work/$1" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/$1.gz"; }
