# SPDX-License-Identifier: GPL-2.0-only
# Sourced by bash drivers: commands in another root.
# shellcheck shell=bash

# chrooted ROOT COMMAND...: what is mounted ends with it. No module can be loaded from in there, no
# clock set and no machine stopped: they would be this one's. Nor does a package that is installed
# start its daemons: they would run here.
chrooted() {
	local policy=$1/usr/sbin/policy-rc.d rc=0

	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	# shellcheck disable=SC2016 # expanded in there
	unshare --mount --fork --kill-child sh -c 'root=$1; shift
		mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" &&
		exec setpriv --bounding-set -sys_module,-sys_time,-sys_boot \
			chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
			DEBIAN_FRONTEND=noninteractive "$@"' - "$@" </dev/null || rc=$?
	rm -f "$policy"
	return $rc
}
