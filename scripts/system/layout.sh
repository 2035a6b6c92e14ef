# SPDX-License-Identifier: GPL-2.0-only
# Sourced by install and uninstall: what lands where, said once, so that the one leaves nothing
# of the other's behind.
# shellcheck shell=sh
: "${top:?}"

PREFIX=${PREFIX:-/usr/local}
DESTDIR=${DESTDIR:-}
# shellcheck disable=SC2034
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$top/dkms.conf")
[ -n "$version" ] || { echo "dkms.conf says no version" >&2; exit 1; }
lib=$PREFIX/lib/vmclock
# shellcheck disable=SC2034
source=/usr/src/vmclock-$version

# Packages have /usr/lib for these two. What a person installs goes where udev's older versions
# look as well, and where an older copy, put there by hand, would win over it.
case $PREFIX in
/usr) rules=/usr/lib/udev/rules.d ;;
*) rules=/etc/udev/rules.d ;;
esac
# So it is with systemd's: /usr/local may be mounted after it has looked there.
case $PREFIX in
/usr) units=/usr/lib/systemd/system ;;
*) units=/etc/systemd/system ;;
esac

# What su without - does not have on Debian: dkms, modprobe and depmod.
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'vmclock: %s\n' "$*"; }
die() { printf 'vmclock: %s\n' "$*" >&2; exit 1; }

# files: MODE, file under scripts/system, and where it goes
files() {
	cat <<-X
		755 vmclock-status $PREFIX/bin/vmclock-status
		644 vmclock-status.schema.json $PREFIX/share/vmclock/vmclock-status.schema.json
		755 chrony/vmclock-chrony $lib/vmclock-chrony
		755 chrony/vmclock-disruption $lib/vmclock-disruption
		755 chrony/vmclock-phc $lib/vmclock-phc
		644 chrony/vmclock.conf /etc/chrony/conf.d/vmclock.conf
		644 systemd/vmclock-chrony.service $units/vmclock-chrony.service
		644 systemd/vmclock-disruption@.service $units/vmclock-disruption@.service
		644 systemd/chrony.service.d/vmclock.conf $units/chrony.service.d/vmclock.conf
		644 systemd/chrony.service.d/vmclock.conf $units/chronyd.service.d/vmclock.conf
		644 systemd/chrony.service.d/vmclock.conf $units/chronyd-restricted.service.d/vmclock.conf
		644 udev/60-ptp-vmclock.rules $rules/60-ptp-vmclock.rules
		644 man/vmclock.4 $PREFIX/share/man/man4/vmclock.4
		644 man/vmclock-status.8 $PREFIX/share/man/man8/vmclock-status.8
	X
	for check in "$top"/scripts/system/status/*.sh; do
		echo "644 status/${check##*/} $lib/status/${check##*/}"
	done
}

# folders: those that are ours alone, or that go when they are empty; inner ones first
folders() {
	printf '%s\n' "$lib/status" "$lib" "$PREFIX/share/vmclock" "$units/chrony.service.d" \
		"$units/chronyd.service.d" "$units/chronyd-restricted.service.d" "$PREFIX/share/man/man4" \
		"$PREFIX/share/man/man8" /etc/chrony/conf.d /etc/chrony
	# A place that was made for this.
	case $PREFIX in
	/usr | /usr/local | /opt) ;;
	*) printf '%s\n' "$PREFIX/share/man" "$PREFIX/share" "$PREFIX/lib" "$PREFIX/bin" "$PREFIX" ;;
	esac
}

# on_this_machine: and not into a folder, for a package
on_this_machine() { [ -z "$DESTDIR" ]; }

# not_in_dkms_place: what DKMS builds of is put there, and what is there of other versions goes
not_in_dkms_place() {
	on_this_machine || return 0
	case $top in
	/usr/src/vmclock-[0-9]*)
		die "this tree is where DKMS's copy goes, and would be removed with it: mv $top ${HOME:-/root}/, and make $1 there"
		;;
	esac
}

# need_root VERB
need_root() {
	! on_this_machine || [ "$(id -u)" = 0 ] || die "$1 is for root: sudo make $1"
}

# owner: the package that has the modules, of whatever version
owner() { dpkg-query -S '/usr/src/vmclock-*/dkms.conf' 2>/dev/null | sed 's/:.*//;q'; }

# left_over PACKAGE: it has been removed, and not purged: its conffiles are here, and still its own
left_over() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = config-files ]
}

# owned FILE: it is a package's, and not ours to remove
owned() { dpkg-query -S "$1" >/dev/null 2>&1; }

# in_chroot: the kernel that runs is another system's, with modules of its own
in_chroot() { [ "$(stat -Lc %d:%i /)" != "$(stat -Lc %d:%i /proc/1/root 2>/dev/null)" ]; }

# copies: what DKMS builds of us, of whatever versions; not what else a person has put beside it
copies() {
	for each in /usr/src/vmclock-[0-9]*; do
		grep -qs '^PACKAGE_NAME="vmclock"$' "$each/dkms.conf" || continue
		[ "$each" != "/usr/src/vmclock-$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$each/dkms.conf")" ] ||
			echo "$each"
	done
}

# naming_for_good: files that name the clock to chronyd although it goes, without which chronyd does not
# start
naming_for_good() {
	grep -lsE '^[[:space:]]*refclock[[:space:]]+PHC[[:space:]]+/dev/ptp_vmclock([:[:space:]]|$)' \
		/etc/chrony/chrony.conf /etc/chrony.conf /etc/chrony/conf.d/*.conf /etc/chrony.d/*.conf || :
}

# dkms_versions: those that DKMS has of us; this tree may be of another. It names none at all where the
# source of one has been deleted.
dkms_versions() {
	{
		dkms status -m vmclock 2>/dev/null | sed -n 's,^vmclock[/ ,]*\([^,:]*\).*,\1,p'
		for each in /var/lib/dkms/vmclock/[0-9]*; do [ ! -e "$each" ] || echo "${each##*/}"; done
	} | sort -u
}

# dkms_remove VERSION. Kernel by kernel: for all at once, DKMS 3.0 looks in each for the modules
# that the one before it had.
dkms_remove() {
	# DKMS may have been removed, and does nothing for one whose source somebody has deleted.
	if ! command -v dkms >/dev/null ||
		{ [ -e "/var/lib/dkms/vmclock/$1" ] && [ ! -e "/var/lib/dkms/vmclock/$1/source/dkms.conf" ]; }; then
		rm -rf "/var/lib/dkms/vmclock/$1"
		# DKMS's links to what it has built, by kernel.
		for link in /var/lib/dkms/vmclock/kernel-*; do [ -e "$link" ] || rm -f "$link"; done
		rmdir /var/lib/dkms/vmclock 2>/dev/null || :
		# They may be the package's.
		[ -z "$(owner)" ] || return 0
		# Debian's place, openSUSE's, Fedora's.
		for folder in updates/dkms updates extra; do
			rm -f /lib/modules/*/"$folder"/vmclock.ko* /lib/modules/*/"$folder"/vmclock_timesync.ko*
			# DKMS makes them, and takes an empty one away.
			rmdir /lib/modules/*/"$folder" 2>/dev/null || :
		done
		for kernel in /lib/modules/*/modules.order; do
			kernel=${kernel%/modules.order}
			[ ! -e "$kernel/modules.dep" ] || depmod "${kernel##*/}"
		done
		return
	fi
	dkms status -m vmclock -v "$1" |
		sed -n 's/^vmclock[/ ,]*[^,]*, \([^,]*\), .*/\1/p' |
		while read -r kernel; do
			dkms remove -m vmclock -v "$1" -k "$kernel" >/dev/null ||
				say "$kernel: DKMS could not remove it (above)"
		done
	# The last takes the version with it; one that was never built is still there.
	[ ! -e "/var/lib/dkms/vmclock/$1" ] || dkms remove -m vmclock -v "$1" --all >/dev/null ||
		say "DKMS could not remove $1 (above)"
}

# reload: has systemd and udev read what has changed, and name a clock that is there already
reload() {
	[ -d /run/systemd/system ] && ! in_chroot || return 0
	systemctl daemon-reload
	udevadm control --reload
	udevadm trigger --subsystem-match=ptp
}
