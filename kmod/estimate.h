/* SPDX-License-Identifier: GPL-2.0-only */
/* The estimate: what several samples together say of the epoch. */
#ifndef VMCLOCK_ESTIMATE_H
#define VMCLOCK_ESTIMATE_H

#include <linux/types.h>

#include "line.h"

/*
 * At a sample every 5 s the fewest that a line rests on, when there are as many, are the last
 * 160 s, and the most the last eleven minutes.
 */
#define VMCLOCK_ESTIMATE_SAMPLES_MIN	32
#define VMCLOCK_ESTIMATE_SAMPLES	128

/**
 * struct vmclock_estimate - the samples, and room to compute in
 * @samples: the oldest first
 * @count: so many there are
 * @burst_ns: reference time of the first of those that the newest one stands for
 * @doubted: a sample that came in too late, or was first of a host that stepped back
 * @has_doubted: there is one
 * @scratch: for medians
 */
struct vmclock_estimate {
	struct vmclock_sample samples[VMCLOCK_ESTIMATE_SAMPLES];
	unsigned int count;
	u64 burst_ns;
	struct vmclock_sample doubted;
	bool has_doubted;
	s64 scratch[VMCLOCK_LINE_SCRATCH];
};

void vmclock_estimate_reset(struct vmclock_estimate *est);
int vmclock_estimate_add(struct vmclock_estimate *est, const struct vmclock_sample *sample,
			 struct vmclock_line *line);

#endif /* VMCLOCK_ESTIMATE_H */
