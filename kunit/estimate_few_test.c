// SPDX-License-Identifier: GPL-2.0-only
/* The estimate of few samples, where a single one that came late weighs much. */
#include "made_samples.h"

static void estimate_first_sample_is_taken_whole(struct kunit *test)
{
	tell_exactly(test, 1);
	KUNIT_EXPECT_EQ(test, made.line.epoch_ns, made.epoch_ns);
	KUNIT_EXPECT_EQ(test, made.line.rate, 0LL);
	KUNIT_EXPECT_EQ(test, made.line.samples, 1U);
	KUNIT_EXPECT_EQ(test, made.line.trusted_ns, 0ULL);
}

static void estimate_learns_a_rate(struct kunit *test)
{
	static const s64 rates[] = {
		0, PPM, -PPM, 50 * PPM, -50 * PPM, 1000 * PPM, -1000 * PPM,
		/* What a host's clock that is far off may be slewed by. */
		7000 * PPM, 19000 * PPM, -9000 * PPM,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		estimate_test_init(test);
		made.rate = rates[i];
		tell_exactly(test, VMCLOCK_LINE_RATE_MIN);
		/* Samples are in ns: of the 10 s, each may be off by one, and so may the sum. */
		KUNIT_EXPECT_LE(test, abs(made.line.rate - rates[i]), PPM / 2000);
		expect_within(test, 2);
		tell_exactly(test, VMCLOCK_ESTIMATE_SAMPLES);
		expect_within(test, 2);
		KUNIT_EXPECT_EQ(test, made.line.samples, VMCLOCK_ESTIMATE_SAMPLES + 0U);
	}
}

/*
 * Two samples tell nothing of the rate, whatever they say: the newer is believed, unless it
 * is so far behind that it came late.
 */
static void estimate_of_two(struct kunit *test)
{
	static const struct { s64 off_ns, error_ns; } second[] = {
		{ 50000, 50000 }, { -4900000, -4900000 }, { -5100000, 0 }, { 90000000, 90000000 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(second); i++) {
		estimate_test_init(test);
		tell_exactly(test, 1);
		KUNIT_ASSERT_EQ(test, tell_off_by(second[i].off_ns), 0);
		KUNIT_EXPECT_EQ(test, made.line.rate, 0LL);
		KUNIT_EXPECT_EQ(test, error_ns(0), second[i].error_ns);
	}
}

/*
 * Of few samples one that came late would decide the rate, and that doubles its error until the
 * next. The clock is no further off than by what it cannot know, its rate for so long; nor where
 * two samples are so close that each is on a line with the other and any third.
 */
static void expect_one_late_is_seen(struct kunit *test, const s64 *gaps_ms, int count, s64 late_ns)
{
	s64 length_ns = PERIOD_NS;
	int late, i;

	for (late = 0; late < count; late++) {
		estimate_test_init(test);
		made.rate = 50 * PPM;
		for (i = 0; i < count; i++) {
			length_ns += gaps_ms[i] * NSEC_PER_MSEC;
			tell_after(gaps_ms[i] * NSEC_PER_MSEC, i == late ? -late_ns : 0);
		}
		/* Of two, the newer may be behind by so much: see estimate_of_two. */
		if (made.line.samples > 2 || late_ns > PERIOD_NS / 1000)
			expect_within(test, length_ns * 50 / 1000000);
	}
}

static void estimate_of_few_with_one_late(struct kunit *test)
{
	static const s64 gaps_ms[][4] = {
		{ 5000, 5000, 5000 }, { 5000, 5000, 5000, 5000 }, { 5000, 4900, 5100 },
		{ 0, 10, 5000 }, { 0, 200, 5000 }, { 0, 800, 5000 }, { 0, 5000, 10 },
		{ 0, 5000, 300 }, { 0, 150, 5000, 5000 }, { 0, 5000, 250, 5000 },
		{ 0, 2, 5000, 5000 },
	};
	static const s64 late_ms[] = { 3, 6, 10, 15, 20, 46, 90 };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(gaps_ms); i++)
		for (j = 0; j < ARRAY_SIZE(late_ms); j++)
			expect_one_late_is_seen(test, gaps_ms[i], gaps_ms[i][3] ? 4 : 3,
						late_ms[j] * NSEC_PER_MSEC);
}

/* Nor of five or more with a burst among them, which would be as many against the late one. */
static void estimate_of_some_with_a_burst_and_one_late(struct kunit *test)
{
	int i;

	for (i = 0; i < 12; i++) {
		estimate_test_init(test);
		KUNIT_ASSERT_EQ(test, tell_after(0, 0), 0);
		KUNIT_ASSERT_EQ(test, tell_after(2 * NSEC_PER_MSEC, -10 * NSEC_PER_USEC), 0);
		tell_exactly(test, i);
		tell_off_by(-46 * NSEC_PER_MSEC);
		expect_within(test, 0);
	}
}

/* A day without a sample, then one, which knows better than what was before. */
static void estimate_a_day_apart(struct kunit *test)
{
	made.rate = PPM;
	tell_exactly(test, 40);
	made.rate = -PPM / 100;
	pass_time(86400 * NSEC_PER_SEC);
	tell_exactly(test, 1);
	KUNIT_EXPECT_EQ(test, error_ns(0), 0LL);
	KUNIT_EXPECT_EQ(test, made.line.samples, 1U);
}

/*
 * A burst when the host goes on is one sample, and that the one which came least late: a few ms
 * tell noise of the rate.
 */
static void estimate_takes_a_burst_for_one(struct kunit *test)
{
	static const s64 off_us[] = { -30, -20, 0, -10, -40 };
	size_t i;

	made.rate = 20 * PPM;
	for (i = 0; i < ARRAY_SIZE(off_us); i++) {
		KUNIT_ASSERT_EQ(test, tell_after(2 * NSEC_PER_MSEC, off_us[i] * NSEC_PER_USEC), 0);
		KUNIT_EXPECT_EQ(test, made.line.samples, 1U);
		KUNIT_EXPECT_EQ(test, made.line.rate, 0LL);
	}
	KUNIT_EXPECT_LE(test, abs(error_ns(0)), 4 * 2 * NSEC_PER_MSEC * 20 / 1000000);
}

/* It ends after SPACING_MIN_NS, however long the host goes on, and what is new is followed. */
static void estimate_burst_has_an_end(struct kunit *test)
{
	static const s64 off_ns[] = { 0, 100, -100 };
	size_t i;
	int j;

	for (i = 0; i < ARRAY_SIZE(off_ns); i++) {
		estimate_test_init(test);
		tell_exactly(test, 40);
		made.epoch_ns += 50 * NSEC_PER_MSEC;
		for (j = 0; j < 200; j++)
			KUNIT_ASSERT_EQ(test, tell_after(2 * NSEC_PER_MSEC, j * off_ns[i]), 0);
		/* The first of these stands for the last of before as well. */
		KUNIT_EXPECT_EQ(test, made.line.samples, 5U);
		KUNIT_EXPECT_LE(test, abs(error_ns(0)), 200 * 100);
	}
}

/* A line shorter than the gap after it is forgotten, but not for a sample that came late. */
static void estimate_outlives_a_short_line(struct kunit *test)
{
	static const s64 off_ns[] = { -90 * NSEC_PER_MSEC, 0 };
	size_t i;
	int j;

	for (i = 0; i < ARRAY_SIZE(off_ns); i++) {
		estimate_test_init(test);
		for (j = 0; j < 3; j++)
			tell_after(150 * NSEC_PER_MSEC, j * 200);
		KUNIT_EXPECT_EQ(test, made.line.samples, 3U);
		KUNIT_ASSERT_EQ(test, tell_off_by(off_ns[i]), 0);
		KUNIT_EXPECT_EQ(test, made.line.samples, off_ns[i] ? 2U : 1U);
		expect_within(test, 400);
		tell_exactly(test, 1);
		expect_within(test, 400);
	}
}

/*
 * A line is believed for four times its length, not until the next sample: half a second tells the
 * rate to what its noise is of that.
 */
static void estimate_is_believed_for_its_length(struct kunit *test)
{
	int i;

	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_EQ(test, tell_after(125 * NSEC_PER_MSEC, i * 10 * NSEC_PER_USEC), 0);
	KUNIT_EXPECT_GT(test, made.line.rate, 50 * PPM);
	KUNIT_EXPECT_EQ(test, made.line.trusted_ns, 4ULL * 4 * 125 * NSEC_PER_MSEC);
}

static struct kunit_case estimate_few_cases[] = {
	KUNIT_CASE(estimate_first_sample_is_taken_whole),
	KUNIT_CASE(estimate_learns_a_rate),
	KUNIT_CASE(estimate_of_two),
	KUNIT_CASE(estimate_of_few_with_one_late),
	KUNIT_CASE(estimate_of_some_with_a_burst_and_one_late),
	KUNIT_CASE(estimate_a_day_apart),
	KUNIT_CASE(estimate_takes_a_burst_for_one),
	KUNIT_CASE(estimate_burst_has_an_end),
	KUNIT_CASE(estimate_outlives_a_short_line),
	KUNIT_CASE(estimate_is_believed_for_its_length),
	{}
};

static struct kunit_suite estimate_few_suite = {
	.name = "vmclock_estimate_few",
	.init = estimate_test_init,
	.test_cases = estimate_few_cases,
};

kunit_test_suite(estimate_few_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/estimate.c with few samples");
MODULE_LICENSE("GPL");
