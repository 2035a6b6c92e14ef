// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pvclock page (KVM): reference time, in ns, from a TSC value.
 *
 * The ABI is Documentation/virt/kvm/x86/msr.rst (MSR_KVM_SYSTEM_TIME_NEW) and
 * asm/pvclock-abi.h. The kernel's own readers trust the host to finish what it began
 * and to write sane numbers; these do not.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/pvclock-abi.h>
#include <asm/tsc.h>

#include "page.h"

/*
 * A host updates a vCPU's page while that vCPU does not run, so a guest that reads its
 * own finds it settled at the first try, or at the second when it was stopped in
 * between. A thousand tries (some tens of microseconds) are not a matter of patience
 * any more.
 */
#define COPY_TRIES	1000

/*
 * tsc_shift brings the TSC's rate into [0.5, 1) of 2^32 per ns: 1 to -2 for the rates in
 * use. Beyond 31 either way (a TSC of half a hertz, or of 10^18) it is no rate, and
 * would shift the product out of 128 bits.
 */
#define SHIFT_LIMIT	31

/*
 * A consistent copy of the page, and a TSC value from while it was in force: read
 * after the copy, it could be from the other side of a pause.
 */
static int pvclock_copy(const struct pvclock_vcpu_time_info *src,
			struct vmclock_page *page, u64 *tsc)
{
	unsigned int tries;

	for (tries = 0; tries < COPY_TRIES; tries++) {
		page->version = READ_ONCE(src->version);
		/* The host makes the version even after the data: read it first. */
		virt_rmb();
		page->tsc_base = READ_ONCE(src->tsc_timestamp);
		page->ref_base = READ_ONCE(src->system_time);
		page->scale = READ_ONCE(src->tsc_to_system_mul);
		page->shift = READ_ONCE(src->tsc_shift);
		page->stable = READ_ONCE(src->flags) & PVCLOCK_TSC_STABLE_BIT;
		*tsc = rdtsc_ordered();
		/* The host makes the version odd before the data: read it again last. */
		virt_rmb();
		if (!(page->version & 1) &&
		    page->version == READ_ONCE(src->version))
			return 0;
		cpu_relax();
	}
	return -ETIMEDOUT;
}

/**
 * vmclock_pvclock_read() - the reference clock now
 * @src: page shared with the host, of the CPU we run on
 * @now: the instant; in its page @ref_base is in ns, @scale in 2^-32 ns per tick that
 *	@shift has been applied to
 *
 * Context: does not migrate to another CPU. No VM exit.
 *
 * Return: 0; -ETIMEDOUT if the host leaves the page in mid-update; -ENODATA if it has
 * never filled it; -ERANGE if what it holds can be no clock; any error of
 * vmclock_pvclock_ref().
 */
int vmclock_pvclock_read(const struct pvclock_vcpu_time_info *src,
			 struct vmclock_instant *now)
{
	int ret = pvclock_copy(src, &now->page, &now->tsc);

	if (ret)
		return ret;
	if (!now->page.scale)
		return -ENODATA;
	if (now->page.shift < -SHIFT_LIMIT || now->page.shift > SHIFT_LIMIT)
		return -ERANGE;
	return vmclock_pvclock_ref(now);
}

/**
 * vmclock_pvclock_ref() - reference time at a TSC value
 * @at: its page as vmclock_pvclock_read() copied it, and a TSC value of the CPU whose page it
 *	is; then reference time at that, 0 to S64_MAX ns
 *
 * The ns are the same to the bit as kvm-clock's, bits lost to a negative shift included, so
 * that they can be held against that clocksource's counter. The product takes up to
 * 64 + 31 + 32 bits.
 *
 * Return: 0; -EAGAIN if the TSC value is older than the page, which a fresh one will not
 * be; -ERANGE if the result does not fit.
 */
int vmclock_pvclock_ref(struct vmclock_instant *at)
{
	unsigned __int128 ref;
	const struct vmclock_page *page = &at->page;

	if (at->tsc < page->tsc_base)
		return -EAGAIN;

	ref = at->tsc - page->tsc_base;
	if (page->shift < 0)
		ref >>= -page->shift;
	else
		ref <<= page->shift;
	ref *= page->scale;
	at->ref_frac = ref;
	ref = (ref >> 32) + page->ref_base;
	if (ref > S64_MAX)
		return -ERANGE;

	at->ref_ns = ref;
	return 0;
}
