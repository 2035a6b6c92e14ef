# SPDX-License-Identifier: GPL-2.0-only
# Sourced by scripts/check-status for each set-up: words for machines that are made of files and
# of programs that only print.
# shellcheck shell=sh
: "${tree:?}" "${fakes:?}" "${top:?}"

KERNEL=6.1.0-42-amd64
NOW=1764158400

# expects LEVEL:ID...: all that the doctor is to find wrong, and nothing else
expects() { printf '%s\n' "$@" | sort >"$tree.expected"; }

# says TEXT: which is to be in what it says of a problem
says() { printf '%s\n' "$1" >>"$tree.says"; }

# put FILE [LINE...]
put() {
	file=$tree$1
	shift
	mkdir -p "${file%/*}"
	[ $# = 0 ] || printf '%s\n' "$@" >"$file"
	[ $# != 0 ] || : >"$file"
}

drop() { rm -rf "${tree:?}$1"; }

# link FILE TARGET
link() {
	mkdir -p "$tree${1%/*}"
	ln -sfn "$2" "$tree$1"
}

# fake PROGRAM LINE...: one in PATH that is this script
fake() {
	program=$fakes/$1
	shift
	{
		echo '#!/bin/sh'
		printf '%s\n' "$@"
	} >"$program"
	chmod +x "$program"
}

# running KERNEL [MACHINE]
running() { fake uname "case \$1 in -m) echo ${2:-x86_64} ;; *) echo $1 ;; esac"; }

no_program() { rm -f "$fakes/$1"; }

# process ID NAME [ARGUMENT...]
process() {
	id=$1
	shift
	put "/proc/$id/comm" "$1"
	printf '%s\0' "$@" >"$tree/proc/$id/cmdline"
}

# started ID SECONDS: that process, so long ago; the name in it is one that misleads
started() {
	put /proc/uptime "5000.25 9000.50"
	put "/proc/$1/stat" "$1 (a) b c) S 1 0 0 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 $(((5000 - $2) * 100)) 0"
}

# ptp_clock PTP NAME
ptp_clock() {
	put "/sys/class/ptp/$1/clock_name" "$2"
	put "/dev/$1"
}

# module NAME: loaded, and installed
module() {
	put "/sys/module/$1/version" 0.1.0
	put "/sys/module/$1/srcversion" 5A3C0FFEE1
	echo "updates/dkms/$1.ko:" >>"$tree/lib/modules/$KERNEL/modules.dep"
}

unload() { drop "/sys/module/$1"; }
uninstall() { sed -i "/$1\.ko/d" "$tree/lib/modules/$KERNEL/modules.dep"; }

# no_module: neither loaded nor installed, and so no clock
no_module() {
	unload vmclock
	uninstall vmclock
	no_clock
}

no_chronyd() {
	drop /proc/410
	drop /proc/411
	fake systemctl "case \$1 in is-failed) echo inactive; exit 1 ;; esac"
}

# in_a_namespace ID: as seen from outside, a container's
in_a_namespace() { put "/proc/$1/status" "Uid:	100	100	100	100" "NSpid:	$1	7"; }

# unreadable FILE: for who asks, who is not root then
unreadable() {
	chmod 0 "$tree$1"
	fake id "echo 1000"
	fake vmclock-phc "exit 1"
	: >"$tree.as-user"
}

no_clock() {
	drop /sys/devices/vmclock
	drop /sys/class/ptp/ptp0
	drop /dev/ptp0
	drop /dev/ptp_vmclock
	drop /run/chrony-dhcp
	sources "^,*,192.0.2.1,2,6,377,12,0.000100,0.000100,0.010"
}

# fact NAME VALUE: of the module's
fact() { put "/sys/devices/vmclock/$1" "$2"; }

# sources LINE...: what chronyc says of them
sources() {
	put /chronyc-sources "$@"
	fake chronyc "case \"\$*\" in *sources*) cat '$tree/chronyc-sources' ;; esac"
}

# ours STATE OFFSET [REACH]: chronyc's line on our clock
ours() { echo "#,$1,VMCL,0,2,${3:-377},3,$2,$2,0.000005"; }

# server N OFFSET [STATE]
server() { echo "^,${3:--},192.0.2.$1,2,6,377,30,$2,$2,0.010"; }

# host_is_ahead NS: of the system clock, as the device says
host_is_ahead() {
	fake vmclock-phc "case \$1 in" "look) echo offset_ns=$1 width_ns=0 ;;" \
		"kernel) echo freq_ppb=1234 synchronised=1 ;;" "esac"
}

# any_machine: what both guests have, all good
any_machine() {
	running $KERNEL
	fake date "echo $NOW"
	fake id "echo 0"
	fake sleep :
	fake dmesg :
	fake dkms "echo dkms-3.0.10"
	fake apt-get :
	fake modinfo "cat '$tree/modinfo-'\$2 2>/dev/null"
	fake mokutil 'echo "it is already enrolled"'
	# shellcheck disable=SC2016 # the fakes' own arguments
	fake systemctl 'case $1 in is-failed) echo active; exit 1 ;; esac'
	# One that cannot be asked for its lines: the doctor reads the files itself.
	fake chronyd 'exit 1'
	host_is_ahead 120
	put /modinfo-srcversion 5A3C0FFEE1
	put /modinfo-signer "DKMS module signing key"

	put /proc/cmdline "BOOT_IMAGE=/boot/vmlinuz-$KERNEL root=/dev/vda1 ro quiet"
	put /proc/cpuinfo "processor	: 0" "flags		: fpu tsc constant_tsc hypervisor"
	put /lib/modules/$KERNEL/modules.order
	put /lib/modules/$KERNEL/modules.dep "kernel/drivers/ptp/ptp.ko:"
	put /lib/modules/$KERNEL/build/include/x
	put /boot/config-$KERNEL CONFIG_PTP_1588_CLOCK=m
	link /vmlinuz boot/vmlinuz-$KERNEL
	put /usr/src/vmclock-0.1.0/dkms.conf "$(cat "$top/dkms.conf")"
	put /var/lib/dkms/vmclock/0.1.0/source/dkms.conf
	put /usr/lib/udev/rules.d/60-ptp-vmclock.rules "$(cat "$top/scripts/system/udev/60-ptp-vmclock.rules")"
	module vmclock

	fact sample_age_us 800
	fact samples 4000
	fact page_changes 2
	fact disruptions 1
	for each in page source range moving; do fact errors_$each 0; done
	fact crosststamp_width_ns 0
	put /sys/module/vmclock/parameters/epoch_source auto
	ptp_clock ptp0 vmclock
	link /dev/ptp_vmclock ptp0

	put /etc/chrony/chrony.conf "confdir /etc/chrony/conf.d" "pool 2.debian.pool.ntp.org iburst" \
		"sourcedir /run/chrony-dhcp" "makestep 1 3" rtcsync
	put /etc/chrony/conf.d/vmclock.conf "$(cat "$top/scripts/system/chrony/vmclock.conf")"
	put /run/chrony-dhcp/vmclock.conf "# by vmclock-chrony.service" \
		"refclock PHC /dev/ptp_vmclock refid VMCL poll 2 dpoll 0 delay 0.000010000"
	process 1 systemd /sbin/init
	# The second is the first's helper, for names.
	process 410 chronyd /usr/sbin/chronyd -F 1
	process 411 chronyd /usr/sbin/chronyd -F 1
	sources "$(ours '*' 0.000000012)" "$(server 1 0.0003)" "$(server 2 -0.0012)" "$(server 3 0.0021)"
	put /sys/class/rtc/rtc0/since_epoch $NOW
	put /etc/adjtime "0.0 0 0.0" 0 UTC
}

kvm_guest() {
	any_machine
	fact hypervisor kvm
	fact epoch_source pairing
	put /sys/devices/system/clocksource/clocksource0/current_clocksource tsc
	put /sys/devices/system/clocksource/clocksource0/available_clocksource "tsc kvm-clock acpi_pm"
	put /sys/class/dmi/id/sys_vendor QEMU
	put /sys/class/dmi/id/product_name "Standard PC (Q35 + ICH9, 2009)"
}

TIMESYNC=/sys/bus/vmbus/devices/2dd1ce17-079e-403c-b352-a1921ee207ee

hyperv_guest() {
	any_machine
	fact hypervisor hyperv
	fact epoch_source timesync
	fact sample_age_us 2100000
	fact samples 300
	fact timesync_version 4
	fact leap 0
	fact stratum 4
	for each in malformed range page reference order late; do fact rejects_$each 0; done
	put /sys/devices/system/clocksource/clocksource0/current_clocksource hyperv_clocksource_tsc_page
	put /sys/devices/system/clocksource/clocksource0/available_clocksource "hyperv_clocksource_tsc_page tsc acpi_pm"
	put /sys/class/dmi/id/sys_vendor "Microsoft Corporation"
	put /sys/class/dmi/id/product_name "Virtual Machine"
	module vmclock_timesync
	put $TIMESYNC/class_id '{9527e630-d0ae-497b-adce-e80ab0175caf}'
	link $TIMESYNC/driver ../../../../bus/vmbus/drivers/vmclock_timesync
}
