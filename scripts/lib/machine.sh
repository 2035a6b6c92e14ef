# SPDX-License-Identifier: GPL-2.0-only
# Sourced by bash drivers, after cache.sh: emulated machines, one at a time.
# shellcheck shell=bash
: "${cache:?}"

# only_machine: waits until no other emulated machine of this user's runs; ours may
# until this shell ends. Held by descriptor 9, which what is started must not inherit.
only_machine() {
	exec 9>"$cache/.lock/machine"
	flock -n 9 || {
		say "waiting for another emulated machine to end"
		flock 9
	}
}

# ends_with_us COMMAND...: in the background; killed with this shell, however that ends.
ends_with_us() { setpriv --pdeathsig KILL -- "$@" 9>&- & }
