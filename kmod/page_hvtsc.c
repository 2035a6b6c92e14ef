// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference TSC page (Hyper-V): reference time, in ns, from a TSC value.
 *
 * The page tells it in units of 100 ns, with a fraction that others drop. One page serves
 * all CPUs, for the host keeps their TSCs together.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "page.h"

/*
 * The host writes the page at a pause, a restore, a migration. A thousand tries (some tens
 * of microseconds) are not a matter of patience any more.
 */
#define COPY_TRIES	1000

/* Unit of the page, in ns. */
#define UNIT_NS		100

/*
 * A consistent copy of the page, and a TSC value from while it was in force: read
 * after the copy, it could be from the other side of a pause.
 */
static int hvtsc_copy(const struct vmclock_hvtsc *src, struct vmclock_page *page, u64 *tsc)
{
	unsigned int tries;

	*page = (struct vmclock_page){};
	for (tries = 0; tries < COPY_TRIES; tries++) {
		page->version = READ_ONCE(src->sequence);
		if (!page->version)
			return -ENODATA;
		/* The host sets the sequence to 0 before the data: read it first. */
		virt_rmb();
		page->scale = READ_ONCE(src->scale);
		page->ref_base = READ_ONCE(src->offset);
		*tsc = rdtsc_ordered();
		/* The host makes the sequence anew after the data: read it again last. */
		virt_rmb();
		if (page->version == READ_ONCE(src->sequence))
			return 0;
		cpu_relax();
	}
	return -ETIMEDOUT;
}

/**
 * vmclock_hvtsc_read() - the reference clock now
 * @src: page shared with the host
 * @now: the instant; in its page @ref_base is reference time at TSC 0, signed, in 100 ns,
 *	@scale as in the source
 *
 * Context: any. No VM exit.
 *
 * Return: 0; -ENODATA if the host tells to use its reference counter instead; -ETIMEDOUT
 * if the page does not settle; -ERANGE if what it holds can be no clock; any error of
 * vmclock_hvtsc_ref().
 */
int vmclock_hvtsc_read(const struct vmclock_hvtsc *src, struct vmclock_instant *now)
{
	int ret = hvtsc_copy(src, &now->page, &now->tsc);

	if (ret)
		return ret;
	if (!now->page.scale)
		return -ERANGE;
	return vmclock_hvtsc_ref(now);
}

/**
 * vmclock_hvtsc_ref() - reference time at a TSC value
 * @at: its page as vmclock_hvtsc_read() copied it, and a TSC value; then reference time at that,
 *	0 to S64_MAX ns
 *
 * The product of TSC and scale has 64 bits of whole units and 64 of a unit's fraction.
 *
 * Return: 0; -ERANGE if the result does not fit, or comes before time zero.
 */
int vmclock_hvtsc_ref(struct vmclock_instant *at)
{
	unsigned __int128 product = (unsigned __int128)at->tsc * at->page.scale;
	unsigned __int128 frac = (unsigned __int128)(u64)product * UNIT_NS;
	__int128 ref;

	ref = ((__int128)(u64)(product >> 64) + (s64)at->page.ref_base) * UNIT_NS;
	ref += frac >> 64;
	if (ref < 0 || ref > S64_MAX)
		return -ERANGE;

	at->ref_ns = ref;
	at->ref_frac = frac >> 32;
	return 0;
}
