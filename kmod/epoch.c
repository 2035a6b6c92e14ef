// SPDX-License-Identifier: GPL-2.0-only
/*
 * The epoch: what to add to reference time to get the host's UTC.
 *
 * Samples in, host time out. Pure arithmetic: no hardware, no lock.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/time64.h>

#include "epoch.h"

/*
 * A host that says it is before 2000 has no time to tell: its clock was never set (and
 * says 1970), or its seconds have run out of 32 bits (in 2106).
 */
#define UTC_SEC_MIN	946684800LL

/* What a system clock can be set to, see linux/time64.h: the year 2232. */
#define UTC_SEC_MAX	TIME_SETTOD_SEC_MAX

/**
 * vmclock_epoch_from_utc() - take a sample: host UTC at an instant of the reference
 * @epoch: the sample
 * @utc_sec: host UTC, s since 1970
 * @utc_nsec: ns of that second, 0 to 999,999,999
 * @at: the same instant on the reference clock
 *
 * Return: 0; -ERANGE if it is no time that a working host tells.
 */
int vmclock_epoch_from_utc(struct vmclock_epoch *epoch, s64 utc_sec, s64 utc_nsec,
			   const struct vmclock_instant *at)
{
	if (utc_sec < UTC_SEC_MIN || utc_sec >= UTC_SEC_MAX || utc_nsec < 0 ||
	    utc_nsec >= NSEC_PER_SEC || at->ref_ns > S64_MAX)
		return -ERANGE;

	*epoch = (struct vmclock_epoch){
		/* Rounded down; the fraction is what that leaves. */
		.epoch_ns = utc_sec * NSEC_PER_SEC + utc_nsec - (s64)at->ref_ns -
			    (at->ref_frac != 0),
		.frac = -at->ref_frac,
		.ref_ns = at->ref_ns,
		.page = at->page,
	};
	return 0;
}

/**
 * vmclock_epoch_from_ref_zero() - take a sample: host UTC when the reference was zero
 * @epoch: the sample
 * @zero_sec: host UTC when the reference clock read zero, s since 1970
 * @zero_nsec: ns of that second, 0 to 999,999,999
 * @at: an instant at which the host said so
 *
 * Return: 0; -ERANGE if it is no time that a working host tells.
 */
int vmclock_epoch_from_ref_zero(struct vmclock_epoch *epoch, u32 zero_sec,
				u32 zero_nsec, const struct vmclock_instant *at)
{
	s64 host_ns;

	if (zero_nsec >= NSEC_PER_SEC)
		return -ERANGE;

	/* 2^32 s are 4.3e18 ns, less than half of what an s64 holds. */
	*epoch = (struct vmclock_epoch){
		.epoch_ns = (s64)zero_sec * NSEC_PER_SEC + zero_nsec,
		.ref_ns = at->ref_ns,
		.page = at->page,
	};
	return vmclock_epoch_host_ns(epoch, at, &host_ns);
}

/**
 * vmclock_epoch_growth_ns() - by how much an epoch grows in a time
 * @rate: see struct vmclock_epoch; less than one either way, as a ratio
 * @time_ns: the time, in ns of reference time; backwards if negative
 */
s64 vmclock_epoch_growth_ns(s64 rate, s64 time_ns)
{
	return (__int128)rate * time_ns >> VMCLOCK_RATE_SHIFT;
}

/**
 * vmclock_epoch_host_ns() - host UTC at a reference time
 * @epoch: sample to compute it from
 * @at: when
 * @host_ns: host UTC, ns since 1970, rounded down
 *
 * Return: 0; -ERANGE if it is no time that a working host tells.
 */
int vmclock_epoch_host_ns(const struct vmclock_epoch *epoch,
			  const struct vmclock_instant *at, s64 *host_ns)
{
	s64 growth_ns, sum_ns;

	if (at->ref_ns > S64_MAX || epoch->ref_ns > S64_MAX)
		return -ERANGE;
	growth_ns = vmclock_epoch_growth_ns(epoch->rate, (s64)at->ref_ns - (s64)epoch->ref_ns);
	/* Of two fractions the sum is less than 2. */
	growth_ns += ((u64)epoch->frac + at->ref_frac) >> 32;
	if (check_add_overflow(epoch->epoch_ns, (s64)at->ref_ns, &sum_ns) ||
	    check_add_overflow(sum_ns, growth_ns, &sum_ns) ||
	    sum_ns < UTC_SEC_MIN * NSEC_PER_SEC ||
	    sum_ns >= UTC_SEC_MAX * NSEC_PER_SEC)
		return -ERANGE;

	*host_ns = sum_ns;
	return 0;
}

/**
 * vmclock_epoch_covers() - may this sample still be used?
 * @epoch: the sample; one that is all zero covers nothing
 * @now: when it would be used
 * @max_age_ns: it must be younger than this, in ns of reference time
 *
 * Reference time stands still while the host holds the guest: by its age alone, a
 * sample from before a pause of a day is young. The page changes then.
 *
 * Return: true if it is young enough and the page has not changed since.
 */
bool vmclock_epoch_covers(const struct vmclock_epoch *epoch,
			  const struct vmclock_instant *now, u64 max_age_ns)
{
	/* Unsigned: a sample from the future counts as old. */
	return vmclock_page_same(&epoch->page, &now->page) &&
	       now->ref_ns - epoch->ref_ns < max_age_ns;
}
