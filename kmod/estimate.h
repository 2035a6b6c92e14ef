/* SPDX-License-Identifier: GPL-2.0-only */
/* The estimate: what several samples together say of the epoch. */
#ifndef VMCLOCK_ESTIMATE_H
#define VMCLOCK_ESTIMATE_H

#include <linux/types.h>

/*
 * At a sample every 5 s the fewest that a line rests on, when there are as many, are the last
 * 160 s, and the most the last eleven minutes.
 */
#define VMCLOCK_ESTIMATE_SAMPLES_MIN	32
#define VMCLOCK_ESTIMATE_SAMPLES	128
#define VMCLOCK_ESTIMATE_PAIRS		\
	(VMCLOCK_ESTIMATE_SAMPLES_MIN * (VMCLOCK_ESTIMATE_SAMPLES_MIN - 1) / 2)

/**
 * struct vmclock_sample - host UTC at an instant of the reference clock
 * @ref_ns: the instant, ns of reference time
 * @epoch_ns: host UTC minus @ref_ns, ns since 1970
 * @by_arrival: the instant is that of the sample's arrival; it was taken before, nobody
 *	knows when
 */
struct vmclock_sample {
	u64 ref_ns;
	s64 epoch_ns;
	bool by_arrival;
};

/**
 * struct vmclock_line - the epoch as a function of reference time
 * @ref_ns: reference time of the newest sample
 * @epoch_ns: the epoch then, ns since 1970
 * @rate: its growth, see struct vmclock_epoch
 * @trusted_ns: that growth is believed for so long after @ref_ns
 * @residual_ns: half of the samples are no further off the line than this
 * @samples: so many it rests on
 */
struct vmclock_line {
	u64 ref_ns;
	s64 epoch_ns;
	s64 rate;
	u64 trusted_ns;
	u64 residual_ns;
	unsigned int samples;
};

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
	s64 scratch[VMCLOCK_ESTIMATE_PAIRS];
};

void vmclock_estimate_reset(struct vmclock_estimate *est);
int vmclock_estimate_add(struct vmclock_estimate *est, const struct vmclock_sample *sample,
			 struct vmclock_line *line);
s64 vmclock_line_residual_ns(const struct vmclock_line *line, const struct vmclock_sample *sample);

#endif /* VMCLOCK_ESTIMATE_H */
