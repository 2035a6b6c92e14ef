# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: the chronyd that runs, its configuration, and what it makes of the
# clocks that this names.
# shellcheck shell=sh
: "${root?}" "${ptp?}"

LINE_FILE=/run/chrony-dhcp/vmclock.conf
# Where vmclock-chrony has it while chronyd is tried without.
LINE_ASIDE=/run/chrony-dhcp/.vmclock.aside
# Three of the polls that our line has chronyd make of the clock, one a 2^2 s, and one that was late.
SETTLED_S=16

chrony_unit() {
	for each in chrony.service chronyd.service; do
		! systemctl cat "$each" >/dev/null 2>&1 || { echo "$each"; return; }
	done
	echo chrony.service
}

chrony_state=$(systemctl is-failed "$(chrony_unit)" 2>/dev/null || :)

# running_chronyd: its id, of the machine's own and not of a container's; unseen where this user is shown
# no process of others (hidepid=2)
running_chronyd() {
	for each in $(process chronyd); do
		nested "$each" || { echo "$each"; return; }
	done
	case $chrony_state in active | reloading) echo unseen ;; esac
}

chronyd=$(running_chronyd)

# option LETTER ARGUMENT...: the value of that option of chronyd's
option() {
	letter=$1
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		-"$letter") echo "${2:-}"; return ;;
		-"$letter"?*) echo "${1#-?}"; return ;;
		esac
		shift
	done
}

# chrony_file: that of the running one, or the one that would be read
chrony_file() {
	# shellcheck disable=SC2046 # words
	file=$([ -z "$chronyd" ] || option f $(arguments "$chronyd"))
	for each in "$file" /etc/chrony/chrony.conf /etc/chrony.conf /usr/etc/chrony.conf; do
		[ -z "$each" ] || ! has "$each" || { echo "$each"; return; }
	done
	echo "${file:-/etc/chrony/chrony.conf}"
}

# files_read DEPTH FILE...: these with what they include, a name each. A subshell, for it calls itself.
files_read() (
	depth=$1
	shift
	for each; do
		[ -f "$root$each" ] && readable "$each" || continue
		echo "$each"
		[ "$depth" -lt 5 ] || continue
		parts=$(awk '$1 == "include" { print $2 }
			$1 == "confdir" { for (i = 2; i <= NF; i++) print $i "/*.conf" }' "$root$each")
		set -f # not those of the real /
		for pattern in $parts; do
			set +f
			for part in "$root"$pattern; do
				files_read $((depth + 1)) "${part#"$root"}"
			done
		done
	done
)

# chrony_lines: all lines in force. chronyd puts them together itself; where it is not to be asked,
# the file with those that it names.
chrony_lines() {
	if have chronyd && chronyd -p -f "$root$chrony_file" 2>/dev/null; then return; fi
	files_read 0 "$chrony_file" | while read -r each; do
		cat "$root$each" 2>/dev/null || :
	done
}

chrony_file=$(chrony_file)
chrony_lines=$(chrony_lines | sed 's/^[[:space:]]*//' | grep -v '^[#!;%]' || :)

# named_clocks: the devices of its refclock lines, a line each
named_clocks() {
	printf '%s\n' "$chrony_lines" | sed -nE 's/^refclock[[:space:]]+PHC[[:space:]]+([^:[:space:]]+).*/\1/p'
}

# missing_clock: the first of those named that is not there
missing_clock() {
	for device in $(named_clocks); do
		has "$device" || { echo "$device"; return; }
	done
}

missing_clock=$(missing_clock)

refclocks() { printf '%s\n' "$chrony_lines" | grep -E '^refclock[[:space:]]' || :; }

# our_line: that which names our clock; by its own name, if one does
our_line() {
	refclocks | grep -E '^refclock[[:space:]]+PHC[[:space:]]+/dev/ptp_vmclock([:[:space:]]|$)' && return
	[ -n "$ptp" ] || return 0
	refclocks | while read -r line; do
		# shellcheck disable=SC2086 # words
		device=$(set -- $line && echo "${3%%:*}")
		[ "$(resolve "$device")" != "$ptp" ] || echo "$line"
	done
}

our_line=$(our_line | sed -n 1p)

# unreadable: the configuration is, for this user
unreadable() { has "$chrony_file" && ! readable "$chrony_file"; }

# chronyd numbers its refclocks as it meets them: PHC0, PHC1, ... by their place among all.
our_refid() {
	case $our_line in
	*\ refid\ *) printf '%s\n' "$our_line" | sed 's/.* refid  *\([^ ]*\).*/\1/'; return ;;
	esac
	refclocks | awk -v line="$our_line" '$0 == line { print "PHC" NR - 1; exit }'
}

sources='' chronyd_answers=false
[ -z "$chronyd" ] || ! sources=$(chronyc -n -c sources 2>/dev/null) || chronyd_answers=true

# Who may not read it knows by chronyd's word.
if [ -z "$our_line" ] && unreadable && printf '%s\n' "$sources" | grep -q '^#,[^,]*,VMCL,'; then
	our_line="refclock PHC /dev/ptp_vmclock refid VMCL"
fi

# our_source: chronyd's line on it: mode, state, name, stratum, poll, reach, last, offset, ...
our_source() {
	[ -z "$our_line" ] || printf '%s\n' "$sources" | grep "^#,[^,]*,$(our_refid)," || :
}

our_source=$(our_source)
our_state=$(printf '%s' "$our_source" | cut -d, -f2)

check_clocks() {
	for each in $(all_clocks); do
		used=false
		for device in $(named_clocks); do
			[ "$(resolve "$device")" != "$each" ] || used=true
		done
		clock "$each" "$(clock_name "$each")" "$(clock_driver "$each")" $used
		show "$([ -n "${clocks_shown:-}" ] || echo clocks)" \
			"$each '$(clock_name "$each")' ($(clock_driver "$each"))$([ $used = false ] || echo ', chronyd is told of it')"
		clocks_shown=1
	done
}

# slip: what chronyd would not start for in what it reads, if it can be asked. Who is not root may not
# read all of it.
slip() {
	[ "$(id -u)" = 0 ] && have chronyd && has "$chrony_file" || return 0
	chronyd -p -f "$root$chrony_file" 2>&1 >/dev/null | sed -n 's/.*Fatal error : //p' | tail -n 1
}

check_chronyd_would_start() {
	slip=$(slip)
	ours && [ -n "$slip" ] || return 0
	if [ -n "$chronyd" ]; then
		problem degraded chrony-conf-slip guest "chronyd runs, and would not start again" "$slip" \
			"mend that; when sudo chronyd -p -f $chrony_file >/dev/null says nothing: sudo systemctl restart $(chrony_unit)"
	else
		problem broken chrony-conf-slip guest "chronyd does not run" "it does not start: $slip" \
			"mend that; sudo systemctl restart $(chrony_unit)"
	fi
}

# What keeps a chronyd from running that is there.
check_chronyd_runs() {
	fact chronyd "${chronyd:+running}"
	[ -z "$chronyd" ] || return 0
	show chronyd "does not run"
	ours || return 0
	case $(steerers) in *phc2sys*) return 0 ;; esac
	! found chrony-conf-slip || return 0
	if ! have chronyd; then
		problem degraded no-chronyd guest "there is no chronyd" \
			"it is not installed, and systemd-timesyncd reads no PTP clock" \
			"$(packages chrony) # it takes the place of systemd-timesyncd"
		return
	fi
	if [ -n "$missing_clock" ]; then
		problem broken chronyd-misses-a-clock guest "chronyd does not run" \
			"its configuration names $missing_clock, which is not there: then it does not start, for NTP neither" \
			"take that line out of $(file_with "$missing_clock"); sudo systemctl restart $(chrony_unit). vmclock-chrony.service names the clock while it is there"
		return
	fi
	case $chrony_state in
	failed)
		problem broken chronyd-failed guest "chronyd does not run" "it has failed" \
			"sudo journalctl -u $(chrony_unit) -n 20; sudo systemctl restart $(chrony_unit)"
		;;
	activating | deactivating)
		problem degraded chronyd-starting guest "chronyd does not run at this moment" \
			"it is being restarted, as when the clock comes or goes" "look again in 20 s: vmclock-status"
		;;
	*)
		problem broken chronyd-stopped guest "chronyd does not run" "nobody has started it" \
			"sudo systemctl enable --now $(chrony_unit)"
		;;
	esac
}

# file_for_good DEVICE: the file that names it and is there after a reboot, if one does
file_for_good() {
	files_read 0 "$chrony_file" | while read -r each; do
		case $each in
		/run/*) ;;
		*)
			! grep -qsE "^[[:space:]]*refclock[[:space:]]+PHC[[:space:]]+$1([:[:space:]]|\$)" \
				"$root$each" || echo "$each"
			;;
		esac
	done | sed -n 1p
}

# file_with DEVICE: or that which it is to be looked for in
file_with() {
	file=$(file_for_good "$1")
	echo "${file:-$chrony_file}"
}

# own_file: of a person's, and not one that the next upgrade replaces
own_file() {
	case $chrony_file in
	/usr/*) echo /etc/chrony.d/vmclock.conf ;;
	*) echo "$chrony_file" ;;
	esac
}

# chrony_too_old: for a line confdir
chrony_too_old() { case $(chronyd -v 2>/dev/null) in *\ version\ [0-3].*) ;; *) false ;; esac; }

# only_by_hand: nobody can name the clock to chronyd while it is there
only_by_hand() { ! have systemctl || chrony_too_old; }

check_chronyd_has_the_clock() {
	[ -n "$chronyd" ] && [ -n "$ptp" ] || return 0
	if [ -z "$our_line" ] && chrony_too_old; then
		problem degraded chrony-too-old guest "chronyd does not know of the clock" \
			"it is from before chrony 4.0, which reads a folder that may be missing" \
			"upgrade chrony to 4.0 or newer"
	elif [ "$(service "$chronyd")" = chronyd-restricted.service ]; then
		problem degraded chronyd-restricted guest "chronyd does not know of the clock" \
			"it runs as chronyd-restricted.service, which may open no clock" \
			"sudo systemctl disable --now chronyd-restricted.service && sudo systemctl enable --now $(chrony_unit) && sudo systemctl restart vmclock-chrony"
	elif [ -z "$our_line" ] && unreadable; then
		problem note chrony-conf-unreadable guest "whether chronyd knows of the clock is not to be seen" \
			"this user may not read $chrony_file" "sudo vmclock-status"
	elif [ -z "$our_line" ]; then
		if has $LINE_FILE && ! has /etc/chrony/conf.d/vmclock.conf; then
			problem degraded drop-in-not-read guest "chronyd does not know of the clock" \
				"/etc/chrony/conf.d/vmclock.conf, which names the folder of $LINE_FILE, is not there: apt-get purge chrony takes it along" \
				"sudo apt-get install --reinstall -o Dpkg::Options::=--force-confmiss ./vmclock-dkms_*.deb, or in its source: sudo make install; then: sudo systemctl restart $(chrony_unit)"
		elif has $LINE_FILE; then
			problem degraded drop-in-not-read guest "chronyd does not know of the clock" \
				"its configuration, $chrony_file, does not read /etc/chrony/conf.d, where vmclock.conf names the folder of $LINE_FILE" \
				"add this line to $(own_file): confdir /run/chrony-dhcp; then: sudo systemctl restart $(chrony_unit)"
		elif has $LINE_ASIDE; then
			problem degraded clock-put-aside guest "chronyd runs without the clock" \
				"it did not start with the clock's line: it may not open it, or ended for another reason" \
				"sudo journalctl -u $(chrony_unit), for why; and after mending: sudo systemctl restart vmclock-chrony"
		elif ! have systemctl; then
			problem degraded no-refclock guest "chronyd does not know of the clock" \
				"without systemd nobody writes its line" \
				"add to $(own_file): refclock PHC /dev/ptp_vmclock poll 2 dpoll 0 delay 0.00001; have the module loaded before chronyd starts, which it does not without the clock; then restart it"
		else
			problem degraded no-refclock guest "chronyd does not know of the clock" \
				"vmclock-chrony.service, which writes its line to $LINE_FILE, is not installed or has failed" \
				"sudo systemctl restart vmclock-chrony.service; sudo journalctl -u vmclock-chrony"
		fi
	elif [ $chronyd_answers = false ]; then
		show chronyd "runs, and does not answer chronyc"
		problem degraded chronyd-silent guest "chronyd does not answer chronyc" \
			"cmdport 0 has it answer root only" "sudo vmclock-status"
	elif [ -z "$our_source" ] && [ -n "$(file_for_good "$missing_clock")" ]; then
		problem degraded chronyd-misses-a-clock guest "chronyd does not know of the clock yet" \
			"it is left as it is, and would not start again: its configuration names $missing_clock, which is not there" \
			"take that line out of $(file_with "$missing_clock"); sudo systemctl restart $(chrony_unit)"
	elif [ -z "$our_source" ]; then
		problem degraded chronyd-not-restarted guest "chronyd does not know of the clock yet" \
			"it has not been restarted since its line came" \
			"sudo systemctl restart $(chrony_unit)"
	fi
}

# more_servers: or one that is believed alone
more_servers() {
	echo "more servers in $(own_file), as by a line pool, or trust on the line of the one that you believe; then: sudo systemctl restart vmclock-chrony"
}

# no_majority: chronyd has sources that answer, and takes them for wrong ones, all
no_majority() {
	printf '%s\n' "$sources" | grep -q '^.,x,' && ! printf '%s\n' "$sources" | grep -q '^.,[*+-],'
}

# stands_in: the line allows for so much, beside one server, that chronyd follows that
stands_in() { case $our_line in *" delay 5.0"*) [ "$our_state" = - ] ;; *) false ;; esac; }

check_chronyd_uses_the_clock() {
	[ -n "$our_source" ] || return 0
	fact source_state "$our_state"
	reach=$(printf '%s' "$our_source" | cut -d, -f6)
	if no_majority; then
		show chronyd "runs, and follows nobody"
		problem broken no-majority guest "chronyd follows nobody: the system clock runs free" \
			"its sources differ by more than they allow for, and no side is a majority" \
			"$(more_servers)"
		return
	fi
	case $our_state in
	'*') show chronyd "runs, and follows the host's clock ($(our_refid))" ;;
	'+') show chronyd "runs, and follows the host's clock ($(our_refid)) with others" ;;
	'-') show chronyd "runs, and follows others; it believes the host's clock ($(our_refid)), too" ;;
	x) show chronyd "runs, and takes the host's clock ($(our_refid)) for a wrong one" ;;
	*) show chronyd "runs, and does not follow the host's clock ($(our_refid), state $our_state)" ;;
	esac
	! stands_in || problem note one-server guest "chronyd follows its one server, and not the host's clock" \
		"of two sources that differ it would follow neither; so this one, which allows for 2.5 s, stands in when the server is silent" \
		"to follow both: $(more_servers)"
	case $our_state in
	'?')
		case " $our_line " in
		*\ noselect\ *)
			problem note noselect guest "chronyd only looks at the host's clock" "its line has noselect" \
				"if you did not want that: sudo systemctl edit vmclock-chrony; sudo systemctl restart vmclock-chrony"
			return
			;;
		esac
		runs_s=$(runs_for "$chronyd")
		if [ "$reach" = 0 ] && [ "${runs_s:-$SETTLED_S}" -ge $SETTLED_S ]; then
			problem degraded clock-unreachable guest "chronyd gets no readings of the clock" \
				"it opened it before the module was loaded anew, or the host tells no time" \
				"sudo systemctl restart $(chrony_unit); if that changes nothing: sudo dmesg | grep vmclock"
		else
			problem note clock-settling guest "chronyd has just begun to read the clock" \
				"it wants some readings first" "look again in 20 s: vmclock-status"
		fi
		;;
	'~')
		problem degraded clock-too-variable host "chronyd finds the clock too variable" \
			"the clocksource allows no exact readings, or the host's clock is being moved about" \
			"see the clocksource above; on a KVM host: chronyc tracking"
		;;
	esac
}

# Clocks of host's and of network cards, by names that stay and names that do not.
check_named_clocks() {
	for device in $(named_clocks); do
		is=$(resolve "$device")
		name=$(clock_name "${is:-none}")
		file=$(file_for_good "$device")
		case $device in
		/dev/ptp[0-9]*)
			[ -z "$is" ] || problem degraded clock-by-number guest "chronyd is told of $device" \
				"that is '$name' ($(clock_driver "$is")) today, and may be another clock after a reboot" \
				"take that line out of $(file_with "$device"); the host's clock needs none of yours, a network card's a udev rule with a name"
			;;
		/dev/ptp_vmclock)
			[ -z "$file" ] || only_by_hand || problem degraded named-for-good guest "$file names /dev/ptp_vmclock for good" \
				"when the clock is not there, chronyd does not start, and there is no NTP either" \
				"take that line out: vmclock-chrony.service names the clock while it is there; sudo systemctl restart $(chrony_unit)"
			;;
		/dev/ptp_kvm | /dev/ptp_hyperv)
			[ -z "$file" ] || [ -z "$ptp" ] || problem note old-line guest "$file still names $device" \
				"it is from before vmclock: the same host's clock twice, or chronyd waits for it at boot" \
				"take that line out; sudo systemctl restart $(chrony_unit)"
			;;
		esac
		case $name in
		vmclock[0-9]*)
			problem degraded clock-of-another-driver guest "chronyd is told of $device, which is '$name'" \
				"that is the kernel's own ptp_vmclock, which in newer kernels tells TAI, 37 s ahead of UTC" \
				"take that line out of $(file_with "$device"); or, if chronyc sources has it 37 s off, give it the option tai"
			;;
		esac
	done
	case " $our_line " in
	*\ trust\ *)
		problem note trusted guest "chronyd's line of the clock has trust" \
			"a host that is wrong would be believed against any number of servers" \
			"leave it away: after a pause vmclock-disruption@.service sets the clock right"
		;;
	esac
}
