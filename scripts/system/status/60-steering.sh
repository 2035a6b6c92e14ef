# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: who steers the system clock.
# shellcheck shell=sh
: "${root?}"

# phc2sys_steers ARGUMENT...: whether one with these does; it may steer a network card's clock. Without
# -c it does, and -a leaves the system clock out unless there is -r. With -E it may steer nothing, and
# tell another daemon: timemaster's does.
phc2sys_steers() {
	of='' automatic=false realtime=false
	while [ $# -gt 0 ]; do
		case $1 in
		-c*) of="$of ${1#-c}" ;;
		-E) case ${2:-} in ntpshm | refclock_sock) return 1 ;; esac ;;
		-Entpshm | -Erefclock_sock) return 1 ;;
		# Options without an argument may be written together, with -c as the last.
		-[ahmqrvwx]*)
			case ${1%%c*} in *a*) automatic=true ;; esac
			case ${1%%c*} in *r*) realtime=true ;; esac
			case $1 in *c*) of="$of ${1#*c}" ;; esac
			;;
		*) shift; continue ;;
		esac
		# The argument of a -c at the end is the next word.
		case $1 in *c) of="$of ${2:-}" ;; esac
		shift
	done
	if [ $automatic = true ]; then
		[ $realtime = true ]
	else
		case "$of " in ' ' | *' CLOCK_REALTIME '*) ;; *) false ;; esac
	fi
}

# steerers: the daemons that do, a line of name and process each. A chronyd with -x only looks on.
steerers() {
	[ "${chronyd:-}" != unseen ] || echo "chronyd unseen"
	for name in chronyd ntpd ntp-daemon systemd-timesyn phc2sys; do
		for id in $(process $name); do
			# shellcheck disable=SC2046 # words
			case "$name $(arguments "$id") " in
			chronyd*\ -x\ *) continue ;;
			phc2sys*) phc2sys_steers $(arguments "$id") || continue ;;
			esac
			case $name in
			systemd-timesyn) echo "systemd-timesyncd $id" ;;
			*) echo "$name $id" ;;
			esac
			break
		done
	done
}

# service ID: the unit that this process is of, if it is of one
service() {
	sed -n 's,.*/\([^/]*\.service\)$,\1,p' "$root/proc/$1/cgroup" 2>/dev/null | sed -n 1p
}

# stop_command ID: what ends that process, and keeps it from coming back
stop_command() {
	unit=$(service "$1")
	if [ -n "$unit" ]; then
		echo "sudo systemctl disable --now $unit"
	else
		echo "sudo kill $1, and see to it that nobody starts it again"
	fi
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
	steerers=$(steerers)
	who=$(printf '%s\n' "$steerers" | cut -d' ' -f1 | tr '\n' ' ')
	who=${who% }
	agents=$(agents | tr '\n' ' ')
	agents=${agents% }
	fact steered_by "$who"
	show "steered by" "${who:-nobody seen}${agents:+; $agents may set it}"
	case $who in
	*\ *)
		other=$(printf '%s\n' "$steerers" | grep -v '^chronyd ' | sed -n 1p)
		problem degraded two-masters guest "more than one daemon steers the system clock: $who" \
			"each undoes what the other does" \
			"keep one; chronyd: $(stop_command "${other#* }")"
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
			"take -x out of $(
				if has /etc/sysconfig/chronyd; then
					echo "OPTIONS in /etc/sysconfig/chronyd"
				else
					echo "DAEMON_OPTS in /etc/default/chrony"
				fi
			), then: sudo systemctl restart $(chrony_unit)"
		;;
	esac
}
