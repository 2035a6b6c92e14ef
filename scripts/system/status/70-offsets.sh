# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: how far apart the system clock, the host's and NTP's are, and which of
# them is off.
# shellcheck shell=sh
: "${root?}" "${sources?}" "${our_source?}" "${our_state?}"

# By what they must differ to be called different, in ns. Servers on the internet are some 10 ms
# off; a clock that nobody looks after is off by more than this within a day.
APART_NS=100000000

# all_ns: of chronyc's lines on standard input, by what each source is ahead of the system clock.
# chronyc says it of the system clock (field 8, in s).
all_ns() { awk -F, '{ printf "%.0f\n", -$8 * 1e9 }'; }

# ntp_ns: those of servers that answer and that chronyd does not take for wrong by themselves
ntp_ns() { printf '%s\n' "$sources" | grep '^\^,[^?~,],' | awk -F, '$6 != 0' | all_ns | sort -n; }

# apart NS [BY]
apart() {
	case $1 in -*) [ "${1#-}" -ge "${2:-$APART_NS}" ] ;; *) [ "$1" -ge "${2:-$APART_NS}" ] ;; esac
}

# ahead NS: "1.500 s ahead of"
ahead() {
	case $1 in
	-*) echo "$(distance "${1#-}") behind" ;;
	*) echo "$(distance "$1") ahead of" ;;
	esac
}

measure() {
	ntp=$(ntp_ns)
	ntp_count=$(printf '%s' "$ntp" | grep -c . || :)
	if [ "$ntp_count" -gt 0 ]; then
		ntp_median=$(printf '%s\n' "$ntp" | sed -n "$(((ntp_count + 1) / 2))p")
		ntp_spread=$(($(printf '%s\n' "$ntp" | tail -n 1) - $(printf '%s\n' "$ntp" | sed -n 1p)))
	fi
	host=
	[ -z "$ptp" ] || host=$(word_of "$(helper look "$root/dev/$ptp")" offset_ns)
	# Without root, chronyd's word.
	[ -n "$host" ] || [ -z "$our_source" ] || [ "$our_state" = '?' ] ||
		host=$(printf '%s\n' "$our_source" | all_ns)
}

check_offsets() {
	measure
	if [ -n "$host" ]; then
		number host_ahead_ns "$host"
		show offset "host's clock $(ahead "$host") the system clock"
	elif [ -n "$ptp" ] && [ "$(id -u)" != 0 ]; then
		show offset "not to be read by this user: sudo vmclock-status"
	fi
	number ntp_servers "$ntp_count"
	if [ "$ntp_count" -gt 0 ]; then
		number ntp_ahead_ns "$ntp_median"
		show "$([ -n "$host" ] || echo offset)" \
			"NTP ($ntp_count servers, within $(distance "$ntp_spread")) $(ahead "$ntp_median") the system clock"
	fi
	if [ -n "$host" ]; then
		who_is_off
	elif servers_agree && apart "$ntp_median"; then
		system_clock_is_off "$ntp_median" NTP
	fi
}

# servers_agree: with each other, and there are enough of them to be believed
servers_agree() { [ "$ntp_count" -ge 3 ] && ! apart "$ntp_spread"; }

who_is_off() {
	how="on a KVM host: chronyc tracking; on Hyper-V: w32tm /query /status"
	if [ "$ntp_count" = 0 ]; then
		! apart "$host" || system_clock_is_off "$host" "the host's clock"
		return
	fi
	difference=$((host - ntp_median))
	if ! apart "$difference"; then
		! apart "$host" || system_clock_is_off "$host" "the host's clock, like NTP,"
	elif servers_agree; then
		case $our_state in
		x | -) how="$how. Until then chronyd follows the servers" ;;
		esac
		problem degraded host-clock-off host "the host's clock is $(ahead "$difference") NTP" \
			"$ntp_count servers agree with each other, and not with the host: it is the host's clock that is off" \
			"set the host's clock right: $how"
	elif ! found no-majority; then
		problem degraded host-or-ntp-off guest "the host's clock is $(ahead "$difference") NTP" \
			"with fewer than three servers that agree, nobody can tell which is off" \
			"give chronyd more: a pool line in $(own_file); or look at the host, $how"
	fi
}

# system_clock_is_off NS WHAT: that is ahead of it by so much
system_clock_is_off() {
	problem degraded system-clock-off guest "the system clock is off: $2 is $(ahead "$1") it" \
		"nothing has set it since it went off, or it is still being slewed" \
		"$(
			case "$(steerers)" in
			*chronyd*) echo "sudo chronyc makestep" ;;
			*phc2sys*) echo "restart phc2sys, which sets it when it starts; with -S 0.1 it does so at any time" ;;
			*) echo "have a daemon set it: chronyd is recommended" ;;
			esac
		); who steers it is said above"
}

check_disbelieved() {
	[ "$our_state" = x ] || return 0
	! found host-clock-off host-or-ntp-off no-majority || return 0
	problem degraded clock-disbelieved guest "chronyd takes the host's clock for a wrong one" \
		"it is outside of what most of its other sources allow, by less than a tenth of a second" \
		"chronyc sources -v; if the servers are far away, take nearer ones"
}
