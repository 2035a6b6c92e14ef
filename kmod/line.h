/* SPDX-License-Identifier: GPL-2.0-only */
/* The line through some samples: the epoch, and what it grows by. */
#ifndef VMCLOCK_LINE_H
#define VMCLOCK_LINE_H

#include <linux/types.h>

/* Of so many samples every pair tells a rate; of more, no more pairs than these have. */
#define VMCLOCK_LINE_PAIRED	32
#define VMCLOCK_LINE_SCRATCH	(VMCLOCK_LINE_PAIRED * (VMCLOCK_LINE_PAIRED - 1) / 2)

/* Two samples tell no rate from noise. */
#define VMCLOCK_LINE_RATE_MIN	3

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

bool vmclock_sample_came_late(const struct vmclock_sample *older,
			      const struct vmclock_sample *newer);
void vmclock_line_fit(s64 *scratch, const struct vmclock_sample *samples, unsigned int count,
		      struct vmclock_line *line);
s64 vmclock_line_residual_ns(const struct vmclock_line *line, const struct vmclock_sample *sample);

#endif /* VMCLOCK_LINE_H */
