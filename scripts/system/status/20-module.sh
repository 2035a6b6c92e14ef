# SPDX-License-Identifier: GPL-2.0-only
# Sourced by vmclock-status: the modules, from their source to the one that is loaded.
# shellcheck shell=sh
: "${root?}" "${kernel:?}" "${cmdline?}" "${guest?}"

# module_file NAME [KERNEL]: where modprobe finds it, or nothing
module_file() {
	sed -n "s,^\([^:]*/$1\.ko[^:/]*\):.*,\1,p" \
		"$root/lib/modules/${2:-$kernel}/modules.dep" 2>/dev/null | sed -n 1p
}

loaded() { has "/sys/module/$1"; }

# source_version: of the newest that is installed for DKMS
source_version() {
	for each in "$root"/usr/src/vmclock-*/dkms.conf; do
		sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$each" 2>/dev/null
	done | sort -t. -n -k1,1 -k2,2 -k3,3 | tail -n 1
}

# newest_kernels: the packages that bring kernels, each with its newest headers. Those of one kernel are
# called after it.
newest_kernels() {
	dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'linux-image-*' 2>/dev/null |
		sed -n 's/^installed linux-image-//p' |
		while read -r each; do
			has "/lib/modules/$each" || has "/boot/vmlinuz-$each" ||
				echo "linux-image-$each linux-headers-$each"
		done | tr '\n' ' '
}

# install_headers KERNEL: the command. Of one that has been superseded there may be none any more.
install_headers() {
	have apt-get || {
		packages '' "kernel-devel-$1" "kernel-default-devel" "linux-headers # or those of the flavour that you boot"
		return
	}
	newest=$(newest_kernels)
	if [ -n "$newest" ]; then
		newest="sudo apt-get install ${newest% } && sudo reboot"
	else
		newest="install a newer kernel with its headers, and reboot"
	fi
	echo "sudo apt-get update && sudo apt-get install linux-headers-$1; if there is no such package any more: $newest"
}

secure_boot() {
	efivar=$root/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
	[ "$(od -An -tu1 -j4 -N1 "$efivar" 2>/dev/null | tr -d ' ')" = 1 ]
}

# signatures_wanted: the kernel loads nothing that is not signed with a key it knows
signatures_wanted() {
	[ "$(get /sys/module/module/parameters/sig_enforce)" = Y ] && return 0
	case $(get /sys/kernel/security/lockdown) in
	*'[integrity]'* | *'[confidentiality]'*) ;;
	*) secure_boot && ! has /sys/kernel/security/lockdown ;;
	esac
}

# dkms_key: the certificate that DKMS signs with
dkms_key() {
	key=$(cat "$root"/etc/dkms/framework.conf "$root"/etc/dkms/framework.conf.d/*.conf 2>/dev/null |
		sed -n 's/^ *mok_certificate=["'\'']*\([^"'\'']*\).*/\1/p' | tail -n 1)
	for each in "$key" /var/lib/dkms/mok.pub /var/lib/shim-signed/mok/MOK.der; do
		[ -z "$each" ] || ! has "$each" || { echo "$each"; return; }
	done
	echo "${key:-/var/lib/dkms/mok.pub}"
}

# dkms_signs: with a key that it makes. Before 3.0 only Ubuntu's did, with one of shim's.
dkms_signs() {
	case $(dkms --version 2>/dev/null) in
	dkms-[12].* | dkms:\ [12].*) has /var/lib/shim-signed/mok ;;
	esac
}

# kernel_config NAME: whether this kernel was built with it; true where nobody can tell
kernel_config() {
	[ -r "$root/boot/config-$kernel" ] || return 0
	grep -q "^CONFIG_$1=[ym]" "$root/boot/config-$kernel"
}

# last_word: the module's last refusal in the kernel's log, where this user may read that, and where it
# has not been loaded since, to be unloaded by hand
last_word() {
	dmesg 2>/dev/null | sed -n 's/.*] vmclock: //p' |
		awk '/^the host.s clock is |^Hyper-V: the clock will / { word = "" }
			/^no guest | without |, but this kernel|^confidential guest|^the host tells no time|^cannot register|must be / {
				word = $0
			}
			END { printf "%s", word }'
}

# forbidden MODULE: the file that forbids to load it
forbidden() {
	case " $cmdline " in
	*blacklist=*[=,]"$1"[\ ,]* | *blacklist="$1"[\ ,]*)
		echo "the kernel's command line"
		return
		;;
	esac
	for each in "$root"/etc/modprobe.d/*.conf "$root"/run/modprobe.d/*.conf \
		"$root"/usr/local/lib/modprobe.d/*.conf "$root"/usr/lib/modprobe.d/*.conf; do
		! grep -qsE "^[[:space:]]*(blacklist[[:space:]]+$1[[:space:]]*$|install[[:space:]]+$1[[:space:]]+(/usr)?/bin/(true|false))" "$each" ||
			{ echo "${each#"$root"}"; return; }
	done
}

# why_not_built: the module is not there for this kernel
why_not_built() {
	version=$(source_version)
	log=/var/lib/dkms/vmclock/$version/build/make.log
	what="vmclock is not installed for the running kernel, $kernel"
	if wsl; then
		problem broken wsl-kernel guest "$what" \
			"WSL2's own kernel has no package of headers to build it with" \
			"build that kernel from its source with this module, see WSL2 in README.md"
	elif ! kernel_new_enough; then
		problem broken kernel-too-old guest "$what" "it is for kernels from 5.10 on" \
			"upgrade to a newer kernel"
	elif ! kernel_config PTP_1588_CLOCK; then
		problem broken kernel-without-ptp guest "$what" \
			"this kernel was built without PTP clocks (CONFIG_PTP_1588_CLOCK)" \
			"boot a kernel that has them: $(packages linux-image-amd64 kernel-core kernel-default linux)"
	elif [ -z "$version" ]; then
		problem broken not-installed guest "$what" "it has not been installed at all" \
			"$(install_ours)"
	elif ! have dkms; then
		problem broken no-dkms guest "$what" \
			"there is no dkms, which builds it for each kernel" \
			"$(packages dkms) && sudo dkms install -m vmclock -v $version"
	elif ! has "/lib/modules/$kernel/build/include"; then
		problem broken no-headers guest "$what" \
			"DKMS builds it from the kernel's headers, and they are not installed" \
			"$(install_headers "$kernel")"
	elif ! has "/var/lib/dkms/vmclock/$version"; then
		problem broken not-in-dkms guest "$what" \
			"DKMS does not know of it: it forgets what was removed with the last kernel that had it" \
			"sudo dkms install -m vmclock -v $version"
	elif has "$log"; then
		problem broken build-failed guest "$what" \
			"DKMS could not build it: $(grep -m 1 -iE 'error|\*\*\*' "$root$log" || echo "see $log")" \
			"less $log, and after mending: sudo dkms install -m vmclock -v $version"
	else
		problem broken not-built guest "$what" \
			"it was not built when this kernel or its headers were installed" \
			"sudo dkms install -m vmclock -v $version"
	fi
}

kernel_new_enough() {
	major=${kernel%%.*} minor=${kernel#*.}
	minor=${minor%%[!0-9]*}
	[ "$major" -gt 5 ] || { [ "$major" = 5 ] && [ "$minor" -ge 10 ]; }
}

# why_not_loaded: it is there
why_not_loaded() {
	what="vmclock is installed and not loaded"
	word=$(last_word)
	by=$(forbidden vmclock)
	if [ -n "$by" ]; then
		case $by in
		/*) do="take vmclock out of $by, then: sudo modprobe vmclock" ;;
		*) do=$(off_command_line "$(printf '%s\n' "$cmdline" | tr ' ' '\n' | grep 'blacklist=.*vmclock')") ;;
		esac
		problem broken blacklisted guest "$what" "$by forbids it" "$do"
	elif [ -n "$word" ]; then
		problem broken refused host "$what" "it refused: $word" \
			"as that says; then in the guest: sudo modprobe vmclock"
	elif signatures_wanted && [ -z "$(modinfo -F signer vmclock 2>/dev/null)" ]; then
		version=$(source_version)
		again="sudo dkms remove -m vmclock -v $version -k $kernel; sudo dkms install -m vmclock -v $version -k $kernel"
		if dkms_signs; then
			problem broken unsigned guest "$what" \
				"Secure Boot is on, and the module is not signed: DKMS makes its key with openssl" \
				"$(packages openssl); $again"
		else
			problem broken unsigned guest "$what" \
				"Secure Boot is on, and the module is not signed: DKMS before 3.0 makes no key" \
				"install DKMS 3.0 or newer, or name a program of yours that signs as sign_tool= in /etc/dkms/framework.conf; then: $again"
		fi
	elif signatures_wanted && ! mokutil --test-key "$root$(dkms_key)" 2>/dev/null | grep -q 'already enrolled'; then
		problem broken secure-boot guest "$what" \
			"Secure Boot is on, and the key that DKMS signed it with is not enrolled" \
			"$(have mokutil || echo "$(packages mokutil); ")sudo mokutil --import $(dkms_key); it asks for a password to choose. Then reboot, and confirm it there"
	else
		problem broken not-loaded guest "$what" \
			"it has not been loaded since it was installed, was unloaded, or refused" \
			"sudo modprobe vmclock; if that refuses: sudo dmesg | grep vmclock"
	fi
}

check_module() {
	file=$(module_file vmclock)
	if loaded vmclock; then
		version=$(get /sys/module/vmclock/version)
		fact module_loaded "$version"
		show module "vmclock $version is loaded"
	else
		show module "vmclock is not loaded"
		ours || return 0
		found hidden-hypervisor no-kvmclock no-vmbus container ||
			if [ -z "$file" ]; then why_not_built; else found confidential || why_not_loaded; fi
	fi
}

check_module_is_the_installed() {
	loaded vmclock || return 0
	if [ -z "$(module_file vmclock)" ]; then
		problem degraded not-kept guest "vmclock is loaded, and not installed for this kernel" \
			"it was loaded by hand, and will not be there after a reboot" \
			"$(install_ours)"
		return
	fi
	of_file=$(modinfo -F srcversion vmclock 2>/dev/null || :)
	[ -n "$of_file" ] && [ "$of_file" != "$(get /sys/module/vmclock/srcversion)" ] || return 0
	problem degraded module-outdated guest "the vmclock that is loaded is not the one installed" \
		"it has been upgraded since it was loaded" \
		"sudo modprobe -r vmclock_timesync; sudo modprobe -r vmclock && sudo modprobe vmclock, or reboot; chronyd is seen to"
}

check_signature() {
	[ -n "$(module_file vmclock)" ] || return 0
	if secure_boot; then state=on; else state=off; fi
	signer=$(modinfo -F signer vmclock 2>/dev/null || :)
	fact secure_boot $state
	fact signer "$signer"
	show "secure boot" "$state, module signed by ${signer:-nobody}"
}

# newer KERNEL KERNEL: the first, than the second
newer() {
	awk -v a="$1" -v b="$2" 'BEGIN {
		n = split(a, x, /[^0-9]+/)
		split(b, y, /[^0-9]+/)
		for (i = 1; i <= n; i++)
			if (x[i] + 0 != y[i] + 0)
				exit !(x[i] + 0 > y[i] + 0)
		exit 1
	}'
}

# next_kernel: where nobody says so, the newest
next_kernel() {
	next=$(target /vmlinuz)
	[ -n "$next" ] || next=$(target /boot/vmlinuz)
	next=${next#vmlinuz-}
	[ -z "$next" ] || { echo "$next"; return; }
	next=$kernel
	for each in "$root"/lib/modules/*/modules.order; do
		each=${each%/modules.order} each=${each##*/}
		! newer "$each" "$next" || next=$each
	done
	echo "$next"
}

# The next boot may be into another kernel than this one.
check_other_kernels() {
	ours || return 0
	[ -n "$(source_version)" ] || return 0
	next=$(next_kernel)
	without=
	for each in "$root"/lib/modules/*/modules.order; do
		each=${each%/modules.order} each=${each##*/}
		[ "$each" != '*' ] && [ "$each" != "$kernel" ] || continue
		[ -n "$(module_file vmclock "$each")" ] || without="$without $each"
	done
	for each in $without; do
		if has "/lib/modules/$each/build/include"; then
			why="it has its headers, and was not built for"
			do="sudo dkms install -m vmclock -v $(source_version) -k $each"
		else
			why="its headers are not installed"
			do=$(install_headers "$each")
		fi
		if [ "$next" = "$each" ]; then
			problem degraded next-kernel guest \
				"the kernel of the next boot, $each, has no vmclock" \
				"$why" "$do"
		else
			problem note other-kernel guest "an installed kernel, $each, has no vmclock" "$why" "$do"
		fi
	done
}
