# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: who steers the system clock.
# shellcheck shell=sh
: "${root?}"

# steerers: the daemons that do, a name each. A chronyd with -x only looks on, and phc2sys may
# steer a network card's clock.
steerers() {
	for name in chronyd ntpd systemd-timesyn phc2sys; do
		for id in $(process $name); do
			case "$name $(arguments "$id") " in
			chronyd*\ -x\ *) continue ;;
			phc2sys*CLOCK_REALTIME* | phc2sys*\ -a*r*) ;;
			phc2sys*) continue ;;
			esac
			case $name in systemd-timesyn) echo systemd-timesyncd ;; *) echo $name ;; esac
			break
		done
	done
}

# agents: hypervisors' helpers, which may set the clock once in a while
agents() {
	[ "$(target "$(timesync_device)/driver")" != hv_utils ] || echo hv_utils
	for name in qemu-ga vmtoolsd VBoxService; do
		[ -z "$(process $name)" ] || echo $name
	done
}

# moved: whether the kernel's frequency does while we look
moved() {
	first=$(word_of "$(helper kernel)" freq_ppb)
	[ -n "$first" ] || return 1
	for _ in 1 2 3 4; do
		sleep 1
		[ "$(word_of "$(helper kernel)" freq_ppb)" = "$first" ] || return 0
	done
	return 1
}

check_steering() {
	who=$(steerers | tr '\n' ' ')
	who=${who% }
	agents=$(agents | tr '\n' ' ')
	agents=${agents% }
	fact steered_by "$who"
	show "steered by" "${who:-nobody seen}${agents:+; $agents may set it}"
	case $who in
	*\ *)
		other=$(printf '%s\n' "$who" | tr ' ' '\n' | grep -v '^chronyd$' | head -n 1)
		problem degraded two-masters guest "more than one daemon steers the system clock: $who" \
			"each undoes what the other does" \
			"keep one; chronyd: sudo systemctl disable --now $other"
		;;
	'')
		if moved; then
			problem degraded unseen-master guest \
				"somebody steers the system clock, and no daemon is to be seen" \
				"one in another namespace: a container that may set the time, or WSL's own" \
				"find it: sudo lsns -t pid, then look for chronyd or ntpd there; keep one"
		fi
		;;
	esac
	case $agents in
	*vmtoolsd* | *VBoxService*)
		problem note guest-agent guest "$agents runs in a guest that is not its hypervisor's" \
			"the disk came from another hypervisor" "remove its package: it may set the clock"
		;;
	esac
}

check_chronyd_steers() {
	[ -n "${chronyd:-}" ] || return 0
	case " $(arguments "$chronyd") " in
	*\ -x\ *)
		problem degraded chronyd-looks-on guest "chronyd runs, and does not steer the clock" \
			"it was started with -x" \
			"take -x out of DAEMON_OPTS in /etc/default/chrony, then: sudo systemctl restart $(chrony_unit)"
		;;
	esac
}
