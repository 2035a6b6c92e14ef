# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: what the host tells, by the facts that the module shows in sysfs.
# shellcheck shell=sh
: "${root?}" "${guest?}" "${clocksource:?}" "${line?}"

of=/sys/devices/vmclock

# Hyper-V's class of TimeSync devices.
TIMESYNC='{9527e630-d0ae-497b-adce-e80ab0175caf}'

# A host tells its time every 5 s; the clock lives on for a while without it.
SAMPLE_AGE_MAX_US=30000000

fed() { [ "$guest" = hyperv ]; }

# sum NAME...: of these facts
sum() {
	total=0
	for each; do total=$((total + $(number_in "$of/$each"))); done
	echo "$total"
}

# timesync_device: its folder in sysfs, or nothing
timesync_device() {
	for each in "$root"/sys/bus/vmbus/devices/*; do
		first_line "$each/class_id"
		[ "$line" != "$TIMESYNC" ] || { echo "${each#"$root"}"; return; }
	done
}

check_timesync() {
	fed && loaded vmclock || return 0
	device=$(timesync_device)
	if [ -z "$device" ]; then
		problem broken timesync-off host "the host offers this machine no TimeSync" \
			"Time Synchronization is not ticked among its Integration Services" \
			"Hyper-V Manager: Settings, Integration Services, Time Synchronization; PowerShell: Enable-VMIntegrationService -VMName NAME -Name 'Time Synchronization'"
		return
	fi
	if ! loaded vmclock_timesync; then
		if [ -n "$(module_file vmclock_timesync)" ]; then
			by=$(forbidden vmclock_timesync)
			problem broken timesync-not-loaded guest "vmclock_timesync, which speaks to the host, is not loaded" \
				"${by:+$by forbids it, or }it was unloaded, or it refused" \
				"sudo modprobe vmclock_timesync; if that refuses: sudo dmesg | grep vmclock"
		else
			problem broken timesync-not-built guest "vmclock_timesync, which speaks to the host, is not installed" \
				"this kernel was built without VMBus, or only vmclock was installed" \
				"sudo make install in its source; for a kernel without CONFIG_HYPERV there is none"
		fi
		return
	fi
	driver=$(target "$device/driver")
	case $driver in
	vmclock_timesync) ;;
	'')
		problem broken timesync-unbound guest "nobody has the host's TimeSync channel" \
			"it was unbound by hand, and is left alone" \
			"echo ${device##*/} | sudo tee /sys/bus/vmbus/drivers/vmclock_timesync/bind"
		;;
	*)
		problem broken timesync-elsewhere guest "$driver has the host's TimeSync channel" \
			"takeover=0 was asked for, or it was bound by hand" \
			"sudo modprobe -r vmclock_timesync && sudo modprobe vmclock_timesync takeover=1"
		;;
	esac
}

check_samples() {
	has $of || return 0
	source=$(get $of/epoch_source)
	samples=$(number_in $of/samples)
	age_us=$(get $of/sample_age_us)
	fact epoch_source "$source"
	number samples "$samples"
	number page_changes "$(number_in $of/page_changes)"
	number disruptions "$(number_in $of/disruptions)"
	[ -z "$age_us" ] || number sample_age_us "$age_us"
	ago=never
	[ -z "$age_us" ] || ago="$(distance "${age_us}e3") ago"
	show host "time by $source, last of $samples samples $ago; page changes: $(number_in $of/page_changes), disruptions: $(number_in $of/disruptions)"
	found timesync-off timesync-not-loaded timesync-not-built timesync-unbound timesync-elsewhere && return
	if [ "$samples" = 0 ] || [ -z "$age_us" ]; then
		if fed; then
			problem broken no-sample host "the host has not told its time yet" \
				"it does so every 5 s where Time Synchronization is on; after a pause the clock waits for the next one" \
				"wait 10 s; if there is none: turn Time Synchronization off and on again at the host, or sudo dmesg | grep vmclock"
		else
			problem broken no-sample guest "the host has told no time" \
				"it refuses both ways of telling it" "sudo dmesg | grep vmclock"
		fi
	elif fed && [ "$age_us" -gt $SAMPLE_AGE_MAX_US ]; then
		problem degraded samples-stopped host \
			"the host has not told its time for $((age_us / 1000000)) s" \
			"Time Synchronization was turned off, or the host is too busy" \
			"Hyper-V Manager: Settings, Integration Services, Time Synchronization"
	fi
}

check_pairing() {
	[ "$(get $of/epoch_source)" = wallclock ] || return 0
	case $(get /sys/module/vmclock/parameters/epoch_source) in
	wallclock)
		problem note pairing-refused guest "the host's time is told by the wall-clock MSR, to some us" \
			"epoch_source=wallclock was asked for" \
			"grep -r epoch_source /etc/modprobe.d /proc/cmdline"
		;;
	*)
		problem note pairing-refused host "the host's time is told by the wall-clock MSR, to some us" \
			"the host refuses the pairing hypercall: its own clocksource is not tsc" \
			"on the host: cat $clocksource/current_clocksource; where its TSC is good, boot it with tsc=reliable. A host that is a guest itself wants an invariant TSC from its own host"
		;;
	esac
}

check_errors() {
	has $of || return 0
	errors=$(sum errors_page errors_source errors_range errors_moving)
	number errors "$errors"
	[ $((errors * 100)) -gt $(($(number_in $of/samples) + 100)) ] || return 0
	problem degraded reading-errors host "$errors readings of the clock have failed" \
		"page $(number_in $of/errors_page), source $(number_in $of/errors_source), out of range $(number_in $of/errors_range), page moving $(number_in $of/errors_moving)" \
		"sudo dmesg | grep vmclock says which the host does not answer; migrate the guest or upgrade the host's QEMU and kernel"
}

check_rejects() {
	has $of/rejects_malformed || return 0
	rejects=$(sum rejects_malformed rejects_range rejects_page rejects_reference rejects_order rejects_late)
	number rejects "$rejects"
	[ "$rejects" -gt 5 ] && [ $((rejects * 10)) -gt "$(number_in $of/samples)" ] || return 0
	most='' most_count=0
	for each in malformed range page reference order late; do
		count=$(number_in $of/rejects_$each)
		[ "$count" -le "$most_count" ] || { most=$each most_count=$count; }
	done
	case $most in
	malformed) why="they are not what TimeSync messages look like" ;;
	range) why="the times in them are none" ;;
	page | reference) why="their reference time is not that of this machine's page" ;;
	order) why="they come in disorder" ;;
	*) why="they come too late" ;;
	esac
	problem degraded rejects host "$rejects of the host's messages were not believed" \
		"most ($most_count, $most): $why" \
		"update the host; sudo dmesg | grep vmclock has the first of them"
}

check_hosts_clock() {
	has $of/leap || return 0
	leap=$(number_in $of/leap)
	stratum=$(number_in $of/stratum)
	number host_stratum "$stratum"
	show "" "the host's clock says stratum $stratum (0: it does not tell), leap $leap"
	[ "$leap" = 3 ] || [ "$stratum" -ge 16 ] || return 0
	problem degraded host-unsynchronised host "the host says that its own clock is not synchronised" \
		"its time service has found no server, or is off" \
		"on the host: w32tm /query /status, and w32tm /resync"
}
