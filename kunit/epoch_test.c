// SPDX-License-Identifier: GPL-2.0-only
/*
 * The epoch: arithmetic against the kernel's calendar (mktime64()) and long
 * arithmetic, at the years in which others' arithmetic ends.
 */
#include <linux/ktime.h>
#include <kunit/test.h>

#include "oracle.h"
#include "seed.h"

#include "../kmod/epoch.c"

#define YEAR_NS	(366LL * 86400 * NSEC_PER_SEC)

static const struct vmclock_page some_page = { 1, 2, 3, 4, 6 };

struct utc_case {
	const char *name;
	unsigned int year, month, day, hour, minute, second;
	u32 nsec;
	u64 ref_ns;
	int want;
};

/*
 * Where it ends: TIME_SETTOD_SEC_MAX is S64_MAX ns after 1970, less 30 years of 365
 * days for the machine to be up: `date -u -d @8277292036` says 2232-04-18
 * 23:47:16.
 */
static const struct utc_case utc_cases[] = {
	{ "1970, a clock that was never set", 1970, 1, 1, 0, 0, 0, 0, 0, -ERANGE },
	{ "last ns of 1999",
	  1999, 12, 31, 23, 59, 59, 999999999, 0, -ERANGE },
	{ "first ns of 2000", 2000, 1, 1, 0, 0, 0, 0, 0, 0 },
	{ "now, reference one second", 2026, 11, 21, 23, 13, 52, 7, NSEC_PER_SEC, 0 },
	{ "last second of s32", 2038, 1, 19, 3, 14, 7, 999999999, 5, 0 },
	{ "2038, beyond s32", 2038, 1, 19, 3, 14, 8, 0, 5, 0 },
	{ "last second of u32", 2106, 2, 7, 6, 28, 15, 999999999, 5, 0 },
	{ "2106, beyond u32", 2106, 2, 7, 6, 28, 16, 0, 5, 0 },
	{ "last second that can be set",
	  2232, 4, 18, 23, 47, 15, 999999999, 5, 0 },
	{ "first that cannot", 2232, 4, 18, 23, 47, 16, 0, 5, -ERANGE },
	{ "2262, S64_MAX ns", 2262, 4, 11, 23, 47, 16, 854775807, 5, -ERANGE },
	{ "2262, beyond S64_MAX ns",
	  2262, 4, 11, 23, 47, 16, 854775808, 5, -ERANGE },
	{ "year 30000", 30000, 1, 1, 0, 0, 0, 0, 5, -ERANGE },
	{ "uptime of ten years", 2026, 1, 1, 0, 0, 0, 1, 10 * YEAR_NS, 0 },
	{ "uptime longer than since 1970",
	  2026, 1, 1, 0, 0, 0, 1, 100 * YEAR_NS, 0 },
	{ "longest uptime", 2026, 1, 1, 0, 0, 0, 1, S64_MAX, 0 },
	{ "reference beyond S64_MAX",
	  2026, 1, 1, 0, 0, 0, 1, 1ULL << 63, -ERANGE },
	{ "leap second 23:59:60 is the next day's first",
	  2016, 12, 31, 23, 59, 60, 0, 5, 0 },
};

static void utc_case_name(const struct utc_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(utc, utc_cases, utc_case_name);

/* What goes in as UTC comes out as UTC at the same instant, to the ns. */
static void epoch_utc_there_and_back(struct kunit *test)
{
	const struct utc_case *c = test->param_value;
	const struct vmclock_instant at = { some_page, 99, c->ref_ns };
	s64 sec = mktime64(c->year, c->month, c->day, c->hour, c->minute,
			   c->second);
	struct vmclock_epoch epoch;
	s64 utc_ns;

	KUNIT_ASSERT_EQ(test, vmclock_epoch_from_utc(&epoch, sec, c->nsec, &at),
			c->want);
	if (c->want)
		return;
	KUNIT_EXPECT_EQ(test, epoch.ref_ns, c->ref_ns);
	KUNIT_EXPECT_TRUE(test, vmclock_page_same(&epoch.page, &some_page));
	KUNIT_ASSERT_EQ(test, vmclock_epoch_host_ns(&epoch, &at, &utc_ns), 0);
	KUNIT_EXPECT_EQ(test, (u64)utc_ns,
			wide_u64(wide_add(wide_mul(wide(sec), wide(1000000000)),
					  wide(c->nsec))));
}

/* The calendar itself, where both wraps of 32 bits are. */
static void epoch_years_2038_and_2106(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, mktime64(2038, 1, 19, 3, 14, 8), 1LL << 31);
	KUNIT_EXPECT_EQ(test, mktime64(2106, 2, 7, 6, 28, 16), 1LL << 32);
	KUNIT_EXPECT_EQ(test, mktime64(2016, 12, 31, 23, 59, 60),
			mktime64(2017, 1, 1, 0, 0, 0));
}

static void epoch_nsec_out_of_range(struct kunit *test)
{
	static const s64 bad[] = {
		-1, NSEC_PER_SEC, S64_MAX, S64_MIN, U32_MAX, 1LL << 32,
	};
	const struct vmclock_instant at = { .ref_ns = 5 };
	struct vmclock_epoch epoch;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    vmclock_epoch_from_utc(&epoch, 1700000000,
							   bad[i], &at),
				    -ERANGE, "nsec %lld", bad[i]);
		if (bad[i] < 0 || bad[i] > U32_MAX)
			continue;
		KUNIT_EXPECT_EQ_MSG(test,
				    vmclock_epoch_from_ref_zero(&epoch,
								1700000000,
								bad[i], &at),
				    -ERANGE, "nsec %lld", bad[i]);
	}
}

/* Seconds with something in their upper half, where a host has no right to it. */
static void epoch_sec_hi_out_of_range(struct kunit *test)
{
	static const s64 bad[] = {
		1700000000 + (2LL << 32), 1700000000 | 1LL << 62,
		1700000000 - (1LL << 32), S64_MAX, S64_MIN, -1, 0,
	};
	const struct vmclock_instant at = { .ref_ns = 5 };
	struct vmclock_epoch epoch;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    vmclock_epoch_from_utc(&epoch, bad[i], 0, &at),
				    -ERANGE, "sec %lld", bad[i]);
	KUNIT_EXPECT_EQ(test, vmclock_epoch_from_utc(&epoch, 1700000000 +
						     (1LL << 32), 0, &at), 0);
}

struct zero_case {
	const char *name;
	u32 sec, nsec;
	u64 ref_ns;
	int want;
};

static const struct zero_case zero_cases[] = {
	{ "now", 1795302832, 123456789, 42, 0 },
	{ "the host's clock was not set: 1970", 0, 0, 42, -ERANGE },
	{ "not set, and up for ten years", 0, 0, 10 * YEAR_NS, -ERANGE },
	{ "not set, and up for thirty years", 0, 0, 30 * YEAR_NS, 0 },
	{ "a ns before 2000", 946684799, 999999999, 0, -ERANGE },
	{ "a ns before 2000, a ns ago", 946684799, 999999999, 1, 0 },
	{ "last second of u32", U32_MAX, 999999999, 0, 0 },
	{ "from 2106, up for a hundred years", U32_MAX, 0, 100 * YEAR_NS, 0 },
	{ "from 2106, up beyond 2232", U32_MAX, 0, 127 * YEAR_NS, -ERANGE },
	{ "sum beyond S64_MAX", U32_MAX, 0, S64_MAX, -ERANGE },
	{ "reference beyond S64_MAX", 1795302832, 0, 1ULL << 63, -ERANGE },
	{ "reference U64_MAX", 1795302832, 0, U64_MAX, -ERANGE },
};

static void zero_case_name(const struct zero_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(zero, zero_cases, zero_case_name);

static void epoch_from_ref_zero(struct kunit *test)
{
	const struct zero_case *c = test->param_value;
	const struct vmclock_instant at = { some_page, 99, c->ref_ns };
	struct wide want = wide_add(wide_add(wide_mul(wide(c->sec),
						      wide(1000000000)),
					     wide(c->nsec)), wide(c->ref_ns));
	struct vmclock_epoch epoch;
	s64 utc_ns;

	KUNIT_ASSERT_EQ(test, vmclock_epoch_from_ref_zero(&epoch, c->sec,
							  c->nsec, &at),
			c->want);
	if (c->want)
		return;
	KUNIT_EXPECT_EQ(test, epoch.ref_ns, c->ref_ns);
	KUNIT_EXPECT_TRUE(test, vmclock_page_same(&epoch.page, &some_page));
	KUNIT_ASSERT_EQ(test, vmclock_epoch_host_ns(&epoch, &at, &utc_ns), 0);
	KUNIT_EXPECT_EQ(test, (u64)utc_ns, wide_u64(want));
}

/* Both sources of one host, at one instant, come to one epoch. */
static void epoch_sources_agree(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i;

	for (i = 0; i < 1000; i++) {
		const struct vmclock_instant at = {
			.ref_ns = random_below(&random, 30 * YEAR_NS),
		};
		u32 zero_sec = UTC_SEC_MIN + random_below(&random, 1U << 31);
		u32 zero_nsec = random_below(&random, NSEC_PER_SEC);
		u64 utc_ns = (u64)zero_sec * NSEC_PER_SEC + zero_nsec + at.ref_ns;
		struct vmclock_epoch a, b;

		KUNIT_ASSERT_EQ(test, vmclock_epoch_from_ref_zero(&a, zero_sec,
								  zero_nsec, &at),
				0);
		KUNIT_ASSERT_EQ(test,
				vmclock_epoch_from_utc(&b, utc_ns / NSEC_PER_SEC,
						       utc_ns % NSEC_PER_SEC, &at),
				0);
		KUNIT_EXPECT_EQ(test, a.epoch_ns, b.epoch_ns);
	}
}

/* With fractions of a ns at both instants: as if they were whole, and rounded down at the end. */
static void epoch_rounds_once(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	const s64 sec = 1700000000, nsec = 999999999;
	int i;

	for (i = 0; i < 1000; i++) {
		const struct vmclock_instant then = {
			.ref_ns = random_below(&random, 1ULL << 30),
			.ref_frac = random_u64(&random),
		};
		const struct vmclock_instant now = {
			.ref_ns = random_below(&random, 1ULL << 30),
			/* Often the same: then the sum of both is whole. */
			.ref_frac = i & 1 ? then.ref_frac : (u32)random_u64(&random),
		};
		u64 then_frac = (then.ref_ns << 32) + then.ref_frac;
		u64 now_frac = (now.ref_ns << 32) + now.ref_frac;
		struct vmclock_epoch epoch;
		s64 host_ns;

		KUNIT_ASSERT_EQ(test, vmclock_epoch_from_utc(&epoch, sec, nsec, &then), 0);
		KUNIT_ASSERT_EQ(test, vmclock_epoch_host_ns(&epoch, &now, &host_ns), 0);
		KUNIT_EXPECT_EQ(test, host_ns - (sec * NSEC_PER_SEC + nsec),
				(s64)(now_frac - then_frac) >> 32);
	}
}

/* A negative epoch is a machine that has been up since before 1970. */
static void epoch_host_ns_bounds(struct kunit *test)
{
	const s64 min = 946684800 * NSEC_PER_SEC;
	const s64 max = 8277292036 * NSEC_PER_SEC;
	static const struct { s64 epoch_ns; u64 ref_ns; int want; } cases[] = {
		{ min, 0, 0 }, { min - 1, 0, -ERANGE }, { min - 1, 1, 0 },
		{ max - 1, 0, 0 }, { max, 0, -ERANGE }, { max - 1, 1, -ERANGE },
		{ -1, min, -ERANGE }, { -1, min + 1, 0 },
		{ S64_MIN, S64_MAX, -ERANGE }, { S64_MAX, 1, -ERANGE },
		{ S64_MAX, S64_MAX, -ERANGE }, { 0, 1ULL << 63, -ERANGE },
		{ min, U64_MAX, -ERANGE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct vmclock_epoch epoch = {
			.epoch_ns = cases[i].epoch_ns,
		};
		const struct vmclock_instant at = { .ref_ns = cases[i].ref_ns };
		s64 utc_ns = 0;

		KUNIT_EXPECT_EQ_MSG(test, vmclock_epoch_host_ns(&epoch, &at, &utc_ns),
				    cases[i].want, "epoch %lld ref %llu",
				    cases[i].epoch_ns, cases[i].ref_ns);
		if (cases[i].want)
			KUNIT_EXPECT_EQ(test, utc_ns, 0LL);
	}
}

static void epoch_covers(struct kunit *test)
{
	const struct vmclock_epoch epoch = { .ref_ns = 1000, .page = some_page };
	static const struct { u64 ref_ns, max_age_ns; bool want; } cases[] = {
		{ 1000, 1, true }, { 1000, 0, false },
		{ 1099, 100, true }, { 1100, 100, false }, { 1101, 100, false },
		/* from the future, by vCPUs whose TSCs differ */
		{ 999, 100, false }, { 0, 1ULL << 62, false },
		{ 1000 + 86400 * NSEC_PER_SEC, NSEC_PER_SEC, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vmclock_instant now = { some_page, 0, cases[i].ref_ns };

		KUNIT_EXPECT_EQ_MSG(test,
				    vmclock_epoch_covers(&epoch, &now,
							 cases[i].max_age_ns),
				    cases[i].want, "ref %llu age %llu",
				    cases[i].ref_ns, cases[i].max_age_ns);
		/* However young: not with a page that has changed. */
		now.page.version += 2;
		KUNIT_EXPECT_FALSE(test,
				   vmclock_epoch_covers(&epoch, &now,
							cases[i].max_age_ns));
	}
}

/* Each of the page's numbers tells two pages apart. */
static void epoch_page_same(struct kunit *test)
{
	struct vmclock_page other = some_page;

	KUNIT_EXPECT_TRUE(test, vmclock_page_same(&some_page, &other));
	other.tsc_base++;
	KUNIT_EXPECT_FALSE(test, vmclock_page_same(&some_page, &other));
	other = some_page;
	other.ref_base++;
	KUNIT_EXPECT_FALSE(test, vmclock_page_same(&some_page, &other));
	other = some_page;
	other.scale++;
	KUNIT_EXPECT_FALSE(test, vmclock_page_same(&some_page, &other));
	other = some_page;
	other.shift++;
	KUNIT_EXPECT_FALSE(test, vmclock_page_same(&some_page, &other));
	other = some_page;
	other.version += 2;
	KUNIT_EXPECT_FALSE(test, vmclock_page_same(&some_page, &other));
}

static struct kunit_case epoch_cases[] = {
	KUNIT_CASE_PARAM(epoch_utc_there_and_back, utc_gen_params),
	KUNIT_CASE(epoch_years_2038_and_2106),
	KUNIT_CASE(epoch_nsec_out_of_range),
	KUNIT_CASE(epoch_sec_hi_out_of_range),
	KUNIT_CASE_PARAM(epoch_from_ref_zero, zero_gen_params),
	KUNIT_CASE(epoch_sources_agree),
	KUNIT_CASE(epoch_rounds_once),
	KUNIT_CASE(epoch_host_ns_bounds),
	KUNIT_CASE(epoch_covers),
	KUNIT_CASE(epoch_page_same),
	{}
};

static struct kunit_suite epoch_suite = {
	.name = "vmclock_epoch",
	.test_cases = epoch_cases,
};

kunit_test_suite(epoch_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/epoch.c");
MODULE_LICENSE("GPL");
