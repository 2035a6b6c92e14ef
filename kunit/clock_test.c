// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock over a made host, which moves its page, steps its time, refuses and fails
 * when a test says so. Its truth is plain: host time is epoch_of(version) + reference
 * time, and every look moves reference time on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/time64.h>
#include <kunit/test.h>

#include "../kmod/epoch.c"
#include "../kmod/clock.c"

#define CPUS		2
#define TICK_NS		10
#define ANY_AGE		BIT_ULL(62)

static struct {
	u32 version[CPUS];	/* of each CPU's page */
	u64 ref_ns;
	s64 step_ns;		/* the host's clock was stepped by this */
	int reads, samples;
	int moves;		/* so many of the coming reads find the page moved */
	int moves_after;	/* ... beginning after so many reads */
	int read_error, sample_error;
	int errors;		/* how often, -1: for good */
} made;

static s64 epoch_of(u32 version)
{
	return 1700000000 * NSEC_PER_SEC + version * (1000 * NSEC_PER_SEC) + made.step_ns;
}

static bool fails_now(int error)
{
	if (!error || !made.errors)
		return false;
	if (made.errors > 0)
		made.errors--;
	return true;
}

static struct vmclock_page page_in_force(void)
{
	return (struct vmclock_page){
		.version = made.version[smp_processor_id()], .scale = 1,
	};
}

static int made_read(struct vmclock_instant *now)
{
	made.reads++;
	if (fails_now(made.read_error))
		return made.read_error;
	if (made.moves_after > 0) {
		made.moves_after--;
	} else if (made.moves > 0) {
		made.moves--;
		made.version[smp_processor_id()] += 2;
	}
	made.ref_ns += TICK_NS;
	*now = (struct vmclock_instant){
		.page = page_in_force(), .tsc = made.ref_ns * 3, .ref_ns = made.ref_ns,
	};
	return 0;
}

static int made_sample(struct vmclock_epoch *epoch)
{
	made.samples++;
	/* What a host that gives up in the middle leaves behind. */
	epoch->page = page_in_force();
	epoch->epoch_ns = 42;
	epoch->ref_ns = made.ref_ns;
	if (fails_now(made.sample_error))
		return made.sample_error;
	epoch->epoch_ns = epoch_of(epoch->page.version);
	return 0;
}

static const struct vmclock_host made_host = {
	.name = "made",
	.counter_ns = 1,
	.read = made_read,
	.sample = made_sample,
};

static void run_on(struct kunit *test, unsigned int cpu)
{
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(cpu)), 0);
}

static int clock_test_init(struct kunit *test)
{
	memset(&made, 0, sizeof(made));
	made.version[0] = 2;
	made.version[1] = 2;
	made.ref_ns = 1000;
	vmclock_clock_start(&made_host);
	run_on(test, 0);
	return 0;
}

static void clock_test_exit(struct kunit *test)
{
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

/* Read, and hold the answer against the truth at the last look. */
static void expect_right(struct kunit *test, u64 max_age_ns)
{
	s64 host_ns = 0;

	KUNIT_ASSERT_EQ(test, vmclock_clock_read(max_age_ns, &host_ns), 0);
	KUNIT_EXPECT_EQ(test, host_ns,
			epoch_of(made.version[raw_smp_processor_id()]) + (s64)made.ref_ns);
}

static void expect_error(struct kunit *test, u64 max_age_ns, int want)
{
	s64 host_ns = 42;

	KUNIT_EXPECT_EQ(test, vmclock_clock_read(max_age_ns, &host_ns), want);
	KUNIT_EXPECT_EQ(test, host_ns, 42LL);
}

static void clock_first_read_takes_a_sample(struct kunit *test)
{
	expect_right(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 1);
}

static void clock_samples_each_time_if_told_so(struct kunit *test)
{
	int i;

	for (i = 1; i <= 5; i++) {
		expect_right(test, 0);
		KUNIT_EXPECT_EQ(test, made.samples, i);
	}
}

static void clock_rests_on_a_young_sample(struct kunit *test)
{
	int i;

	for (i = 0; i < 100; i++)
		expect_right(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 1);
	/* One look a read, two at the first. */
	KUNIT_EXPECT_EQ(test, made.reads, 101);
}

static void clock_leaves_an_old_sample(struct kunit *test)
{
	expect_right(test, 1000);
	made.ref_ns += 1000;
	expect_right(test, 1000);
	KUNIT_EXPECT_EQ(test, made.samples, 2);
}

/* It is the sample just taken that counts, not the one before. */
static void clock_follows_a_step_with_the_next_sample(struct kunit *test)
{
	expect_right(test, 0);
	made.step_ns = -10 * NSEC_PER_SEC;
	expect_right(test, 0);
	made.step_ns = 3600 * NSEC_PER_SEC;
	expect_right(test, 0);
}

/* A pause: the page moves while nobody reads, and the sample is young all the same. */
static void clock_leaves_a_sample_of_another_page(struct kunit *test)
{
	expect_right(test, ANY_AGE);
	made.version[0] += 2;
	expect_right(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 2);
	expect_right(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 2);
}

/* ... or between the sample and the look that it was taken for. */
static void clock_begins_anew_if_the_page_moves_meanwhile(struct kunit *test)
{
	/* Two looks a try: after the first sample, then round the second one. */
	made.moves_after = 1;
	made.moves = 3;
	expect_right(test, 0);
	KUNIT_EXPECT_EQ(test, made.samples, 3);
}

static void clock_page_that_never_stays(struct kunit *test)
{
	struct vmclock_counts counts;

	made.moves = INT_MAX;
	expect_error(test, 0, -EAGAIN);
	KUNIT_EXPECT_EQ(test, made.samples, MOVES_MAX);
	vmclock_clock_count(&counts);
	KUNIT_EXPECT_EQ(test, counts.errors_moving, 1ULL);
}

/* Each CPU's own page and sample: a page that moved on one has done so on that one. */
static void clock_each_cpu_has_its_own(struct kunit *test)
{
	if (num_online_cpus() < CPUS)
		kunit_skip(test, "one CPU");
	made.version[1] = 8;
	expect_right(test, ANY_AGE);
	run_on(test, 1);
	expect_right(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 2);
	run_on(test, 0);
	expect_right(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 2);
	made.version[1] = 10;
	expect_right(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 2);
	run_on(test, 1);
	expect_right(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 3);
}

/* The same version on both CPUs, which count each for itself, means nothing. */
static void clock_same_version_of_another_cpu(struct kunit *test)
{
	if (num_online_cpus() < CPUS)
		kunit_skip(test, "one CPU");
	expect_right(test, ANY_AGE);
	made.step_ns = NSEC_PER_SEC;
	run_on(test, 1);
	expect_right(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 2);
}

static const int passing[] = { -EIO, -EOPNOTSUPP, -ETIMEDOUT, -ENODATA, -ERANGE, -ESTALE };

static void clock_one_failure_is_passed_over(struct kunit *test)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(passing); i++) {
		made.sample_error = passing[i];
		made.errors = 1;
		expect_right(test, 0);
		made.sample_error = 0;
		made.read_error = passing[i];
		made.errors = 1;
		expect_right(test, 0);
		made.read_error = 0;
	}
}

static void clock_two_failures_are_told(struct kunit *test)
{
	struct vmclock_counts counts;
	size_t i;

	made.errors = -1;
	for (i = 0; i < ARRAY_SIZE(passing); i++) {
		/* To user space that would mean: not that ioctl. */
		int want = passing[i] == -EOPNOTSUPP ? -EIO : passing[i];

		made.samples = 0;
		made.sample_error = passing[i];
		expect_error(test, 0, want);
		KUNIT_EXPECT_EQ(test, made.samples, 2);
		made.sample_error = 0;
		made.read_error = passing[i];
		expect_error(test, ANY_AGE, want);
		made.read_error = 0;
	}
	vmclock_clock_count(&counts);
	KUNIT_EXPECT_EQ(test, counts.errors_source, 4ULL);
	KUNIT_EXPECT_EQ(test, counts.errors_page, 4ULL);
	KUNIT_EXPECT_EQ(test, counts.errors_range, 2ULL);
	KUNIT_EXPECT_EQ(test, counts.errors_stale, 2ULL);
	KUNIT_EXPECT_EQ(test, counts.samples, 0ULL);
}

static void clock_retries_where_the_page_moved_under_the_sample(struct kunit *test)
{
	made.sample_error = -EAGAIN;
	made.errors = MOVES_MAX - 1;
	expect_right(test, 0);
	made.errors = MOVES_MAX;
	expect_error(test, 0, -EAGAIN);
}

/* What a failed sample left behind is never used, however young. */
static void clock_failed_sample_leaves_nothing(struct kunit *test)
{
	expect_right(test, ANY_AGE);
	made.sample_error = -EIO;
	made.errors = -1;
	expect_error(test, 0, -EIO);
	expect_error(test, ANY_AGE, -EIO);
	made.errors = 0;
	expect_right(test, ANY_AGE);
}

static void clock_year_out_of_range(struct kunit *test)
{
	made.step_ns = 7000000000 * NSEC_PER_SEC;
	expect_error(test, 0, -ERANGE);
	made.step_ns = -1700000000 * NSEC_PER_SEC;
	expect_error(test, 0, -ERANGE);
}

static void clock_counts_what_happened(struct kunit *test)
{
	struct vmclock_counts counts;

	expect_right(test, ANY_AGE);
	made.version[0] += 2;
	expect_right(test, ANY_AGE);
	expect_right(test, 0);
	vmclock_clock_count(&counts);
	KUNIT_EXPECT_EQ(test, counts.samples, 3ULL);
	KUNIT_EXPECT_EQ(test, counts.page_changes, 1ULL);
	KUNIT_EXPECT_EQ(test, counts.errors_page, 0ULL);
	KUNIT_EXPECT_EQ(test, counts.errors_source, 0ULL);
	KUNIT_EXPECT_EQ(test, counts.errors_range, 0ULL);
	KUNIT_EXPECT_EQ(test, counts.errors_moving, 0ULL);
}

static void clock_sample_age(struct kunit *test)
{
	u64 age_ns = 42;

	KUNIT_EXPECT_EQ(test, vmclock_clock_sample_age(&age_ns), -ENODATA);
	expect_right(test, 0);
	made.ref_ns += 5000;
	KUNIT_ASSERT_EQ(test, vmclock_clock_sample_age(&age_ns), 0);
	/* The look after the sample, and the one for the age. */
	KUNIT_EXPECT_EQ(test, age_ns, 5000ULL + 2 * TICK_NS);
	/* Set back by a restore. */
	made.ref_ns = 10;
	KUNIT_EXPECT_EQ(test, vmclock_clock_sample_age(&age_ns), -ENODATA);
}

static void made_fed(struct vmclock_feed_facts *facts)
{
	*facts = (struct vmclock_feed_facts){
		.samples = 30, .page_changes = 4, .last_ref_ns = made.ref_ns - 700,
	};
}

/* Who is sent samples counts them itself. */
static void clock_of_a_host_that_sends(struct kunit *test)
{
	static const struct vmclock_host sends = {
		.name = "sends",
		.counter_ns = 1,
		.read = made_read,
		.sample = made_sample,
		.fed = made_fed,
	};
	struct vmclock_counts counts;
	u64 age_ns = 42;

	vmclock_clock_start(&sends);
	KUNIT_EXPECT_PTR_EQ(test, vmclock_clock_host(), &sends);
	expect_right(test, 0);
	vmclock_clock_count(&counts);
	KUNIT_EXPECT_EQ(test, counts.samples, 30ULL);
	KUNIT_EXPECT_EQ(test, counts.page_changes, 4ULL);
	KUNIT_ASSERT_EQ(test, vmclock_clock_sample_age(&age_ns), 0);
	KUNIT_EXPECT_EQ(test, age_ns, 700ULL + TICK_NS);
}

/* What happens in a bracket, and how often; the page may move just then. */
static struct {
	int calls, moves;
	u64 ref_ns;
} event;

static void happen(void *arg)
{
	KUNIT_EXPECT_TRUE((struct kunit *)arg, irqs_disabled());
	event.calls++;
	if (event.moves > 0) {
		event.moves--;
		made.version[0] += 2;
	}
	event.ref_ns = ++made.ref_ns;
}

static void expect_bracket(struct kunit *test, u64 max_age_ns)
{
	struct vmclock_bracket bracket;

	KUNIT_ASSERT_EQ(test, vmclock_clock_bracket(max_age_ns, happen, test, &bracket), 0);
	KUNIT_EXPECT_LT(test, bracket.before.ref_ns, event.ref_ns);
	KUNIT_EXPECT_GT(test, bracket.after.ref_ns, event.ref_ns);
	/* By one page, which the epoch is for. */
	KUNIT_EXPECT_EQ(test, bracket.before.page.version, made.version[0]);
	KUNIT_EXPECT_EQ(test, bracket.after.page.version, made.version[0]);
	KUNIT_EXPECT_EQ(test, bracket.epoch.page.version, made.version[0]);
	KUNIT_EXPECT_EQ(test, bracket.epoch.epoch_ns, epoch_of(made.version[0]));
}

static void clock_bracket(struct kunit *test)
{
	memset(&event, 0, sizeof(event));
	expect_bracket(test, 0);
	KUNIT_EXPECT_EQ(test, event.calls, 1);
	KUNIT_EXPECT_EQ(test, made.samples, 1);
	/* A fresh sample for each, or a young one. */
	expect_bracket(test, 0);
	KUNIT_EXPECT_EQ(test, made.samples, 2);
	expect_bracket(test, ANY_AGE);
	KUNIT_EXPECT_EQ(test, made.samples, 2);
}

static void clock_bracket_page_moves_within(struct kunit *test)
{
	memset(&event, 0, sizeof(event));
	event.moves = MOVES_MAX - 1;
	expect_bracket(test, 0);
	KUNIT_EXPECT_EQ(test, event.calls, MOVES_MAX);
}

static void clock_bracket_page_never_stays(struct kunit *test)
{
	struct vmclock_bracket bracket;

	memset(&event, 0, sizeof(event));
	event.moves = INT_MAX;
	KUNIT_EXPECT_EQ(test, vmclock_clock_bracket(0, happen, test, &bracket), -EAGAIN);
	KUNIT_EXPECT_EQ(test, event.calls, MOVES_MAX);
}

static void clock_bracket_tells_failures(struct kunit *test)
{
	struct vmclock_bracket bracket;

	memset(&event, 0, sizeof(event));
	made.sample_error = -EOPNOTSUPP;
	made.errors = 1;
	expect_bracket(test, 0);
	made.errors = -1;
	KUNIT_EXPECT_EQ(test, vmclock_clock_bracket(0, happen, test, &bracket), -EIO);
	KUNIT_EXPECT_EQ(test, event.calls, 1);
}

static struct kunit_case clock_cases[] = {
	KUNIT_CASE(clock_first_read_takes_a_sample),
	KUNIT_CASE(clock_samples_each_time_if_told_so),
	KUNIT_CASE(clock_rests_on_a_young_sample),
	KUNIT_CASE(clock_leaves_an_old_sample),
	KUNIT_CASE(clock_follows_a_step_with_the_next_sample),
	KUNIT_CASE(clock_leaves_a_sample_of_another_page),
	KUNIT_CASE(clock_begins_anew_if_the_page_moves_meanwhile),
	KUNIT_CASE(clock_page_that_never_stays),
	KUNIT_CASE(clock_each_cpu_has_its_own),
	KUNIT_CASE(clock_same_version_of_another_cpu),
	KUNIT_CASE(clock_one_failure_is_passed_over),
	KUNIT_CASE(clock_two_failures_are_told),
	KUNIT_CASE(clock_retries_where_the_page_moved_under_the_sample),
	KUNIT_CASE(clock_failed_sample_leaves_nothing),
	KUNIT_CASE(clock_year_out_of_range),
	KUNIT_CASE(clock_counts_what_happened),
	KUNIT_CASE(clock_sample_age),
	KUNIT_CASE(clock_of_a_host_that_sends),
	KUNIT_CASE(clock_bracket),
	KUNIT_CASE(clock_bracket_page_moves_within),
	KUNIT_CASE(clock_bracket_page_never_stays),
	KUNIT_CASE(clock_bracket_tells_failures),
	{}
};

static struct kunit_suite clock_suite = {
	.name = "vmclock_clock",
	.init = clock_test_init,
	.exit = clock_test_exit,
	.test_cases = clock_cases,
};

kunit_test_suite(clock_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/clock.c");
MODULE_LICENSE("GPL");
