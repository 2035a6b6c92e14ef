# SPDX-License-Identifier: GPL-2.0-only
# Sourced by bash drivers, after cache.sh: builds beside the tree, so that what a person
# has built there for another kernel stays.
# shellcheck shell=bash
: "${top:?}" "${cache:?}"

# build_in FOLDER KDIR [MAKE-ARGUMENT...]: the module of this tree for that kernel, in a
# copy under FOLDER. All that is compiled is compiled anew, and speaks, whatever flags the make
# has that called us.
build_in() {
	local folder=$1 kdir=$2

	shift 2
	# Headers that carry the kernel's types want the modules' added, as Debian's 6.12 do.
	! { [ -e "$kdir/vmlinux" ] && grep -qs '^CONFIG_DEBUG_INFO_BTF_MODULES=y' "$kdir/.config"; } ||
		need pahole=pahole
	mkdir -p "$folder"
	cp -r "$top/Kbuild" "$top/kmod" "$top/kunit" "$folder/"
	find "$folder" \( -name '*.o' -o -name '.*.cmd' -o -name probed.h \) -delete
	set -- env MAKEFLAGS= make -C "$kdir" M="$folder" -j"$(nproc)" "$@" modules
	if [ -e "${kdir%/*}/toolchain" ]; then
		inside "$(cat "${kdir%/*}/toolchain")" "$folder" "$@"
	else
		"$@"
	fi
}

# build_clean FOLDER KDIR [MAKE-ARGUMENT...]: the same with W=1; a warning does not fail make, nor
# what sparse calls an error, but this.
build_clean() {
	local folder=$1 compiled

	if ! build_in "$@" W=1 >"$folder.log" 2>&1; then
		cat "$folder.log"
		die "for the kernel ${folder##*/} the build failed (above)"
	fi
	! grep -EA 8 '(warning|error):' "$folder.log" || die "for the kernel ${folder##*/} there are warnings (above)"
	compiled=$(grep -c ' CC ' "$folder.log") || die "for the kernel ${folder##*/} nothing was compiled"
	say "for the kernel ${folder##*/}: $compiled files compiled, no warning"
}

# inside ROOT FOLDER COMMAND...: with the compiler of that root; FOLDER and the cache have there
# the names that they have here. What is mounted ends with it.
inside() {
	local root=$1 folder=$2

	shift 2
	mkdir -p "$root/$folder" "$root/$cache"
	# shellcheck disable=SC2016 # expanded in there
	unshare --mount --fork --kill-child sh -c 'root=$1 folder=$2 cache=$3; shift 3
		mount --rbind "$folder" "$root/$folder" && mount --rbind "$cache" "$root/$cache" &&
		mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" &&
		exec chroot "$root" env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' - \
		"$root" "$folder" "$cache" "$@"
}
