// SPDX-License-Identifier: GPL-2.0-only
/* The line through some samples, against Theil's and Sen's definition. */
#include <linux/time64.h>
#include <kunit/test.h>

#include "seed.h"

#include "../kmod/epoch.c"
#include "../kmod/line.c"

/* As many as an estimate remembers. */
#define SAMPLES		128

static struct vmclock_line line;
static s64 scratch[VMCLOCK_LINE_SCRATCH];

/* From its definition, with no sort and no sum in common. */
static s64 brute_median(const s64 *values, int count)
{
	int i, j, below, same;

	for (i = 0; i < count; i++) {
		for (j = below = same = 0; j < count; j++) {
			below += values[j] < values[i];
			same += values[j] == values[i];
		}
		if (below <= (count - 1) / 2 && below + same > (count - 1) / 2)
			return values[i];
	}
	return 0;
}

static s64 brute_rates[VMCLOCK_LINE_SCRATCH];

static void line_is_the_brute_one(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	static struct vmclock_sample samples[SAMPLES];
	static s64 rest_ns[ARRAY_SIZE(samples)];
	int round, count, stride, rates, i, j;

	for (round = 0; round < 200; round++) {
		/* Of fewer with such noise no rate is believed. */
		count = RATE_ROBUST_MIN +
			random_below(&random, ARRAY_SIZE(samples) - RATE_ROBUST_MIN + 1);
		/* As many pairs as the fewest samples have. */
		for (stride = 1; stride * 32 * 32 < count * count; )
			stride++;
		for (i = 0; i < count; i++)
			samples[i] = (struct vmclock_sample){
				.ref_ns = (i + 1) * 5 * NSEC_PER_SEC +
					  random_below(&random, NSEC_PER_SEC),
				.epoch_ns = 1700000000 * NSEC_PER_SEC +
					    random_below(&random, 10000000),
			};
		vmclock_line_fit(scratch, samples, count, &line);

		for (i = rates = 0; i < count; i++)
			for (j = i + stride; j < count; j += stride)
				brute_rates[rates++] =
					div64_s64((samples[j].epoch_ns - samples[i].epoch_ns) *
						  (1LL << 30),
						  samples[j].ref_ns - samples[i].ref_ns);
		/* In 2^-30: what is lost of its quotient, to 4 s of 2^-30. */
		KUNIT_ASSERT_LE(test, abs((line.rate >> 10) - brute_median(brute_rates, rates)),
				1LL);
		for (i = 0; i < count; i++)
			rest_ns[i] = samples[i].epoch_ns -
				     vmclock_epoch_growth_ns(line.rate, (s64)samples[i].ref_ns -
							     (s64)samples[count - 1].ref_ns);
		KUNIT_ASSERT_EQ(test, line.epoch_ns, brute_median(rest_ns, count));
	}
}

static struct kunit_case line_cases[] = {
	KUNIT_CASE(line_is_the_brute_one),
	{}
};

static struct kunit_suite line_suite = {
	.name = "vmclock_line",
	.test_cases = line_cases,
};

kunit_test_suite(line_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/line.c");
MODULE_LICENSE("GPL");
