// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference TSC page: the arithmetic against long multiplication, and the reader
 * against a host that does what it should not.
 */
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/tsc.h>
#include <kunit/test.h>

#include "oracle.h"
#include "seed.h"

/*
 * A reader reads the TSC between its two looks at the sequence: this is also the moment
 * at which a test can change the page under it. NULL for the real TSC.
 */
static u64 (*fake_tsc)(void);

static u64 fake_tsc_or_real(void)
{
	return fake_tsc ? fake_tsc() : rdtsc_ordered();
}

#define rdtsc_ordered()	fake_tsc_or_real()
#include "../kmod/page_hvtsc.c"

/* 100 ns per tick of a TSC of so many Hz, in 2^-64: what a host writes. */
#define SCALE(hz)	(U64_MAX / ((hz) / 10000000))

#define TEN_YEARS_S	(10ULL * 366 * 86400)

/* The specification's formula, in 1/100 of its unit. */
static int expected_ref(const struct vmclock_page *page, u64 tsc, u64 *ref_ns)
{
	struct wide ref = wide_mul(wide_mul(wide(tsc), wide(page->scale)), wide(100));
	s64 offset = page->ref_base;
	struct wide base;

	ref = wide_div(ref, wide_pow2(64));
	if (offset >= 0) {
		ref = wide_add(ref, wide_mul(wide(offset), wide(100)));
	} else {
		base = wide_mul(wide(-(u64)offset), wide(100));
		if (wide_less(ref, base))
			return -ERANGE;
		ref = wide_sub(ref, base);
	}
	if (!wide_less(ref, wide_pow2(63)))
		return -ERANGE;
	*ref_ns = wide_u64(ref);
	return 0;
}

static void expect_as_expected(struct kunit *test, const struct vmclock_page *page, u64 tsc)
{
	struct vmclock_instant at = { .page = *page, .tsc = tsc };
	u64 want_ns = 0;
	int want = expected_ref(page, tsc, &want_ns);

	KUNIT_EXPECT_EQ_MSG(test, vmclock_hvtsc_ref(&at), want,
			    "tsc %llu scale %llu offset %lld", tsc, page->scale,
			    (s64)page->ref_base);
	KUNIT_EXPECT_EQ_MSG(test, at.ref_ns, want_ns, "tsc %llu scale %llu offset %lld", tsc,
			    page->scale, (s64)page->ref_base);
}

struct ref_case {
	const char *name;
	u64 scale;
	s64 offset;
	u64 tsc;
};

static const struct ref_case ref_cases[] = {
	{ "TSC 0", SCALE(2500000000ULL), 0, 0 },
	{ "one tick", SCALE(2500000000ULL), 0, 1 },
	{ "a fraction of a unit", SCALE(2500000000ULL), 0, 249 },
	{ "one unit", SCALE(2500000000ULL), 0, 251 },
	{ "1 GHz, uptime of ten years", SCALE(1000000000ULL), 0,
	  TEN_YEARS_S * 1000000000 },
	{ "2.5 GHz, uptime of ten years", SCALE(2500000000ULL), 0,
	  TEN_YEARS_S * 2500000000ULL },
	{ "5 GHz, restored from a file of ten years ago", SCALE(5000000000ULL),
	  TEN_YEARS_S * 10000000, TEN_YEARS_S * 5000000000ULL },
	{ "offset -1: the TSC ran before the reference", SCALE(2500000000ULL), -1, 251 },
	{ "offset that makes it just zero", SCALE(2500000000ULL), -1000, 250001 },
	{ "before time zero", SCALE(2500000000ULL), -1000, 249000 },
	{ "largest scale and TSC", U64_MAX, 0, U64_MAX },
	{ "largest scale and TSC, offset brings it back", U64_MAX, S64_MIN + 1000, U64_MAX },
	{ "largest offset", 1, S64_MAX, 1 },
	{ "largest offset that fits", 1, S64_MAX / 100, 1 },
	{ "smallest offset", 1, S64_MIN, 1 },
	{ "just S64_MAX", U64_MAX, 0, S64_MAX / 100 },
	{ "just beyond S64_MAX", U64_MAX, 8, S64_MAX / 100 },
};

static void ref_case_name(const struct ref_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ref, ref_cases, ref_case_name);

static void hvtsc_ref(struct kunit *test)
{
	const struct ref_case *c = test->param_value;
	const struct vmclock_page page = {
		.scale = c->scale, .ref_base = c->offset, .version = 1,
	};

	expect_as_expected(test, &page, c->tsc);
}

static void hvtsc_ref_random(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i;

	for (i = 0; i < 3000; i++) {
		const struct vmclock_page page = {
			.scale = random_length(&random),
			.ref_base = random_u64(&random) & 1 ? random_length(&random) :
							      -random_length(&random),
			.version = 1,
		};

		expect_as_expected(test, &page, random_length(&random));
	}
}

/* In whole units it is what the kernel's clocksource of that page counts. */
static void hvtsc_ref_is_the_clocksource(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i;

	for (i = 0; i < 1000; i++) {
		struct vmclock_instant at = {
			.page.scale = SCALE(2500000000ULL) + random_below(&random, 1000000),
			.page.ref_base = random_below(&random, 1ULL << 50),
			.page.version = 1,
			.tsc = random_u64(&random) >> 8,
		};

		KUNIT_ASSERT_EQ(test, vmclock_hvtsc_ref(&at), 0);
		/* hv_read_tsc_page_tsc() in clocksource/hyperv_timer.h */
		KUNIT_EXPECT_EQ(test, div_u64(at.ref_ns, 100),
				mul_u64_u64_shr(at.tsc, at.page.scale, 64) + at.page.ref_base);
	}
}

/* What the ns leave over, of a product of 128 bits: to 2^-32. */
static void hvtsc_ref_fraction(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i;

	for (i = 0; i < 1000; i++) {
		struct vmclock_instant at = {
			.page.scale = SCALE(2500000000ULL) + random_below(&random, 1000000),
			.tsc = random_below(&random, 1ULL << 40),
		};
		struct wide units = wide_mul(wide(at.tsc), wide(at.page.scale));
		struct wide whole = wide_mul(units, wide(100));

		KUNIT_ASSERT_EQ(test, vmclock_hvtsc_ref(&at), 0);
		whole = wide_div(whole, wide_pow2(32));
		KUNIT_EXPECT_EQ(test, (u32)wide_u64(whole), at.ref_frac);
	}
}

static struct vmclock_hvtsc page;
static u64 tsc_now;
static int looks;

static u64 tsc_still(void)
{
	return tsc_now;
}

static int hvtsc_test_init(struct kunit *test)
{
	page = (struct vmclock_hvtsc){ .sequence = 7, .scale = SCALE(1000000000ULL), .offset = 5 };
	tsc_now = 1000000;
	fake_tsc = tsc_still;
	looks = 0;
	return 0;
}

static void hvtsc_test_exit(struct kunit *test)
{
	fake_tsc = NULL;
}

static void hvtsc_read_settled(struct kunit *test)
{
	struct vmclock_instant now;
	u64 want_ns = 0;

	KUNIT_ASSERT_EQ(test, vmclock_hvtsc_read(&page, &now), 0);
	KUNIT_EXPECT_EQ(test, now.page.version, 7U);
	KUNIT_EXPECT_EQ(test, now.tsc, tsc_now);
	expected_ref(&now.page, tsc_now, &want_ns);
	KUNIT_EXPECT_EQ(test, now.ref_ns, want_ns);
}

static void hvtsc_read_withdrawn(struct kunit *test)
{
	struct vmclock_instant now;

	page.sequence = 0;
	KUNIT_EXPECT_EQ(test, vmclock_hvtsc_read(&page, &now), -ENODATA);
}

static void hvtsc_read_no_scale(struct kunit *test)
{
	struct vmclock_instant now;

	page.scale = 0;
	KUNIT_EXPECT_EQ(test, vmclock_hvtsc_read(&page, &now), -ERANGE);
}

static u64 tsc_and_ever_changing(void)
{
	looks++;
	page.sequence++;
	return tsc_now;
}

static void hvtsc_read_ever_changing(struct kunit *test)
{
	struct vmclock_instant now;

	fake_tsc = tsc_and_ever_changing;
	KUNIT_EXPECT_EQ(test, vmclock_hvtsc_read(&page, &now), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, looks, COPY_TRIES);
}

/* The host stops the guest here, goes on with another page, and the TSC has moved. */
static u64 tsc_across_a_pause(void)
{
	if (!looks++) {
		page.offset -= 100000;
		page.sequence++;
		tsc_now += 1000000000;
	}
	return tsc_now;
}

static void hvtsc_read_changed_in_mid_read(struct kunit *test)
{
	struct vmclock_instant now;
	u64 want_ns = 0;

	page.offset = 200000;
	fake_tsc = tsc_across_a_pause;
	KUNIT_ASSERT_EQ(test, vmclock_hvtsc_read(&page, &now), 0);
	KUNIT_EXPECT_EQ(test, looks, 2);
	KUNIT_EXPECT_EQ(test, now.page.version, 8U);
	KUNIT_EXPECT_EQ(test, (s64)now.page.ref_base, 100000LL);
	expected_ref(&now.page, tsc_now, &want_ns);
	KUNIT_EXPECT_EQ(test, now.ref_ns, want_ns);
}

static u64 tsc_and_withdrawn(void)
{
	looks++;
	page.sequence = 0;
	return tsc_now;
}

static void hvtsc_read_withdrawn_in_mid_read(struct kunit *test)
{
	struct vmclock_instant now;

	fake_tsc = tsc_and_withdrawn;
	KUNIT_EXPECT_EQ(test, vmclock_hvtsc_read(&page, &now), -ENODATA);
	KUNIT_EXPECT_EQ(test, looks, 1);
}

static void hvtsc_read_sequence_wraps(struct kunit *test)
{
	struct vmclock_instant now;

	page.sequence = U32_MAX;
	KUNIT_ASSERT_EQ(test, vmclock_hvtsc_read(&page, &now), 0);
	KUNIT_EXPECT_EQ(test, now.page.version, U32_MAX);
}

/* A host that never rests: its scale and offset are of one kind or of the other. */
static int write_at_full_speed(void *arg)
{
	u32 sequence = 1;

	while (!kthread_should_stop()) {
		WRITE_ONCE(page.sequence, 0);
		/* Pairs with the reader's second. */
		smp_wmb();
		WRITE_ONCE(page.scale, sequence & 1 ? 1000 : 2000);
		WRITE_ONCE(page.offset, sequence & 1 ? 1000 : 2000);
		/* Pairs with the reader's first. */
		smp_wmb();
		WRITE_ONCE(page.sequence, sequence);
		sequence = sequence + 1 ?: 1;
		cond_resched();
	}
	return 0;
}

static void hvtsc_read_writer_at_full_speed(struct kunit *test)
{
	struct task_struct *writer = kthread_run(write_at_full_speed, NULL, "hvtsc_writer");
	unsigned long until = jiffies + HZ;
	struct vmclock_instant now;
	int consistent = 0, torn = 0;

	KUNIT_ASSERT_FALSE(test, IS_ERR(writer));
	while (time_before(jiffies, until)) {
		if (!vmclock_hvtsc_read(&page, &now) && now.page.version != 7) {
			consistent += now.page.scale == now.page.ref_base;
			torn += now.page.scale != now.page.ref_base;
		}
		cond_resched();
	}
	kthread_stop(writer);
	KUNIT_EXPECT_EQ(test, torn, 0);
	KUNIT_EXPECT_GT(test, consistent, 0);
}

static struct kunit_case hvtsc_cases[] = {
	KUNIT_CASE_PARAM(hvtsc_ref, ref_gen_params),
	KUNIT_CASE(hvtsc_ref_random),
	KUNIT_CASE(hvtsc_ref_is_the_clocksource),
	KUNIT_CASE(hvtsc_ref_fraction),
	KUNIT_CASE(hvtsc_read_settled),
	KUNIT_CASE(hvtsc_read_withdrawn),
	KUNIT_CASE(hvtsc_read_no_scale),
	KUNIT_CASE(hvtsc_read_ever_changing),
	KUNIT_CASE(hvtsc_read_changed_in_mid_read),
	KUNIT_CASE(hvtsc_read_withdrawn_in_mid_read),
	KUNIT_CASE(hvtsc_read_sequence_wraps),
	KUNIT_CASE(hvtsc_read_writer_at_full_speed),
	{}
};

static struct kunit_suite hvtsc_suite = {
	.name = "vmclock_page_hvtsc",
	.init = hvtsc_test_init,
	.exit = hvtsc_test_exit,
	.test_cases = hvtsc_cases,
};

kunit_test_suite(hvtsc_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/page_hvtsc.c");
MODULE_LICENSE("GPL");
