# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: what a check may say and ask, and how it is printed.
# shellcheck shell=sh
: "${root?}" "${helpers:?}"

nl='
'
# Between the fields of what is collected; it is in none of them.
us=$(printf '\037')
facts='' lines='' clocks='' problems='' worst=0 stopped=false
# What first_line has read.
line=

# Asking.

# first_line PATH: into $line, without a process, for there are many; empty where there is none
first_line() {
	line=
	{ read -r line <"$1" || :; } 2>/dev/null
}

# get FILE: its first line, or nothing
get() {
	first_line "$root$1"
	printf '%s\n' "$line"
}

has() { [ -e "$root$1" ]; }

# readable FILE: by asking, for busybox takes root for one who may read anything
readable() { { true <"$root$1"; } 2>/dev/null; }

have() { command -v "$1" >/dev/null 2>&1; }

# one_of WORD LIST...: whether it is among them
one_of() {
	word=$1
	shift
	for each; do [ "$each" != "$word" ] || return 0; done
	return 1
}

# number_in FILE: what it says if that is a number, or else 0
number_in() {
	first_line "$root$1"
	case $line in
	'' | *[!0-9-]*) echo 0 ;;
	*) echo "$line" ;;
	esac
}

# target LINK: the last part of where a link points, or nothing
target() {
	link=$(readlink "$root$1" 2>/dev/null || :)
	echo "${link##*/}"
}

# distance NS: "120 ns", "2.100 s"
distance() {
	awk "BEGIN {
		if ($1 < 1e4) printf(\"%d ns\", $1)
		else if ($1 < 1e7) printf(\"%d us\", $1 / 1e3)
		else if ($1 < 1e9) printf(\"%d ms\", $1 / 1e6)
		else printf(\"%.3f s\", $1 / 1e9)
	}"
}

# helper WHAT...: vmclock-phc; tests have one in their PATH
helper() {
	if have vmclock-phc; then vmclock-phc "$@"; else "$helpers/vmclock-phc" "$@"; fi 2>/dev/null
}

# word_of "NAME=VALUE ..." NAME
word_of() { printf '%s\n' "$1" | tr ' ' '\n' | sed -n "s/^$2=//p" | sed -n 1p; }

# a_persons PATH: of a process that a person runs, who may give it any name and arguments. The
# system's own are below 1000, and with systemd from 61184 to 65534.
a_persons() {
	uid=$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "$1/status" 2>/dev/null)
	[ "${uid:-0}" -ge 1000 ] && { [ "$uid" -lt 61184 ] || [ "$uid" -gt 65534 ]; }
}

# process NAME: ids of those called that
process() {
	for each in "$root"/proc/[0-9]*; do
		first_line "$each/comm"
		[ "$line" != "$1" ] || a_persons "$each" || echo "${each##*/}"
	done
}

# arguments ID: its command line; nothing if it has ended meanwhile
arguments() { tr '\0' ' ' 2>/dev/null <"$root/proc/$1/cmdline" || :; }

# nested ID: it is in a namespace of its own, a container's
nested() { grep -qsE '^NSpid:[[:space:]]*[0-9]+[[:space:]]+[0-9]' "$root/proc/$1/status"; }

# runs_for ID: so many seconds; nothing where that cannot be told
runs_for() {
	# Behind its name, which may hold anything, the 20th word: the ticks of 10 ms from boot to its start.
	ticks=$(sed 's/.*) //' "$root/proc/$1/stat" 2>/dev/null | cut -d' ' -f20)
	uptime=$(cut -d. -f1 "$root/proc/uptime" 2>/dev/null)
	[ -z "$ticks" ] || [ -z "$uptime" ] || echo $((uptime - ticks / 100))
}

# The next step, in the words of the distribution that this is.

# packages DEBIAN [FEDORA [SUSE [ARCH]]]: the command that installs them; one that is left out is called as
# on Debian
packages() {
	if have apt-get; then
		echo "sudo apt-get install $1"
	elif have dnf; then
		echo "sudo dnf install ${2:-$1}"
	elif have zypper; then
		echo "sudo zypper install ${3:-$1}"
	elif have pacman; then
		echo "sudo pacman -S ${4:-$1}"
	else
		echo "install the package $1, or what it is called here"
	fi
}

# install_ours: it, by its package where there is one
install_ours() {
	! have apt-get || printf '%s' "sudo apt-get install ./vmclock-dkms_*.deb, or "
	echo "in its source: sudo make install"
}

# off_command_line OPTION: of the kernel's
off_command_line() {
	if have update-grub || have apt-get; then
		echo "take it out where it stands (grep -r $1 /etc/default/grub /etc/default/grub.d), then: sudo update-grub && sudo reboot"
	elif have grubby; then
		echo "sudo grubby --update-kernel=ALL --remove-args=$1 && sudo reboot"
	else
		echo "take it out of GRUB_CMDLINE_LINUX in /etc/default/grub, make the boot menu anew (sudo grub2-mkconfig -o /boot/grub2/grub.cfg, or as here), then: sudo reboot"
	fi
}

# Saying. fact and number are for programs, show is for people, problem is for both.

fact() { facts="$facts$1$us\"$(escape "$2")\"$nl"; }

number() { facts="$facts$1$us$2$nl"; }

# show LABEL TEXT
show() { lines="$lines$1$us$2$nl"; }

# clock DEVICE NAME DRIVER BY-CHRONYD
clock() {
	clocks="$clocks$1$us$2$us$3$us$4$nl"
}

# problem LEVEL ID WHERE WHAT CAUSE NEXT: LEVEL is note (nothing is wrong), degraded or broken; ID
# names the cause, as in README.md; WHERE, guest or host, is where the next step is taken. Of one
# ID the first counts.
problem() {
	! found "$2" || return 0
	problems="$problems$1$us$2$us$3$us$4$us$5$us$6$nl"
	case $1 in
	degraded) [ "$worst" -ge 1 ] || worst=1 ;;
	broken) worst=2 ;;
	esac
}

# stop: what the other checks could find would be about another machine
# shellcheck disable=SC2034 # vmclock-status asks
stop() { stopped=true; }

# found ID...: whether one of these has been said
found() {
	for each; do
		case $problems in *"$us$each$us"*) return 0 ;; esac
	done
	return 1
}

# Printing.

# escape TEXT: as JSON has it. Little needs it, and processes are what this program's time goes to.
escape() {
	case $1 in
	*[\\\"[:cntrl:]]*)
		printf '%s' "$1" | tr -d '\000-\011\013-\037' | sed 's/[\\"]/\\&/g' | tr '\n' ' '
		;;
	*) printf '%s' "$1" ;;
	esac
}

status() {
	case $worst in 0) echo good ;; 1) echo degraded ;; *) echo "not working" ;; esac
}

# fields VARIABLE-WITH-LINES: on standard input for a loop, without the empty last one
fields() { printf '%s' "$1"; }

# folded INDENT TEXT: at 92 columns
folded() {
	printf '%s' "$2" | awk -v indent="$1" '{
		line = ""
		for (i = 1; i <= NF; i++) {
			if (length(line) + length($i) > 90 - length(indent) && line != "") {
				print (first++ ? indent line : line)
				line = ""
			}
			line = line (line == "" ? "" : " ") $i
		}
		print (first++ ? indent line : line)
	}'
}

print_screen() {
	printf 'host clock  %s\n' "$(status)"
	fields "$lines" | while IFS=$us read -r label text; do
		printf '%-11s %s\n' "$label" "$(folded '            ' "$text")"
	done
	fields "$problems" | while IFS=$us read -r level id where what cause next; do
		printf '\n%-9s %s\n' "$level" "$(folded '          ' "$what ($id)")"
		printf '  cause   %s\n' "$(folded '          ' "$cause")"
		printf '  %-7s %s\n' "$where:" "$(folded '          ' "$next")"
	done
}

print_json() {
	printf '{\n  "version": 1,\n  "status": "%s",\n  "exit": %s,\n' "$(status)" "$worst"
	printf '  "facts": {'
	fields "$facts" | {
		comma=
		while IFS=$us read -r key value; do
			printf '%s\n    "%s": %s' "$comma" "$key" "$value"
			comma=,
		done
	}
	printf '\n  },\n  "clocks": ['
	fields "$clocks" | {
		comma=
		while IFS=$us read -r device name driver used; do
			printf '%s\n    {"device": "%s", "name": "%s", "driver": "%s", "chronyd": %s}' \
				"$comma" "$device" "$(escape "$name")" "$(escape "$driver")" "$used"
			comma=,
		done
	}
	printf '\n  ],\n  "problems": ['
	fields "$problems" | {
		comma=
		while IFS=$us read -r level id where what cause next; do
			printf '%s\n    {"level": "%s", "id": "%s", "where": "%s",\n' \
				"$comma" "$level" "$id" "$where"
			printf '     "what": "%s",\n     "cause": "%s",\n     "next": "%s"}' \
				"$(escape "$what")" "$(escape "$cause")" "$(escape "$next")"
			comma=,
		done
	}
	printf '\n  ]\n}\n'
}
