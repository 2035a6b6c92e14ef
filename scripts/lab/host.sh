# SPDX-License-Identifier: GPL-2.0-only
# Sourced by bash drivers, after machine.sh and initrd.sh: the emulated machine in which guests are
# booted, a boot of it, and what came of that.
# shellcheck shell=bash disable=SC2154
: "${work:?}" "${top:?}" # and, later, host_kernel and limits

# probes: those of scripts/probe, in $work/probes
probes() {
	local file

	mkdir "$work/probes"
	for file in "$top"/scripts/probe/*.c; do
		gcc -O2 -Wall -Wextra -Werror -static -pthread \
			-o "$work/probes/$(basename "$file" .c)" "$file"
	done
}

# host_root HOSTS MODULE...: its root, which can run guests of these hosts; with what else it loads
host_root() {
	local hosts=$1 file dir timesync_host

	shift
	root host
	cp "$work"/probes/* "$work/host/bin/"
	program host /usr/bin/qemu-system-x86_64
	if [[ $hosts = *hyperv* ]]; then
		timesync_host=$("$top/scripts/lab/timesync-host/build")
		program host "$timesync_host/qemu-timesync"
		ln -s "$timesync_host/qemu-timesync" "$work/host/usr/bin/"
	fi
	modules_of "$host_kernel" host/modules kvm-amd "$@"
	for file in bios-256k.bin kvmvapic.bin linuxboot_dma.bin; do
		for dir in /usr/share/qemu /usr/share/seabios; do
			[ ! -e "$dir/$file" ] || cp -L "$dir/$file" "$work/host/firmware/"
		done
	done
	install "$top/scripts/lab/host-init" "$work/host/init"
}

# emulator OPTION...: its command line, in ${emulator[@]}. KVM's master clock and the pairing
# hypercall want its clocksource to be tsc; see boot() for the other one.
emulator() {
	emulator=(qemu-system-x86_64 -accel "tcg,thread=multi" -cpu max -smp 1 -m 3072 -display none
		-no-reboot -nodefaults -kernel "$host_kernel/vmlinuz" -initrd "$work/host.gz" "$@" -append)
	with_tsc="console=ttyS0 quiet panic=-1 tsc=reliable clocksource=tsc"
}

# boot MACHINE: one boot of both machines; what was said in $work/said
boot() {
	local rc=0 append=$with_tsc

	case $1 in *host_clocksource=hpet*) append="console=ttyS0 quiet panic=-1 clocksource=hpet" ;; esac
	rm -f "$work/console"
	ends_with_us "$top/scripts/lab/watch" "$limits" "$work/console" "$work/said" \
		"${emulator[@]}" "$append" -serial "file:$work/console" -serial stdio
	wait $! || rc=$?
	return $rc
}

passed=0 failed=0 skipped=0
tally() { grep -c "^$1 " "$work/said" || :; }

# judge MACHINE WHAT: boots it, once more where that had no result, and counts what was said; its
# class is in $rc
judge() {
	local try start

	for try in $(seq "${VMCLOCK_TRIES:-2}"); do
		rc=0 start=$SECONDS
		boot "$1" || rc=$?
		say "$2, boot $try: $((SECONDS - start)) s"
		[ $rc = 75 ] || break
	done
	[ -z "${VMCLOCK_KEEP:-}" ] ||
		install -m 644 -D -t "$VMCLOCK_KEEP" "$work/console" "$work/said"
	passed=$((passed + $(tally pass))) failed=$((failed + $(tally fail)))
	case $rc in
	0) ;;
	75) skipped=$((skipped + 1)); echo "skipped: $2: $(tail -n 1 "$work/said")" ;;
	*) [ "$(tally fail)" != 0 ] || failed=$((failed + 1)) ;;
	esac
}

# counted: the last line, and the driver's exit status
counted() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] || exit 1
	[ "$skipped" = 0 ] || exit 75
}
