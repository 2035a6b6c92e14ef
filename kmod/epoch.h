/* SPDX-License-Identifier: GPL-2.0-only */
/* The epoch: what to add to reference time to get the host's UTC. */
#ifndef VMCLOCK_EPOCH_H
#define VMCLOCK_EPOCH_H

#include <linux/types.h>

#include "page.h"

/**
 * struct vmclock_epoch - host UTC minus reference time, as samples told it
 * @epoch_ns: host UTC minus reference time at @ref_ns, ns since 1970
 * @frac: what is beyond that, in 2^-32 ns: with it, what is computed is rounded but once
 * @ref_ns: reference time at which that is so, ns
 * @rate: by how much it grows, in 2^-%VMCLOCK_RATE_SHIFT ns per ns; 0 where a sample is
 *	taken for each reading
 * @page: the reference page that it holds for, and no other
 */
struct vmclock_epoch {
	s64 epoch_ns;
	u32 frac;
	u64 ref_ns;
	s64 rate;
	struct vmclock_page page;
};

/*
 * The last binary digit is 9e-13: half a ns after the 10 minutes that a clock may be told
 * without a new sample.
 */
#define VMCLOCK_RATE_SHIFT	40

int vmclock_epoch_from_utc(struct vmclock_epoch *epoch, s64 utc_sec, s64 utc_nsec,
			   const struct vmclock_instant *at);
int vmclock_epoch_from_ref_zero(struct vmclock_epoch *epoch, u32 zero_sec,
				u32 zero_nsec, const struct vmclock_instant *at);
s64 vmclock_epoch_growth_ns(s64 rate, s64 time_ns);
int vmclock_epoch_host_ns(const struct vmclock_epoch *epoch,
			  const struct vmclock_instant *at, s64 *host_ns);
bool vmclock_epoch_covers(const struct vmclock_epoch *epoch,
			  const struct vmclock_instant *now, u64 max_age_ns);

#endif /* VMCLOCK_EPOCH_H */
