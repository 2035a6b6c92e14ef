// SPDX-License-Identifier: GPL-2.0-only
/* The estimate of a real host's samples, against least squares. */
#include <linux/time64.h>
#include <kunit/test.h>

#include "recorded.h"
#include "seed.h"

#include "../kmod/epoch.c"
#include "../kmod/line.c"
#include "../kmod/estimate.c"

static struct vmclock_estimate estimate;
static struct vmclock_line line;

static s64 ms_before(const struct vmclock_sample *newest, const struct vmclock_sample *sample)
{
	return div_u64(newest->ref_ns - sample->ref_ns, NSEC_PER_MSEC);
}

/*
 * The line through the samples by least squares: its height at the newest, and the sum of the
 * squares of what is left. Time in ms, which keeps the sums within 64 bits.
 */
static s64 least_squares(const struct vmclock_sample *samples, s64 count, s64 *squares)
{
	const struct vmclock_sample *newest = &samples[count - 1];
	s64 x, y, sx = 0, sy = 0, sxx = 0, sxy = 0, den, height, left;
	int i;

	for (i = 0; i < count; i++) {
		x = -ms_before(newest, &samples[i]);
		y = samples[i].epoch_ns - newest->epoch_ns;
		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	den = count * sxx - sx * sx;
	height = div64_s64(sy * sxx - sx * sxy, den);
	for (i = 0, *squares = 0; i < count; i++) {
		x = -ms_before(newest, &samples[i]);
		left = samples[i].epoch_ns - newest->epoch_ns - height -
		       div64_s64((count * sxy - sx * sy) * x, den);
		*squares += left * left;
	}
	return newest->epoch_ns + height;
}

/*
 * What a real host's samples say by least squares, the estimate says to three times their
 * deviation, and so it does where of every five of them one, any, is late by up to 50 ms.
 * Seen of 12,000 such rows: 1.94 times.
 */
static void expect_recorded(struct kunit *test, const struct vmclock_sample *samples, int count,
			    bool some_late)
{
	struct rnd_state random = random_begin(test);
	s64 off_ns, squares;
	int i, window, late = 0;

	vmclock_estimate_reset(&estimate);
	for (i = 0; i < count; i++) {
		struct vmclock_sample sample = samples[i];

		if (i % 5 == 0)
			late = i + random_below(&random, 5);
		if (some_late && i == late)
			sample.epoch_ns -= random_below(&random, 50 * NSEC_PER_MSEC);
		KUNIT_ASSERT_EQ(test, vmclock_estimate_add(&estimate, &sample, &line), 0);
		if (i < VMCLOCK_ESTIMATE_SAMPLES_MIN - 1)
			continue;
		window = line.samples;
		KUNIT_ASSERT_GE(test, window, VMCLOCK_ESTIMATE_SAMPLES_MIN);
		off_ns = line.epoch_ns - least_squares(&samples[i - window + 1], window, &squares);
		KUNIT_ASSERT_LE(test, off_ns * off_ns * (window - 2), 9 * squares);
	}
}

static void estimate_recorded(struct kunit *test)
{
	expect_recorded(test, recorded, ARRAY_SIZE(recorded), false);
	expect_recorded(test, recorded_by_arrival, ARRAY_SIZE(recorded_by_arrival), false);
}

static void estimate_recorded_and_some_late(struct kunit *test)
{
	expect_recorded(test, recorded, ARRAY_SIZE(recorded), true);
	expect_recorded(test, recorded_by_arrival, ARRAY_SIZE(recorded_by_arrival), true);
}

static struct kunit_case estimate_recorded_cases[] = {
	KUNIT_CASE(estimate_recorded),
	KUNIT_CASE(estimate_recorded_and_some_late),
	{}
};

static struct kunit_suite estimate_recorded_suite = {
	.name = "vmclock_estimate_recorded",
	.test_cases = estimate_recorded_cases,
};

kunit_test_suite(estimate_recorded_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/estimate.c with samples of a real host");
MODULE_LICENSE("GPL");
