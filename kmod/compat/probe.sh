#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# probe.sh OUTPUT COMPILER FLAG...: asks the target kernel's headers each fact under
# probe/, with its own compiler and flags. Versions tell nothing, distributions backport.
#
# Each fact has a new form and an old one, and exactly one must compile: neither or both
# means a kernel that is not known, and stops the build instead of guessing. A member is
# shown to be absent by a structure that embeds the old one and adds it (which is what
# -fms-extensions is for).
set -eu
here=${0%/*}
out=$1
shift
trap 'rm -f "$out.new" "$out.err"' EXIT

compiles() {
	"$@" -Wno-error -Werror=implicit-function-declaration -fms-extensions -fsyntax-only
}

echo "/* Made by probe.sh from the headers of the kernel built for. */" >"$out.new"
for file in "$here"/probe/*.c; do
	fact=${file##*/}
	fact=${fact%.c}
	new=0 old=0
	compiles "$@" -DNEW_FORM "$file" 2>"$out.err" && new=1
	compiles "$@" "$file" 2>>"$out.err" && old=1
	if [ $new = $old ]; then
		cat "$out.err" >&2
		echo "vmclock: of kmod/compat/probe/$fact.c new form: $new, old form: $old." \
			"This kernel is neither; see above, and mend the probe." >&2
		exit 1
	fi
	echo "#define COMPAT_$(echo "$fact" | tr '[:lower:]' '[:upper:]') $new" >>"$out.new"
done
mv "$out.new" "$out"
