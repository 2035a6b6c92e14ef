# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: the clock's device and its name, among all PTP clocks.
# shellcheck shell=sh
: "${root?}" "${helpers:?}"

RULES=60-ptp-vmclock.rules

# clock_name PTP
clock_name() { get "/sys/class/ptp/$1/clock_name"; }

# clock_driver PTP: who makes it, and for which network interface
clock_driver() {
	driver=$(target "/sys/class/ptp/$1/device/driver")
	for each in "$root/sys/class/ptp/$1/device/net"/*; do
		[ ! -e "$each" ] || driver="$driver, ${each##*/}"
	done
	case $(clock_name "$1") in
	vmclock) driver=vmclock ;;
	vmclock[0-9]*) driver=${driver:-ptp_vmclock} ;;
	"KVM virtual PTP") driver=ptp_kvm ;;
	hyperv) driver=hv_utils ;;
	esac
	echo "${driver:-unknown}"
}

# all_clocks: a ptpN a line
all_clocks() {
	for each in "$root"/sys/class/ptp/ptp*; do
		[ ! -e "$each" ] || echo "${each##*/}"
	done
}

# clock_called NAME: the ptpN, or nothing
clock_called() {
	for each in $(all_clocks); do
		[ "$(clock_name "$each")" != "$1" ] || { echo "$each"; return; }
	done
}

# resolve DEVICE: the ptpN that this name in /dev is, or nothing
resolve() {
	case $1 in
	/dev/ptp[0-9]*) ! has "$1" || echo "${1#/dev/}" ;;
	*) [ ! -L "$root$1" ] || ! has "/sys/class/ptp/$(target "$1")" || target "$1" ;;
	esac
}

ptp=$(clock_called vmclock)

rules_file() {
	for each in /etc /run /usr/local/lib /usr/lib /lib; do
		! has $each/udev/rules.d/$RULES || { echo $each/udev/rules.d/$RULES; return; }
	done
}

# The clock is read by a program in Perl: neither the kernel nor the shell has a command for it.
check_perl() {
	ours && ! have vmclock-phc && ! has /usr/bin/perl || return 0
	problem degraded no-perl guest "the clock cannot be read from here, nor the system clock set after a disruption" \
		"there is no perl, which $helpers/vmclock-phc is written in" "$(packages perl)"
}

check_clock() {
	loaded vmclock || return 0
	[ -z "$ptp" ] || return 0
	! found no-sample timesync-off timesync-not-loaded timesync-not-built timesync-unbound timesync-elsewhere || return 0
	problem broken no-clock guest "vmclock is loaded, and shows no clock" \
		"the host told no time, or this kernel has no PTP clocks" "sudo dmesg | grep vmclock"
}

check_device() {
	[ -n "$ptp" ] || return 0
	at=$(target /dev/ptp_vmclock)
	fact device "$ptp"
	show device "/dev/ptp_vmclock -> ${at:-nothing}"
	if ! has "/dev/$ptp"; then
		problem broken no-device-node guest "there is the clock $ptp, and no /dev/$ptp" \
			"/dev is not the kernel's devtmpfs here, as in a container or a chroot" \
			"look from the machine's own system; mount | grep ' /dev '"
	elif [ "$at" = "$ptp" ]; then
		return
	elif [ -z "$(rules_file)" ]; then
		problem broken no-rule guest "there is no /dev/ptp_vmclock" \
			"the udev rule that makes it, $RULES, is not installed" \
			"in the module's source: sudo make install"
	elif [ -n "$at" ]; then
		problem broken wrong-symlink guest "/dev/ptp_vmclock is $at, the clock '$(clock_name "$at")'" \
			"another rule makes it, or a person did" \
			"grep -r ptp_vmclock /etc/udev/rules.d /run/udev/rules.d /usr/lib/udev/rules.d; then: sudo udevadm trigger --subsystem-match=ptp"
	else
		problem broken no-symlink guest "there is no /dev/ptp_vmclock" \
			"udev has not looked at $ptp since $(rules_file) came" \
			"sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=ptp"
	fi
}

# Named after 37 s: International Atomic Time is that much ahead of UTC.
check_in_tree_vmclock() {
	for each in $(all_clocks); do
		case $(clock_name "$each") in
		vmclock[0-9]*)
			problem note in-tree-vmclock guest "$each is a clock named '$(clock_name "$each")', which is not this module's" \
				"it is the kernel's own ptp_vmclock, for an ACPI device; in newer kernels it tells TAI, 37 s ahead of UTC" \
				"nothing: /dev/ptp_vmclock is another one. Where it is 37 s off, it wants the option tai in chrony.conf"
			;;
		esac
	done
}
