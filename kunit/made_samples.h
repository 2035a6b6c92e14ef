/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The estimate of a host whose clock is known and whose samples are off as hosts' samples are.
 */
#ifndef VMCLOCK_KUNIT_MADE_SAMPLES_H
#define VMCLOCK_KUNIT_MADE_SAMPLES_H

#include <linux/limits.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <kunit/test.h>

#include "seed.h"

#include "../kmod/epoch.c"
#include "../kmod/line.c"
#include "../kmod/estimate.c"

#define PERIOD_NS	(5 * NSEC_PER_SEC)
#define PPM		((1LL << VMCLOCK_RATE_SHIFT) / 1000000)

/* Any epoch will do: host UTC minus a reference clock that began in 2023. */
#define EPOCH_NS	(1700000000 * NSEC_PER_SEC)

/* The host's clock, the estimate of it, and how it was last told. */
static struct {
	struct vmclock_estimate estimate;
	struct vmclock_line line;
	s64 epoch_ns;		/* at ref_ns */
	u64 ref_ns;
	s64 rate;
} made;

static inline int estimate_test_init(struct kunit *test)
{
	memset(&made, 0, sizeof(made));
	made.ref_ns = 100 * NSEC_PER_SEC;
	made.epoch_ns = EPOCH_NS;
	return 0;
}

static inline void pass_time(u64 time_ns)
{
	made.epoch_ns += vmclock_epoch_growth_ns(made.rate, time_ns);
	made.ref_ns += time_ns;
}

/* So much later the host tells its time, off by so much. */
static inline int tell_after(u64 time_ns, s64 off_ns)
{
	struct vmclock_sample sample;

	pass_time(time_ns);
	sample = (struct vmclock_sample){
		.ref_ns = made.ref_ns, .epoch_ns = made.epoch_ns + off_ns,
	};
	return vmclock_estimate_add(&made.estimate, &sample, &made.line);
}

static inline int tell_off_by(s64 off_ns)
{
	return tell_after(PERIOD_NS, off_ns);
}

/* How far the line is off the truth, so long after its newest sample. */
static inline s64 error_ns(s64 later_ns)
{
	s64 truth_ns = made.epoch_ns + vmclock_epoch_growth_ns(made.rate, later_ns);
	s64 time_ns = made.ref_ns + later_ns - made.line.ref_ns;

	return made.line.epoch_ns + vmclock_epoch_growth_ns(made.line.rate, time_ns) - truth_ns;
}

/* At its samples and until the next. */
static inline void expect_within(struct kunit *test, s64 most_ns)
{
	KUNIT_EXPECT_LE(test, abs(error_ns(0)), most_ns);
	KUNIT_EXPECT_LE(test, abs(error_ns(PERIOD_NS)), most_ns);
}

static inline void tell_exactly(struct kunit *test, int count)
{
	while (count--)
		KUNIT_ASSERT_EQ(test, tell_off_by(0), 0);
}

#endif /* VMCLOCK_KUNIT_MADE_SAMPLES_H */
