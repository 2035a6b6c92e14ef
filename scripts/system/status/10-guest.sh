# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: which hypervisor this is a guest of, and what its clock counts by.
# shellcheck shell=sh
: "${root?}"

kernel=$(uname -r)
cmdline=$(get /proc/cmdline)
clocksource=/sys/devices/system/clocksource/clocksource0
available=$(get $clocksource/available_clocksource)
vendor="$(get /sys/class/dmi/id/sys_vendor) $(get /sys/class/dmi/id/product_name)"

cpu_flag() { sed -n '/^flags/{p;q;}' "$root/proc/cpuinfo" 2>/dev/null | grep -qw "$1"; }

# guest_by_vendor: by what the firmware calls the machine
guest_by_vendor() {
	case $vendor in
	*Microsoft*Virtual*) echo hyperv ;;
	*"Amazon EC2"*.metal*) echo unknown ;;
	*QEMU* | *KVM* | *OpenStack* | *"Google Compute Engine"* | *"Amazon EC2"* | *Proxmox*) echo kvm ;;
	*VMware*) echo vmware ;;
	*VirtualBox* | *innotek*) echo virtualbox ;;
	*Xen*) echo xen ;;
	*) echo unknown ;;
	esac
}

# emulated_cpu: QEMU's models have its name, unless they are told to be another's
emulated_cpu() { grep -qs '^model name.*QEMU' "$root/proc/cpuinfo"; }

# guest_by_cpu: by the CPU's word, which a program asks for us
guest_by_cpu() {
	virt=
	! have systemd-detect-virt || virt=$(systemd-detect-virt --vm 2>/dev/null || :)
	[ -n "$virt" ] || ! have lscpu ||
		virt=$(lscpu 2>/dev/null | sed -n 's/^Hypervisor vendor: *//p' | tr '[:upper:]' '[:lower:]')
	case $virt in
	kvm | amazon | google) echo kvm ;;
	microsoft) echo hyperv ;;
	# systemd's word where firmware is QEMU's and the CPU names no hypervisor: only one that is
	# emulated calls itself so as well.
	qemu) if emulated_cpu; then echo emulated; else echo hidden; fi ;;
	oracle) echo virtualbox ;;
	vmware | xen) echo "$virt" ;;
	# It has looked at the firmware's words as well.
	none) cpu_flag hypervisor || echo none ;;
	esac
}

# find_guest: kvm, hyperv, none, hidden, or one that is not for us. The surest word first: the
# module's own, the kernel's, the CPU's, the firmware's.
find_guest() {
	guest=$(get /sys/devices/vmclock/hypervisor)
	[ -n "$guest" ] || ! wsl || guest=hyperv
	[ -n "$guest" ] || case " $available " in
	*\ kvm-clock\ *) guest=kvm ;;
	*\ hyperv_clocksource*) guest=hyperv ;;
	esac
	[ -n "$guest" ] || guest=$(guest_by_cpu)
	[ -n "$guest" ] || ! has /sys/hypervisor/type || guest=$(get /sys/hypervisor/type)
	[ -n "$guest" ] || ! cpu_flag hypervisor || guest=$(guest_by_vendor)
	[ -n "$guest" ] || case $(guest_by_vendor) in
	kvm | hyperv) guest=hidden ;;
	*) guest=none ;;
	esac
}

# wsl: Windows' own kernel for Linux
wsl() { case $kernel in *icrosoft*) ;; *) false ;; esac; }

find_guest

# ours: a guest that the module is for
ours() { one_of "$guest" kvm hyperv; }

check_machine() {
	show guest "$guest, Linux $kernel"
	fact guest "$guest"
	fact kernel "$kernel"
	machine=$(uname -m)
	[ "$machine" != x86_64 ] || return 0
	stop
	problem broken not-x86-64 guest "this is a machine of $machine" \
		"the clocks that the module reads are x86-64's" \
		"on arm64 the kernel's own ptp_kvm has a host's time; or chronyd on NTP"
}

check_guest() {
	case $guest in
	kvm | hyperv) ;;
	none)
		problem broken no-guest guest "this is no guest" \
			"no hypervisor shows itself: real hardware" \
			"nothing: there is no host whose clock could be had, and chronyd on NTP is right here"
		;;
	hidden)
		problem broken hidden-hypervisor host \
			"a virtual machine (${vendor% }) that is made to look like hardware" \
			"the host hides the hypervisor from the guest" \
			"QEMU: -cpu without hypervisor=off and kvm=off; libvirt: <kvm><hidden state='off'/></kvm>, and no <feature policy='disable' name='hypervisor'/>; Proxmox: cpu without hidden=1"
		;;
	emulated)
		problem broken emulated host "this guest is emulated: QEMU without KVM" \
			"its host has no /dev/kvm, or it is not used" \
			"QEMU: -accel kvm; libvirt: <domain type='kvm'>; on the host: ls -l /dev/kvm"
		;;
	*)
		problem broken other-hypervisor guest "a guest of $guest, not of KVM or Hyper-V" \
			"this module speaks to KVM and to Hyper-V only" \
			"use that hypervisor's own time service, or chronyd on NTP"
		;;
	esac
}

# container: not by /.dockerenv, which virtual machines made from such images have, too. The first
# namespace of processes has this number in each kernel, PROC_PID_INIT_INO in include/linux/proc_ns.h.
container() {
	has /run/systemd/container || has /run/.containerenv ||
		case $(target /proc/self/ns/pid) in '' | 'pid:[4026531836]') false ;; esac
}

check_container() {
	# WSL2's are, to its systemd and to its kernel, and as much of a machine as there is.
	if ! wsl && container; then
		stop
		problem broken container guest "this is a container" \
			"its clock is that of the machine which it runs on, and nothing of the kernel's can be seen from in here" \
			"run vmclock-status on that machine"
	fi
}

check_kvmclock() {
	[ "$guest" = kvm ] && ! has /sys/devices/vmclock || return 0
	case " $available " in *\ kvm-clock\ *) return 0 ;; esac
	case " $cmdline " in
	*\ no-kvmclock\ *)
		problem broken no-kvmclock guest "there is no kvm-clock, which the host's time is told by" \
			"no-kvmclock on the kernel's command line" \
			"$(off_command_line no-kvmclock)"
		;;
	*)
		problem broken no-kvmclock host "there is no kvm-clock, which the host's time is told by" \
			"the host does not offer it" \
			"QEMU: -cpu without kvmclock=off; libvirt: no <timer name='kvmclock' present='no'/> in <clock>"
		;;
	esac
}

check_vmbus() {
	[ "$guest" = hyperv ] && ! wsl || return 0
	[ -z "$(ls "$root/sys/bus/vmbus/devices" 2>/dev/null)" ] || return 0
	problem broken no-vmbus host "Hyper-V's interface without VMBus, by which its hosts tell the time" \
		"KVM in Hyper-V's disguise: its own signature is hidden" \
		"QEMU: without kvm=off; libvirt: without <hidden state='on'/>; Proxmox: without hidden=1"
}

check_confidential() {
	cpu_flag tdx_guest || has /dev/sev-guest || has /sys/devices/platform/sev-guest || return 0
	! has /sys/devices/vmclock || return 0
	problem broken confidential guest "a confidential guest" \
		"it is made not to trust its host, for the time neither, and so the module stays off" \
		"if you trust it all the same: echo 'options vmclock allow_confidential=1' | sudo tee /etc/modprobe.d/vmclock.conf; and when it is installed: sudo modprobe vmclock"
}

check_clocksource() {
	current=$(get $clocksource/current_clocksource)
	fact clocksource "$current"
	width_ns=$(number_in /sys/devices/vmclock/crosststamp_width_ns)
	case $current in
	kvm-clock | tsc | hyperv_clocksource_tsc_page)
		show clocksource "$current, cross-timestamps are exact"
		return
		;;
	esac
	ours || { show clocksource "$current"; return; }
	show clocksource "$current, cross-timestamps are $(
		if [ "$width_ns" = 0 ]; then echo "not exact"; else echo "no more exact than $width_ns ns"; fi
	)"
	# As the kernel itself prefers them.
	better=
	for each in $(! cpu_flag nonstop_tsc || echo tsc) kvm-clock hyperv_clocksource_tsc_page tsc; do
		case " $available " in *" $each "*) better=${better:-$each} ;; esac
	done
	case " $cmdline " in
	*\ clocksource=*)
		problem degraded clocksource guest "the clocksource is $current" \
			"clocksource= on the kernel's command line" \
			"$(off_command_line clocksource)"
		;;
	*)
		if [ -n "$better" ]; then
			problem degraded clocksource guest "the clocksource is $current" \
				"somebody selected it, or the kernel found $better unstable (sudo dmesg | grep -i clocksource)" \
				"echo $better | sudo tee $clocksource/current_clocksource"
		elif [ "$guest" = hyperv ]; then
			problem degraded clocksource host "the clocksource is $current" \
				"the host gives this guest no steady TSC, and no reference TSC page" \
				"Hyper-V, Azure: a host whose processors have an invariant TSC; QEMU: hv-time among the flags of -cpu"
		else
			problem degraded clocksource host "the clocksource is $current" \
				"the host gives this guest no steady TSC" \
				"QEMU: -cpu host,+invtsc; libvirt: <feature policy='require' name='invtsc'/>; Proxmox: qm set VMID --args '-cpu host,+invtsc'"
		fi
		;;
	esac
}
