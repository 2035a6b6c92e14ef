# SPDX-License-Identifier: GPL-2.0-only
# What a person can do here; Kbuild says what the module is made of.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local

all: headers ## build vmclock.ko for the running kernel, or for KDIR=/lib/modules/RELEASE/build
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

clean: headers ## remove what a build left
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

headers:
	@test -e $(KDIR)/Makefile || { \
		echo "no kernel headers in $(KDIR): install them (on Debian: apt-get install" \
		"linux-headers-$$(uname -r)), or name others with KDIR=/lib/modules/RELEASE/build" >&2; \
		exit 2; }

install: ## modules by DKMS, udev, systemd, chrony, vmclock-status; PREFIX=, DESTDIR=
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" scripts/system/install

uninstall: ## what install has put here
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" scripts/system/uninstall

deb: ## vmclock-dkms as a Debian package, here
	@scripts/deb

check: ## the gate: lint, unit tests, the package and the doctor, a boot of a guest of each host
	@scripts/check

check-install: ## a whole Debian with this installed, booted as a guest, takes hours; TEST="name ...", HOST=hyperv
	@HOST="$(HOST)" scripts/check-install/run $(TEST)

demo: ## a real KVM guest, chrony locked to its host, ptp_kvm beside it
	@scripts/lab/run demo

demo-hyperv: ## the same in a guest of Hyper-V's interface, ptp_hyperv beside it
	@HOST=hyperv scripts/lab/run demo

lint: ## builds without a warning, checkpatch, shellcheck, and what the gate has no time for
	@for lint in scripts/lint/* scripts/lint-slow/*; do echo "== $$lint"; $$lint || exit 1; done

kunit: ## unit tests in a small kernel; DEBUG=1: with KASAN, UBSAN and lockdep; SEED=N
	@SEED=$(SEED) scripts/kunit/run $(if $(DEBUG),debug)

kunit-kcsan: ## the same in one with KCSAN, which looks for data races
	@scripts/kunit/run kcsan

coverage: ## the same in one with gcov: lines and branches of kmod/ that they reach
	@scripts/kunit/run coverage

fuzz: ## what hosts send and write, by libFuzzer; SECONDS=60 for each target, TARGET="name ..."
	@SECONDS_EACH=$(SECONDS) INPUT=$(INPUT) scripts/fuzz/run $(TARGET)

lab: ## all scenarios in a nested guest; HOST=hyperv, TEST="name ...", KERNEL=6.12
	@HOST=$(HOST) KERNEL=$(KERNEL) scripts/lab/run $(TEST)

shell: ## a prompt in a nested guest with the module loaded; HOST=hyperv, KERNEL=6.12
	@HOST=$(HOST) KERNEL=$(KERNEL) scripts/lab/run --shell

matrix: ## both modules on every kernel of the lab, on both hosts, as one table; KERNELS="5.10 ..."
	@scripts/matrix/run $(KERNELS)

probe: ## what kmod/compat finds in the headers of every kernel of the lab; KERNELS="5.10 ..."
	@scripts/matrix/probes $(KERNELS)

new-test: ## a scenario to fill in; NAME=what-it-shows
	@scripts/lab/new-test $(NAME)

faults: ## puts faults into the module, shows that each is caught; FAULTS="name ..."
	@scripts/faults/run $(FAULTS)

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

.PHONY: all clean headers install uninstall deb check check-install demo demo-hyperv lint kunit kunit-kcsan coverage fuzz lab shell matrix probe new-test faults help
