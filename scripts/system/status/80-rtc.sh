# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: the hardware clock of before the kernel ran, which a guest boots with.
# shellcheck shell=sh
: "${root?}" "${guest?}"

# Time zones are quarters of an hour apart, and none but UTC's own is less than an hour from it.
ZONE_S=900
ZONES_MIN=4
# A hardware clock drifts, and is read to the second.
OFF_S=120

# hwclock_is_there: what brings hwclock, where it is missing
hwclock_is_there() { have hwclock || echo "$(packages util-linux-extra util-linux util-linux util-linux) && "; }

# true_ahead_s: by what the system clock is behind what is known better, if it is off
true_ahead_s() {
	ahead_ns=0
	if found system-clock-off; then ahead_ns=${host:-$ntp_median}; fi
	echo $((ahead_ns / 1000000000))
}

check_rtc() {
	rtc=$(get /sys/class/rtc/rtc0/since_epoch)
	[ -n "$rtc" ] || return 0
	# Of this machine and at this moment, unlike all the rest: tests have a date of their own.
	off_s=$((rtc - $(date +%s)))
	number rtc_ahead_s "$off_s"
	# One that went on while the guest was paused is right, and the system clock is not.
	off_s=$((off_s - $(true_ahead_s)))
	abs_s=${off_s#-}
	zones=$(((abs_s + ZONE_S / 2) / ZONE_S))
	rest=$((abs_s - zones * ZONE_S))
	if [ "$abs_s" -le $OFF_S ]; then
		show rtc "UTC$(found system-clock-off || echo ', like the system clock')"
	elif [ "$zones" -ge $ZONES_MIN ] && [ "$zones" -le 56 ] && [ "${rest#-}" -le $OFF_S ]; then
		rtc_in_local_time "$(awk "BEGIN { printf \"%g h %s\", $zones / 4, $off_s < 0 ? \"behind\" : \"ahead\" }")"
	else
		rtc_off="$(ahead "${off_s}000000000") the system clock"
		show rtc "$rtc_off"
		problem note rtc-off guest "the hardware clock is $rtc_off" \
			"nobody has set it since the system clock was set" \
			"$(hwclock_is_there)sudo hwclock --systohc; chronyd does it by itself with rtcsync"
	fi
}

# rtc_in_local_time HOURS
rtc_in_local_time() {
	show rtc "local time, $1 of the system clock"
	if grep -qs '^LOCAL' "$root/etc/adjtime"; then
		problem degraded rtc-local-time guest "the hardware clock is $1 of UTC" \
			"it is in local time: /etc/adjtime says LOCAL, and every boot begins with that" \
			"sudo timedatectl set-local-rtc 0"
	elif [ "$guest" = kvm ]; then
		problem degraded rtc-local-time host "the hardware clock is $1 of UTC" \
			"the host gives it in local time, and every boot begins with that" \
			"libvirt: <clock offset='utc'>, not 'localtime'; QEMU: -rtc base=utc; Proxmox: qm set VMID --localtime 0"
	else
		problem degraded rtc-local-time guest "the hardware clock is $1 of UTC" \
			"it is in local time, and every boot begins with that" \
			"sudo timedatectl set-local-rtc 0 && $(hwclock_is_there)sudo hwclock --systohc --utc"
	fi
}
