/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A host's reference page, copied: one consistent set of the numbers that turn a TSC
 * value into reference time. One file a page format, page_<format>.c.
 */
#ifndef VMCLOCK_PAGE_H
#define VMCLOCK_PAGE_H

#include <linux/types.h>

struct pvclock_vcpu_time_info;

/**
 * struct vmclock_page - one consistent copy of a host's reference page
 * @tsc_base: TSC value, in ticks, at which the reference clock read @ref_base
 * @ref_base: reference time at @tsc_base, in the page format's own unit
 * @scale: unit per TSC tick, in the page format's fixed point
 * @shift: binary exponent of @scale
 * @version: the host's own count of its updates of this page
 * @stable: pvclock: the numbers are the same for all CPUs, and the host leaves them alone but for
 *	what it does to the guest
 *
 * Only the page format knows what the numbers mean; everybody else compares copies,
 * and only that.
 */
struct vmclock_page {
	u64 tsc_base;
	u64 ref_base;
	u64 scale;
	s32 shift;
	u32 version;
	bool stable;
};

/**
 * struct vmclock_instant - the reference clock at one instant
 * @page: what @ref_ns was computed with
 * @tsc: the instant, in TSC ticks of the CPU that looked
 * @ref_ns: the same instant in reference time, ns, at most S64_MAX
 * @ref_frac: what is beyond @ref_ns, in 2^-32 ns; 0 if that is not known
 */
struct vmclock_instant {
	struct vmclock_page page;
	u64 tsc;
	u64 ref_ns;
	u32 ref_frac;
};

/**
 * vmclock_page_same() - has the host left the page alone between two copies?
 * @a: one copy
 * @b: the other
 *
 * The host rewrites its page when it stops and continues the guest, sets the guest's
 * clock, or moves the guest to another host. What was known of the old contents tells
 * nothing of the new. The version alone would say so, but for a host that starts
 * counting anew; the numbers alone would, but for one that comes back to old ones.
 */
static inline bool vmclock_page_same(const struct vmclock_page *a,
				     const struct vmclock_page *b)
{
	return a->version == b->version && a->tsc_base == b->tsc_base &&
	       a->ref_base == b->ref_base && a->scale == b->scale &&
	       a->shift == b->shift;
}

/**
 * vmclock_page_anew() - has the host done something to the guest between two copies?
 * @a: one copy of a pvclock page, any CPU's
 * @b: the other, of any other's
 *
 * The version is a CPU's own, and goes up from time to time where nothing has happened. Pages
 * that are not stable the host writes all the time: they say nothing of this, but that they were
 * not so before.
 */
static inline bool vmclock_page_anew(const struct vmclock_page *a,
				     const struct vmclock_page *b)
{
	if (!a->stable || !b->stable)
		return a->stable != b->stable;
	return a->tsc_base != b->tsc_base || a->ref_base != b->ref_base ||
	       a->scale != b->scale || a->shift != b->shift;
}

/**
 * struct vmclock_hvtsc - the reference TSC page as a Hyper-V host writes it
 * @sequence: host's count of its updates; 0: the page is not to be used
 * @reserved: so is this
 * @scale: 100 ns per TSC tick, in 2^-64
 * @offset: reference time when the TSC read zero, in 100 ns
 *
 * HV_REFERENCE_TSC_PAGE of the Hypervisor Top Level Functional Specification, 12.7.
 */
struct vmclock_hvtsc {
	u32 sequence;
	u32 reserved;
	u64 scale;
	s64 offset;
};

/**
 * struct vmclock_hvcounter - what was seen of a reference counter, which has no page
 * @tsc: TSC ticks when it was looked at
 * @ref_ns: the counter then, ns
 * @rate: ns per tick, in 2^-32; 0 if it is not known
 * @version: as a page's, which it takes the place of
 * @begun: it has been looked at
 */
struct vmclock_hvcounter {
	u64 tsc;
	u64 ref_ns;
	u64 rate;
	u32 version;
	bool begun;
};

bool vmclock_hvcounter_slow(u32 tsc_khz, u64 ticks);
u32 vmclock_hvcounter_look(struct vmclock_hvcounter *seen, u32 tsc_khz, u64 tsc, u64 ticks,
			   u64 ref_ns);

int vmclock_hvtsc_read(const struct vmclock_hvtsc *src, struct vmclock_instant *now);
int vmclock_hvtsc_ref(struct vmclock_instant *at);

int vmclock_pvclock_read(const struct pvclock_vcpu_time_info *src,
			 struct vmclock_instant *now);
int vmclock_pvclock_ref(struct vmclock_instant *at);

#endif /* VMCLOCK_PAGE_H */
