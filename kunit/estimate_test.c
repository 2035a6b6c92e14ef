// SPDX-License-Identifier: GPL-2.0-only
/* The estimate of many samples: their noise, late ones among them, a host that changes. */
#include "made_samples.h"

static int tell_noisily(struct rnd_state *random, int noise_ns)
{
	return tell_off_by((s64)random_below(random, 2 * noise_ns + 1) - noise_ns);
}

/*
 * Noise of +-10 us drowns: the end of a line through n samples is off by 2/sqrt(n) of the
 * noise's deviation, which is 10 us/sqrt(3); six times that is never seen, even of the shortest
 * line. Hardly ever is one shorter than it may be: of 400 such rows in at most 72 of 872.
 */
static void estimate_drowns_noise(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i, longest = 0;

	made.rate = 3 * PPM;
	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_EQ(test, tell_noisily(&random, 10000), 0);
		if (i >= VMCLOCK_ESTIMATE_SAMPLES_MIN)
			expect_within(test, 6 * 2 * 5774 / 5);
		longest += made.line.samples == VMCLOCK_ESTIMATE_SAMPLES;
	}
	KUNIT_EXPECT_GT(test, longest, 500);
}

/*
 * A host that is far off slews its clock by a percent, and tells its time to within 2 ms. Two
 * samples tell no rate; the third does: 10 ms are its noise, and that of the rate until the next.
 * Taken for a late one it would be 50 ms off, and at the next sample so far that all begins anew.
 */
static void estimate_follows_a_noisy_slew(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i, j;

	for (i = 0; i < 50; i++) {
		estimate_test_init(test);
		made.rate = i % 2 ? 10000 * PPM : 3000 * PPM;
		for (j = 0; j < 10; j++) {
			KUNIT_ASSERT_EQ(test, tell_noisily(&random, 2 * NSEC_PER_MSEC), 0);
			if (j >= 2)
				expect_within(test, 10 * NSEC_PER_MSEC);
		}
	}
}

/* As many samples as there may be, with noise; then the host's rate is another. */
#define BEND_NOISE_NS	4000

static void tell_and_bend(struct kunit *test, struct rnd_state *random)
{
	int i;

	for (i = 0; i < VMCLOCK_ESTIMATE_SAMPLES; i++)
		KUNIT_ASSERT_EQ(test, tell_noisily(random, BEND_NOISE_NS), 0);
	made.rate = PPM / 10;
}

/*
 * A tenth of a ppm bends the longest line by 10 us, while no sample is off by more than its noise
 * explains; the shortest by a quarter of that. Of 400 such rows the mean error was 1.8 us at most;
 * with the longest line, whatever the others say, 4.6 us at least.
 */
static void estimate_follows_a_wandering_rate(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	s64 sum_ns = 0;
	int i;

	tell_and_bend(test, &random);
	for (i = 0; i < VMCLOCK_ESTIMATE_SAMPLES; i++) {
		KUNIT_ASSERT_EQ(test, tell_noisily(&random, BEND_NOISE_NS), 0);
		sum_ns += error_ns(0);
	}
	KUNIT_EXPECT_LT(test, abs(sum_ns), 2700LL * VMCLOCK_ESTIMATE_SAMPLES);
}

/* Of every five samples one, any, is late by something up to 50 ms. */
static void estimate_is_not_moved_by_late_samples(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i, late = 0;

	made.rate = -7 * PPM;
	tell_exactly(test, VMCLOCK_ESTIMATE_SAMPLES);
	for (i = 0; i < 1000; i++) {
		s64 late_ns = 0;

		if (i % 5 == 0)
			late = i + random_below(&random, 5);
		if (i == late)
			late_ns = random_below(&random, 50 * NSEC_PER_MSEC);
		KUNIT_ASSERT_EQ(test, tell_off_by(-late_ns), 0);
		expect_within(test, 100);
	}
}

/* Some in a row are late, where none was before: they are scattered, and no other line. */
static void estimate_is_not_moved_by_a_late_row(struct kunit *test)
{
	static const s64 late_us[] = { 31000, 2000, 17000, 48000, 9000 };
	size_t i;

	made.rate = 20 * PPM;
	tell_exactly(test, VMCLOCK_ESTIMATE_SAMPLES);
	for (i = 0; i < ARRAY_SIZE(late_us); i++) {
		KUNIT_ASSERT_EQ(test, tell_off_by(-late_us[i] * NSEC_PER_USEC), 0);
		expect_within(test, 100);
	}
}

/* Every fifth sample is late, each by the same. */
static void estimate_is_not_moved_by_every_fifth(struct kunit *test)
{
	int i;

	made.rate = 7 * PPM;
	tell_exactly(test, 10);
	for (i = 0; i < 500; i++) {
		KUNIT_ASSERT_EQ(test, tell_off_by(i % 5 ? 0 : -20 * NSEC_PER_MSEC), 0);
		expect_within(test, 100);
	}
}

static void estimate_follows_a_step_at_once(struct kunit *test)
{
	static const s64 steps_ns[] = {
		NSEC_PER_SEC, -NSEC_PER_SEC, 3600 * NSEC_PER_SEC, -3601 * NSEC_PER_SEC,
		STEP_NS + NSEC_PER_MSEC, -STEP_NS - NSEC_PER_MSEC,
	};
	size_t i;

	made.rate = 5 * PPM;
	tell_exactly(test, 40);
	for (i = 0; i < ARRAY_SIZE(steps_ns); i++) {
		made.epoch_ns += steps_ns[i];
		tell_exactly(test, 1);
		KUNIT_EXPECT_EQ(test, error_ns(0), 0LL);
		KUNIT_EXPECT_EQ(test, made.line.samples, 1U);
		tell_exactly(test, 10);
		expect_within(test, 2);
	}
}

/* One that is too small for that is no chance the third time. */
static void estimate_follows_a_small_step_soon(struct kunit *test)
{
	tell_exactly(test, 40);
	made.epoch_ns += 30 * NSEC_PER_MSEC;
	tell_exactly(test, RUN_MIN - 1);
	KUNIT_EXPECT_EQ(test, error_ns(0), -30LL * NSEC_PER_MSEC);
	tell_exactly(test, 1);
	KUNIT_EXPECT_EQ(test, error_ns(0), 0LL);
	KUNIT_EXPECT_EQ(test, made.line.samples, RUN_MIN + 0U);
}

static void estimate_follows_a_change_of_rate(struct kunit *test)
{
	tell_exactly(test, 40);
	made.rate = 50 * PPM;
	tell_exactly(test, RUN_MIN + 1);
	expect_within(test, 1000);
	tell_exactly(test, 40);
	made.rate = -50 * PPM;
	tell_exactly(test, RUN_MIN + 1);
	expect_within(test, 1000);
}

/* That there has been noise, but long ago, makes a row no less certain. */
static void estimate_forgets_that_some_were_late(struct kunit *test)
{
	int i;

	for (i = 0; i < 80; i++)
		KUNIT_ASSERT_EQ(test, tell_off_by(i % 5 ? 0 : -20 * NSEC_PER_MSEC), 0);
	tell_exactly(test, VMCLOCK_ESTIMATE_SAMPLES_MIN);
	made.rate = 50 * PPM;
	tell_exactly(test, RUN_MIN + 1);
	expect_within(test, 1000);
}

static int tell_by_arrival(s64 late_ns)
{
	struct vmclock_sample sample;

	pass_time(PERIOD_NS);
	sample = (struct vmclock_sample){
		.ref_ns = made.ref_ns, .epoch_ns = made.epoch_ns - late_ns, .by_arrival = true,
	};
	return vmclock_estimate_add(&made.estimate, &sample, &made.line);
}

static void estimate_doubts_what_came_late(struct kunit *test)
{
	int i;

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, tell_by_arrival(0), 0);
	/* Held up for a while: four that come at once, each later than the next. */
	KUNIT_EXPECT_EQ(test, tell_by_arrival(20 * NSEC_PER_SEC), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tell_by_arrival(15 * NSEC_PER_SEC), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tell_by_arrival(10 * NSEC_PER_SEC), -EAGAIN);
	expect_within(test, 0);
	KUNIT_EXPECT_EQ(test, tell_by_arrival(0), 0);
	/* What was doubted before that is no witness any more. */
	KUNIT_EXPECT_EQ(test, tell_by_arrival(10 * NSEC_PER_SEC), -EAGAIN);
	expect_within(test, 0);
}

static void estimate_believes_the_second_of_a_step_back(struct kunit *test)
{
	int i;

	for (i = 0; i < 10; i++)
		KUNIT_ASSERT_EQ(test, tell_by_arrival(0), 0);
	made.epoch_ns -= 3600 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, tell_by_arrival(0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tell_by_arrival(0), 0);
	KUNIT_EXPECT_EQ(test, error_ns(0), 0LL);
	/* Early it cannot be. */
	made.epoch_ns += 3600 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, tell_by_arrival(0), 0);
	KUNIT_EXPECT_EQ(test, error_ns(0), 0LL);
}

static void estimate_wants_newer_samples(struct kunit *test)
{
	struct vmclock_sample sample;

	tell_exactly(test, 5);
	sample = (struct vmclock_sample){ .ref_ns = made.ref_ns, .epoch_ns = made.epoch_ns };
	KUNIT_EXPECT_EQ(test, vmclock_estimate_add(&made.estimate, &sample, &made.line), -EINVAL);
	sample.ref_ns -= PERIOD_NS / 2;
	KUNIT_EXPECT_EQ(test, vmclock_estimate_add(&made.estimate, &sample, &made.line), -EINVAL);
	expect_within(test, 0);
}

static void estimate_range(struct kunit *test)
{
	static const struct vmclock_sample wrong[] = {
		{ .ref_ns = (1ULL << 60) + 1, .epoch_ns = EPOCH_NS },
		{ .ref_ns = U64_MAX, .epoch_ns = EPOCH_NS },
		{ .ref_ns = 1, .epoch_ns = S64_MIN },
		{ .ref_ns = 1, .epoch_ns = S64_MAX },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		KUNIT_EXPECT_EQ(test, vmclock_estimate_add(&made.estimate, &wrong[i], &made.line),
				-ERANGE);
	KUNIT_EXPECT_EQ(test, made.estimate.count, 0U);
}

/* It is the length of the line that counts, not of all that is remembered. */
static void estimate_a_gap_longer_than_a_short_line(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i;

	tell_and_bend(test, &random);
	for (i = 0; i < VMCLOCK_ESTIMATE_SAMPLES; i++) {
		if (made.line.samples == VMCLOCK_ESTIMATE_SAMPLES_MIN)
			break;
		KUNIT_ASSERT_EQ(test, tell_noisily(&random, BEND_NOISE_NS), 0);
	}
	/* Once in ten thousand no line gets that short. */
	if (made.line.samples != VMCLOCK_ESTIMATE_SAMPLES_MIN)
		kunit_skip(test, "there has been no short line");
	pass_time(VMCLOCK_ESTIMATE_SAMPLES_MIN * PERIOD_NS);
	tell_exactly(test, 1);
	KUNIT_EXPECT_EQ(test, error_ns(0), 0LL);
	KUNIT_EXPECT_EQ(test, made.line.samples, 1U);
}

/* Whatever comes, there is a line, and its rate is one that a clock can have. */
static void estimate_random(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i, taken = 0;
	u64 ref_ns = 0;

	for (i = 0; i < 2000; i++) {
		const struct vmclock_sample sample = {
			.ref_ns = ref_ns += random_length(&random) >> 20,
			.epoch_ns = EPOCH_NS + (s64)(random_length(&random) >> 10) *
					       (random_u64(&random) & 1 ? 1 : -1),
			.by_arrival = random_u64(&random) & 1,
		};

		if (vmclock_estimate_add(&made.estimate, &sample, &made.line))
			continue;
		taken++;
		KUNIT_ASSERT_LE(test, abs(made.line.rate), RATE_MAX);
		KUNIT_ASSERT_LT(test, sample.ref_ns - made.line.ref_ns, (u64)SPACING_MIN_NS);
		KUNIT_ASSERT_GE(test, made.line.samples, 1U);
	}
	KUNIT_EXPECT_GT(test, taken, 100);
}

static struct kunit_case estimate_cases[] = {
	KUNIT_CASE(estimate_drowns_noise),
	KUNIT_CASE(estimate_follows_a_noisy_slew),
	KUNIT_CASE(estimate_follows_a_wandering_rate),
	KUNIT_CASE(estimate_is_not_moved_by_late_samples),
	KUNIT_CASE(estimate_is_not_moved_by_a_late_row),
	KUNIT_CASE(estimate_is_not_moved_by_every_fifth),
	KUNIT_CASE(estimate_follows_a_step_at_once),
	KUNIT_CASE(estimate_follows_a_small_step_soon),
	KUNIT_CASE(estimate_follows_a_change_of_rate),
	KUNIT_CASE(estimate_forgets_that_some_were_late),
	KUNIT_CASE(estimate_doubts_what_came_late),
	KUNIT_CASE(estimate_believes_the_second_of_a_step_back),
	KUNIT_CASE(estimate_wants_newer_samples),
	KUNIT_CASE(estimate_range),
	KUNIT_CASE(estimate_a_gap_longer_than_a_short_line),
	KUNIT_CASE(estimate_random),
	{}
};

static struct kunit_suite estimate_suite = {
	.name = "vmclock_estimate",
	.init = estimate_test_init,
	.test_cases = estimate_cases,
};

kunit_test_suite(estimate_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/estimate.c");
MODULE_LICENSE("GPL");
