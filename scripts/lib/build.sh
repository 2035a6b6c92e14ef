# SPDX-License-Identifier: GPL-2.0-only
# Sourced by bash drivers, after cache.sh: builds beside the tree, so that what a person
# has built there for another kernel stays.
# shellcheck shell=bash
: "${top:?}"

# build_in FOLDER KDIR [MAKE-ARGUMENT...]: the module of this tree for that kernel, in a
# copy under FOLDER. All that is compiled is compiled anew, and speaks.
build_in() {
	local folder=$1 kdir=$2

	shift 2
	# Headers that carry the kernel's types want the modules' added, as Debian's 6.12 do.
	! { [ -e "$kdir/vmlinux" ] && grep -qs '^CONFIG_DEBUG_INFO_BTF_MODULES=y' "$kdir/.config"; } ||
		need pahole=pahole
	mkdir -p "$folder"
	cp -r "$top/Kbuild" "$top/kmod" "$top/kunit" "$folder/"
	find "$folder" \( -name '*.o' -o -name '.*.cmd' -o -name probed.h \) -delete
	make -C "$kdir" M="$folder" -j"$(nproc)" "$@" modules
}
