// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cross-timestamps: which counter is it, and what is told where it is neither? Over a
 * made clock whose brackets, and a made timekeeping core whose counter, a test lays down.
 */
#include <linux/limits.h>
#include <linux/string.h>
#include <kunit/test.h>

#include "../kmod/compat/compat.h"

static u64 next_counter;
static bool no_snapshots;

static bool made_snapshot(clockid_t clockid, struct system_time_snapshot *snapshot)
{
	*snapshot = (struct system_time_snapshot){ .cycles = next_counter };
	return !no_snapshots;
}

#define compat_get_snapshot(clockid, snapshot)	made_snapshot(clockid, snapshot)
#include "../kmod/crosststamp.c"

/* What the page of these tests makes of a TSC value. */
static int made_ref(struct vmclock_instant *at)
{
	at->ref_ns = at->page.ref_base + 3 * at->tsc;
	return at->page.shift;
}

static struct vmclock_host made_host = {
	.counter_ns = 1,
	.ref = made_ref,
};

/* The brackets to come; the last one stays. */
static struct vmclock_bracket brackets[BRACKETS + 1];
static int next_bracket, bracket_error;
static u64 ages_ns[BRACKETS + 1];

#define EPOCH_NS	(1700000000 * NSEC_PER_SEC)

const struct vmclock_host *vmclock_clock_host(void)
{
	return &made_host;
}

int vmclock_clock_bracket(u64 max_age_ns, void (*event)(void *arg), void *arg,
			  struct vmclock_bracket *bracket)
{
	if (bracket_error)
		return bracket_error;
	ages_ns[next_bracket] = max_age_ns;
	*bracket = brackets[next_bracket++];
	bracket->epoch.epoch_ns = EPOCH_NS;
	event(arg);
	return 0;
}

int vmclock_epoch_host_ns(const struct vmclock_epoch *epoch,
			  const struct vmclock_instant *at, s64 *host_ns)
{
	*host_ns = epoch->epoch_ns + at->ref_ns;
	return 0;
}

static int crosststamp_test_init(struct kunit *test)
{
	made_host.counter_ns = 1;
	no_snapshots = false;
	bracket_error = 0;
	next_bracket = 0;
	last_width_ns = 0;
	memset(brackets, 0, sizeof(brackets));
	return 0;
}

static void lay_bracket(int i, u64 tsc_before, u64 tsc_after, u64 ref_before, u64 ref_after)
{
	brackets[i].before = (struct vmclock_instant){
		.page.ref_base = 7, .tsc = tsc_before, .ref_ns = ref_before,
	};
	brackets[i].after = (struct vmclock_instant){
		.page.ref_base = 7, .tsc = tsc_after, .ref_ns = ref_after,
	};
}

#define TSC	BIT_ULL(50)
#define REF	BIT_ULL(40)
#define AT(tsc)	(7 + 3 * (tsc))

/* The ACPI PM timer has 24 bits. */
#define PM_MAX	0xffffffULL

struct place_case {
	const char *name;
	u32 counter_ns;
	u64 tsc_before, tsc_after, ref_before, ref_after, counter;
	u64 ref_ns, width_ns;
};

static const struct place_case place_cases[] = {
	{ "tsc, in between", 1, TSC, TSC + 9, REF, REF + 9, TSC + 4, AT(TSC + 4) },
	{ "tsc, the first value", 1, TSC, TSC + 9, REF, REF + 9, TSC, AT(TSC) },
	{ "tsc, the last value", 1, TSC, TSC + 9, REF, REF + 9, TSC + 9, AT(TSC + 9) },
	{ "kvm-clock, in between", 1, TSC, TSC + 9, REF, REF + 9, REF + 4, REF + 4 },
	{ "kvm-clock, the first value", 1, TSC, TSC + 9, REF, REF + 9, REF, REF },
	{ "kvm-clock, the last value", 1, TSC, TSC + 9, REF, REF + 9, REF + 9, REF + 9 },
	{ "one before tsc", 1, TSC, TSC + 9, REF, REF + 8, TSC - 1, REF + 4, 8 },
	{ "one after tsc", 1, TSC, TSC + 9, REF, REF + 8, TSC + 10, REF + 4, 8 },
	{ "one before kvm-clock", 1, TSC, TSC + 9, REF, REF + 8, REF - 1, REF + 4, 8 },
	{ "one after kvm-clock", 1, TSC, TSC + 9, REF, REF + 8, REF + 9, REF + 4, 8 },
	{ "hpet, acpi_pm, jiffies", 1, TSC, TSC + 9, REF, REF + 8, 0xfffffe, REF + 4, 8 },
	{ "as acpi_pm counts, in the TSC's bracket", 1, PM_MAX - 5, PM_MAX + 5, REF,
	  REF + 8, PM_MAX, REF + 4, 8 },
	{ "just beyond acpi_pm", 1, PM_MAX - 5, PM_MAX + 5, REF, REF + 8, PM_MAX + 1,
	  AT(PM_MAX + 1) },
	{ "as acpi_pm counts, in kvm-clock's bracket", 1, TSC, TSC + 9, PM_MAX - 5,
	  PM_MAX + 5, PM_MAX - 1, PM_MAX, 10 },
	{ "nothing has counted", 1, TSC, TSC, REF, REF, TSC, AT(TSC) },
	{ "greatest TSC", 1, U64_MAX - 1, U64_MAX, REF, REF + 9, U64_MAX, AT(U64_MAX) },
	/* Either: by the TSC's value 7 + 3 * (REF + 2), by the page's REF + 2. */
	{ "looks like both", 1, REF - 5, REF + 5, REF, REF + 9, REF + 2,
	  REF + 2 + (AT(REF + 2) - (REF + 2)) / 2, AT(REF + 2) - (REF + 2) },
	{ "both brackets, but this value is kvm-clock's alone", 1, REF - 5, REF + 5, REF,
	  REF + 9, REF + 7, REF + 7 },
	{ "both brackets, but this value is tsc's alone", 1, REF - 5, REF + 5, REF,
	  REF + 9, REF - 1, AT(REF - 1) },
	{ "100 ns counter, in between", 100, TSC, TSC + 900, 100 * REF, 100 * REF + 900,
	  REF + 4, 100 * REF + 400 },
	{ "100 ns counter, within the first tick", 100, TSC, TSC + 900, 100 * REF + 99,
	  100 * REF + 900, REF, 100 * REF },
	{ "100 ns counter, within the last tick", 100, TSC, TSC + 900, 100 * REF,
	  100 * REF + 999, REF + 9, 100 * REF + 900 },
	{ "100 ns counter, one before", 100, TSC, TSC + 900, 100 * REF, 100 * REF + 900,
	  REF - 1, 100 * REF + 450, 900 },
};

static void place_case_name(const struct place_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(place, place_cases, place_case_name);

static void crosststamp_place(struct kunit *test)
{
	const struct place_case *c = test->param_value;
	struct vmclock_instant at;
	u64 width_ns = 42;

	made_host.counter_ns = c->counter_ns;
	lay_bracket(0, c->tsc_before, c->tsc_after, c->ref_before, c->ref_after);
	KUNIT_ASSERT_EQ(test, place_counter(&brackets[0], c->counter, &at, &width_ns), 0);
	KUNIT_EXPECT_EQ(test, at.ref_ns, c->ref_ns);
	KUNIT_EXPECT_EQ(test, width_ns, c->width_ns);
}

/* Every value from before the one bracket to beyond the other, one by one. */
static void crosststamp_place_every_value(struct kunit *test)
{
	u64 counter;

	lay_bracket(0, TSC + 10, TSC + 40, TSC + 25, TSC + 60);
	for (counter = TSC; counter < TSC + 70; counter++) {
		bool tsc = false, ref = false;
		struct vmclock_instant at;
		u64 value, width_ns;

		for (value = TSC + 10; value <= TSC + 40; value++)
			tsc = tsc || value == counter;
		for (value = TSC + 25; value <= TSC + 60; value++)
			ref = ref || value == counter;
		KUNIT_ASSERT_EQ(test, place_counter(&brackets[0], counter, &at, &width_ns),
				0);
		if (tsc && !ref)
			KUNIT_EXPECT_EQ(test, at.ref_ns, AT(counter));
		else if (ref && !tsc)
			KUNIT_EXPECT_EQ(test, at.ref_ns, counter);
		KUNIT_EXPECT_EQ(test, !width_ns, tsc != ref);
	}
}

static int crosststamp(u64 max_width_ns, struct vmclock_crosststamp *both)
{
	return vmclock_crosststamp(CLOCK_REALTIME, max_width_ns, both);
}

static void crosststamp_exact_at_once(struct kunit *test)
{
	struct vmclock_crosststamp both;

	lay_bracket(0, TSC, TSC + 9000, REF, REF + 9000);
	next_counter = TSC + 5000;
	KUNIT_ASSERT_EQ(test, crosststamp(NSEC_PER_MSEC, &both), 0);
	KUNIT_EXPECT_EQ(test, both.host_ns, EPOCH_NS + (s64)AT(TSC + 5000));
	KUNIT_EXPECT_EQ(test, both.width_ns, 0ULL);
	KUNIT_EXPECT_EQ(test, both.system.cycles, next_counter);
	KUNIT_EXPECT_EQ(test, next_bracket, 1);
	/* On a sample taken for it. */
	KUNIT_EXPECT_EQ(test, ages_ns[0], 0ULL);
	KUNIT_EXPECT_EQ(test, vmclock_crosststamp_last_width(), 0ULL);
}

/* Where the guest is stopped in the midst, the tightest of what has been since. */
static void crosststamp_not_from_before_a_change(struct kunit *test)
{
	static const u64 widths_ns[BRACKETS] = { 20, 30, 80, 60, 70 };
	struct vmclock_crosststamp both;
	int i;

	for (i = 0; i < BRACKETS; i++) {
		lay_bracket(i, TSC, TSC + 9, REF + i * 1000, REF + i * 1000 + widths_ns[i]);
		brackets[i].before.page.ref_base += i >= 2;
	}
	next_counter = 4711;
	KUNIT_ASSERT_EQ(test, crosststamp(60, &both), 0);
	KUNIT_EXPECT_EQ(test, both.width_ns, 60ULL);
	KUNIT_EXPECT_EQ(test, both.host_ns, EPOCH_NS + (s64)REF + 3030);
}

static void crosststamp_tightest_of_several(struct kunit *test)
{
	static const u64 widths_ns[BRACKETS] = { 900, 700, 40, 800, 50 };
	struct vmclock_crosststamp both;
	int i;

	for (i = 0; i < BRACKETS; i++)
		lay_bracket(i, TSC, TSC + 9, REF + i * 1000, REF + i * 1000 + widths_ns[i]);
	next_counter = 4711;
	KUNIT_ASSERT_EQ(test, crosststamp(40, &both), 0);
	KUNIT_EXPECT_EQ(test, both.width_ns, 40ULL);
	KUNIT_EXPECT_EQ(test, both.host_ns, EPOCH_NS + (s64)REF + 2020);
	KUNIT_EXPECT_EQ(test, next_bracket, BRACKETS);
	KUNIT_EXPECT_EQ(test, vmclock_crosststamp_last_width(), 40ULL);
}

static void crosststamp_too_wide(struct kunit *test)
{
	struct vmclock_crosststamp both;
	int i;

	for (i = 0; i < BRACKETS; i++)
		lay_bracket(i, TSC, TSC + 9, REF, REF + 500);
	next_counter = 4711;
	KUNIT_EXPECT_EQ(test, crosststamp(499, &both), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vmclock_crosststamp_last_width(), 500ULL);
}

/* Who wants an exact one or none is not kept waiting for others. */
static void crosststamp_exact_or_none(struct kunit *test)
{
	struct vmclock_crosststamp both;

	lay_bracket(0, TSC, TSC + 9, REF, REF + 1);
	next_counter = 4711;
	KUNIT_EXPECT_EQ(test, crosststamp(VMCLOCK_EXACT, &both), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, next_bracket, 1);
}

/* It looked like both at first: a further bracket can tell. */
static void crosststamp_exact_at_the_second_try(struct kunit *test)
{
	struct vmclock_crosststamp both;

	lay_bracket(0, REF - 5, REF + 5, REF, REF + 9);
	lay_bracket(1, REF + 2, REF + 3, REF + 7, REF + 9);
	next_counter = REF + 2;
	KUNIT_ASSERT_EQ(test, crosststamp(NSEC_PER_MSEC, &both), 0);
	KUNIT_EXPECT_EQ(test, both.width_ns, 0ULL);
	KUNIT_EXPECT_EQ(test, both.host_ns, EPOCH_NS + (s64)AT(REF + 2));
	KUNIT_EXPECT_EQ(test, next_bracket, 2);
}

static void crosststamp_tells_errors(struct kunit *test)
{
	struct vmclock_crosststamp both;

	bracket_error = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, crosststamp(NSEC_PER_MSEC, &both), -ETIMEDOUT);
	bracket_error = 0;
	no_snapshots = true;
	KUNIT_EXPECT_EQ(test, crosststamp(NSEC_PER_MSEC, &both), -EOPNOTSUPP);
	no_snapshots = false;
	next_bracket = 0;
	lay_bracket(0, TSC, TSC + 9, REF, REF + 9);
	brackets[0].before.page.shift = -ERANGE;
	next_counter = TSC + 4;
	KUNIT_EXPECT_EQ(test, crosststamp(NSEC_PER_MSEC, &both), -ERANGE);
}

static struct kunit_case crosststamp_cases[] = {
	KUNIT_CASE_PARAM(crosststamp_place, place_gen_params),
	KUNIT_CASE(crosststamp_place_every_value),
	KUNIT_CASE(crosststamp_exact_at_once),
	KUNIT_CASE(crosststamp_not_from_before_a_change),
	KUNIT_CASE(crosststamp_tightest_of_several),
	KUNIT_CASE(crosststamp_too_wide),
	KUNIT_CASE(crosststamp_exact_or_none),
	KUNIT_CASE(crosststamp_exact_at_the_second_try),
	KUNIT_CASE(crosststamp_tells_errors),
	{}
};

static struct kunit_suite crosststamp_suite = {
	.name = "vmclock_crosststamp",
	.init = crosststamp_test_init,
	.test_cases = crosststamp_cases,
};

kunit_test_suite(crosststamp_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/crosststamp.c");
MODULE_LICENSE("GPL");
