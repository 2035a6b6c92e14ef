// SPDX-License-Identifier: GPL-2.0-only
/*
 * truth-host: the host's own pair, "UTC-NS HOST-TSC", by KVM_GET_CLOCK.
 * truth-host UTC-NS HOST-TSC OFFSET TSC NS...: judges what truth-guest told. The first pair
 * is from before, a second one is taken now, and nobody steers the host's clock: UTC at
 * any TSC value between follows from the two. OFFSET is the guest's TSC minus the host's.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "phc.h"

#define MEMORY 0x1000

struct pair {
	long long utc_ns;
	unsigned long long tsc;
};

/* A virtual machine that has run one instruction, for KVM to have a clock for it. */
static int small_vm(void)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY };
	int kvm = open("/dev/kvm", O_RDWR), vm, vcpu;
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_sregs sregs;
	uint8_t *memory;

	if (kvm < 0)
		err(1, "/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vm < 0 || memory == MAP_FAILED)
		err(1, "KVM_CREATE_VM");
	memory[0] = 0xf4; /* hlt */
	region.userspace_addr = (uintptr_t)memory;
	vcpu = ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) ? -1 :
	       ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0 || ioctl(vcpu, KVM_GET_SREGS, &sregs))
		err(1, "KVM_CREATE_VCPU");
	sregs.cs.base = sregs.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs) ||
	    ioctl(vcpu, KVM_RUN, 0))
		err(1, "KVM_RUN");
	return vm;
}

static struct pair host_pair(void)
{
	const unsigned int want = KVM_CLOCK_REALTIME | KVM_CLOCK_HOST_TSC;
	struct kvm_clock_data data = { };

	if (ioctl(small_vm(), KVM_GET_CLOCK, &data))
		err(1, "KVM_GET_CLOCK");
	if ((data.flags & want) != want)
		errx(1, "KVM_GET_CLOCK gives no pair (flags %x)", data.flags);
	return (struct pair){ data.realtime, data.host_tsc };
}

int main(int argc, char **argv)
{
	struct pair now = host_pair(), first;
	long long offset, error, low = 0, high = 0;
	unsigned long long tsc;
	int i;

	if (argc == 1) {
		printf("%lld %llu\n", now.utc_ns, now.tsc);
		return 0;
	}
	if (argc < 6 || argc % 2)
		errx(2, "usage: truth-host UTC-NS HOST-TSC OFFSET TSC NS...");
	first.utc_ns = atoll(argv[1]);
	first.tsc = strtoull(argv[2], NULL, 10);
	offset = atoll(argv[3]);
	for (i = 4; i < argc; i += 2) {
		tsc = strtoull(argv[i], NULL, 10) - offset;
		if (tsc < first.tsc || tsc > now.tsc)
			errx(1, "TSC %llu is not between %llu and %llu", tsc, first.tsc, now.tsc);
		error = atoll(argv[i + 1]) - first.utc_ns -
			(long long)((__int128)(now.utc_ns - first.utc_ns) *
				    (long long)(tsc - first.tsc) / (long long)(now.tsc - first.tsc));
		if (i == 4)
			low = high = error;
		low = error < low ? error : low;
		high = error > high ? error : high;
	}
	printf("judged=%d low_ns=%lld high_ns=%lld\n", (argc - 4) / 2, low, high);
	return 0;
}
