// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pvclock page: the arithmetic against long multiplication, and the reader
 * against a host that does what it should not.
 */
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/time64.h>
#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/pvclock.h>
#include <asm/tsc.h>
#include <kunit/test.h>

#include "oracle.h"
#include "seed.h"

/*
 * A reader reads the TSC between its two looks at the version: this is also the moment
 * at which a test can change the page under it. NULL for the real TSC.
 */
static u64 (*fake_tsc)(void);

static u64 fake_tsc_or_real(void)
{
	return fake_tsc ? fake_tsc() : rdtsc_ordered();
}

#define rdtsc_ordered()	fake_tsc_or_real()
#include "../kmod/page_pvclock.c"

/* Ten years, in TSC ticks of a GHz. */
#define TEN_YEARS_GHZ	(10ULL * 366 * 86400 * 1000000000)

/* What the ABI's text says, step by step: shift, multiply, drop 32 bits, add. */
static int expected_ref(const struct vmclock_page *page, u64 tsc, u64 *ref_ns)
{
	struct wide ref = wide(tsc - page->tsc_base);

	if (tsc < page->tsc_base)
		return -EAGAIN;
	if (page->shift >= 0)
		ref = wide_mul(ref, wide_pow2(page->shift));
	else
		ref = wide_div(ref, wide_pow2(-page->shift));
	ref = wide_div(wide_mul(ref, wide(page->scale)), wide_pow2(32));
	ref = wide_add(ref, wide(page->ref_base));
	if (!wide_less(ref, wide_pow2(63)))
		return -ERANGE;
	*ref_ns = wide_u64(ref);
	return 0;
}

static void expect_as_expected(struct kunit *test,
			       const struct vmclock_page *page, u64 tsc)
{
	struct vmclock_instant at = { .page = *page, .tsc = tsc };
	u64 want_ns = 0;
	int want = expected_ref(page, tsc, &want_ns);

	KUNIT_EXPECT_EQ_MSG(test, vmclock_pvclock_ref(&at), want,
			    "tsc %llu base %llu scale %llu shift %d", tsc,
			    page->tsc_base, page->scale, page->shift);
	KUNIT_EXPECT_EQ_MSG(test, at.ref_ns, want_ns,
			    "tsc %llu base %llu scale %llu shift %d", tsc,
			    page->tsc_base, page->scale, page->shift);
}

struct ref_case {
	const char *name;
	struct vmclock_page page;
	u64 tsc;
};

/*
 * Scales: the host's kvm_get_time_scale() brings 10^9 / rate into [2^31, 2^32):
 * 1 GHz is 2^31 with shift 1; 2.5 GHz 0.8 * 2^32 with shift -1; 5 GHz 0.8 * 2^32
 * with shift -2.
 */
static const struct ref_case ref_cases[] = {
	{ "at the page's own TSC value", { 12345, 678, 1U << 31, 1 }, 12345 },
	{ "one tick later", { 12345, 678, 1U << 31, 1 }, 12346 },
	{ "1 GHz, uptime of ten years",
	  { 0, 0, 1U << 31, 1 }, TEN_YEARS_GHZ },
	{ "2.5 GHz, uptime of ten years",
	  { 0, 0, 3435973837U, -1 }, TEN_YEARS_GHZ / 2 * 5 },
	{ "5 GHz, uptime of ten years",
	  { 0, 0, 3435973837U, -2 }, TEN_YEARS_GHZ / 10 * 50 },
	{ "mul 2^32-1", { 0, 0, U32_MAX, 0 }, 1ULL << 40 },
	{ "mul 1", { 0, 0, 1, 0 }, U64_MAX },
	{ "shift 31, mul 2^32-1, one tick", { 0, 0, U32_MAX, 31 }, 1 },
	{ "shift 31, mul 2^32-1, just fits",
	  { 0, 0, U32_MAX, 31 }, (1ULL << 32) },
	{ "shift 31, mul 2^32-1, too large",
	  { 0, 0, U32_MAX, 31 }, (1ULL << 32) + 2 },
	{ "shift 31, largest delta", { 0, 0, U32_MAX, 31 }, U64_MAX },
	{ "shift -31, largest delta", { 0, 0, U32_MAX, -31 }, U64_MAX },
	{ "shift -31, all bits lost", { 0, 7, U32_MAX, -31 }, S32_MAX },
	{ "delta 2^63-1", { 1, 0, U32_MAX, -1 }, 1ULL << 63 },
	{ "delta 2^63", { 0, 0, U32_MAX, -1 }, 1ULL << 63 },
	{ "delta 2^64-1", { 0, 0, U32_MAX, -2 }, U64_MAX },
	{ "largest reference time", { 5, S64_MAX, 1U << 31, 1 }, 5 },
	{ "one ns too many", { 5, S64_MAX, 1U << 31, 1 }, 6 },
	{ "base beyond S64_MAX", { 5, 1ULL << 63, 1U << 31, 1 }, 5 },
	{ "base U64_MAX, sum wraps 64 bits", { 5, U64_MAX, 1U << 31, 1 }, 6 },
	{ "TSC went backwards across vCPUs, by one",
	  { 1000, 0, 1U << 31, 1 }, 999 },
	{ "TSC went backwards across vCPUs, to zero",
	  { U64_MAX, 0, 1U << 31, 1 }, 0 },
};

static void ref_case_name(const struct ref_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ref, ref_cases, ref_case_name);

static void pvclock_ref(struct kunit *test)
{
	const struct ref_case *c = test->param_value;

	expect_as_expected(test, &c->page, c->tsc);
}

static void pvclock_ref_random(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i;

	for (i = 0; i < 3000; i++) {
		const struct vmclock_page page = {
			.tsc_base = random_length(&random),
			.ref_base = random_length(&random),
			.scale = (u32)random_length(&random),
			.shift = (int)random_below(&random, 63) - 31,
		};

		expect_as_expected(test, &page,
				   page.tsc_base + random_length(&random));
	}
}

/* To the bit the clocksource's: pvclock_scale_delta() of asm/pvclock.h. */
static void pvclock_ref_is_kvm_clock(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i;

	for (i = 0; i < 3000; i++) {
		/* As hosts choose them; beyond, the kernel's own overflows. */
		struct vmclock_instant at = {
			.page.scale = BIT(31) + (u32)random_below(&random, BIT(31)),
			.page.shift = (int)random_below(&random, 5) - 3,
			.tsc = random_below(&random, 1ULL << 60),
		};

		KUNIT_EXPECT_EQ(test, vmclock_pvclock_ref(&at), 0);
		KUNIT_EXPECT_EQ(test, at.ref_ns,
				pvclock_scale_delta(at.tsc, at.page.scale, at.page.shift));
	}
}

/* What the ns leave over: with it, ticks add up to the product in 2^-32. */
static void pvclock_ref_fraction(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	int i;

	for (i = 0; i < 1000; i++) {
		struct vmclock_instant at = {
			.page.scale = (u32)random_u64(&random),
			.tsc = random_below(&random, 1ULL << 30),
		};
		struct wide whole = wide_mul(wide(at.tsc), wide(at.page.scale));

		KUNIT_ASSERT_EQ(test, vmclock_pvclock_ref(&at), 0);
		KUNIT_EXPECT_EQ(test, wide_u64(whole), (at.ref_ns << 32) + at.ref_frac);
	}
}

/* What the next read of the TSC does, and what it gives. */
static struct pvclock_vcpu_time_info host_page;
static u64 next_tsc;
static int host_changes;

static u64 tsc_as_told(void)
{
	return next_tsc;
}

/* The host updates the whole page, and is done before the reader looks again. */
static u64 tsc_and_host_update(void)
{
	if (host_changes-- > 0) {
		host_page.version += 2;
		host_page.tsc_timestamp += 1000;
		host_page.system_time += 5000;
	}
	return next_tsc;
}

/* The host begins an update under the reader, and does not end it. */
static u64 tsc_and_host_begins(void)
{
	host_page.version |= 1;
	return next_tsc;
}

static u64 tsc_and_host_ends(void)
{
	if (host_page.version & 1 && !--host_changes)
		host_page.version++;
	return next_tsc;
}

static int pvclock_test_init(struct kunit *test)
{
	/* 2 GHz: half a ns a tick. */
	host_page = (struct pvclock_vcpu_time_info){
		.version = 6,
		.tsc_timestamp = 1000000,
		.system_time = 700,
		.tsc_to_system_mul = 1U << 31,
	};
	next_tsc = 1000000 + 42 * 2;
	fake_tsc = tsc_as_told;
	return 0;
}

static void pvclock_test_exit(struct kunit *test)
{
	fake_tsc = NULL;
}

static void pvclock_read_settled(struct kunit *test)
{
	struct vmclock_instant now;

	KUNIT_ASSERT_EQ(test, vmclock_pvclock_read(&host_page, &now), 0);
	KUNIT_EXPECT_EQ(test, now.tsc, 1000084ULL);
	KUNIT_EXPECT_EQ(test, now.ref_ns, 742ULL);
	KUNIT_EXPECT_EQ(test, now.page.tsc_base, 1000000ULL);
	KUNIT_EXPECT_EQ(test, now.page.ref_base, 700ULL);
	KUNIT_EXPECT_EQ(test, now.page.scale, 1ULL << 31);
	KUNIT_EXPECT_EQ(test, now.page.shift, 0);
	KUNIT_EXPECT_EQ(test, now.page.version, 6U);
}

static void pvclock_read_negative_shift(struct kunit *test)
{
	struct vmclock_instant now;

	host_page.tsc_shift = -1;
	KUNIT_ASSERT_EQ(test, vmclock_pvclock_read(&host_page, &now), 0);
	KUNIT_EXPECT_EQ(test, now.page.shift, -1);
	KUNIT_EXPECT_EQ(test, now.ref_ns, 721ULL);
}

static void pvclock_read_stable(struct kunit *test)
{
	static const u8 flags[] = {
		0, PVCLOCK_GUEST_STOPPED, PVCLOCK_TSC_STABLE_BIT,
		PVCLOCK_TSC_STABLE_BIT | PVCLOCK_GUEST_STOPPED,
	};
	struct vmclock_instant now;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		host_page.flags = flags[i];
		KUNIT_ASSERT_EQ(test, vmclock_pvclock_read(&host_page, &now), 0);
		KUNIT_EXPECT_EQ(test, now.page.stable, i >= 2);
	}
}

static void pvclock_read_never_filled(struct kunit *test)
{
	struct vmclock_instant now;

	host_page = (struct pvclock_vcpu_time_info){};
	KUNIT_EXPECT_EQ(test, vmclock_pvclock_read(&host_page, &now), -ENODATA);
}

static void pvclock_read_shift_out_of_range(struct kunit *test)
{
	static const struct { s8 shift; int want; } cases[] = {
		{ -128, -ERANGE }, { -32, -ERANGE }, { -31, 0 },
		{ 31, 0 }, { 32, -ERANGE }, { 127, -ERANGE },
	};
	struct vmclock_instant now;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		host_page.tsc_shift = cases[i].shift;
		KUNIT_EXPECT_EQ_MSG(test, vmclock_pvclock_read(&host_page, &now),
				    cases[i].want, "shift %d", cases[i].shift);
	}
}

static void pvclock_read_page_from_future(struct kunit *test)
{
	struct vmclock_instant now;

	next_tsc = host_page.tsc_timestamp - 1;
	KUNIT_EXPECT_EQ(test, vmclock_pvclock_read(&host_page, &now), -EAGAIN);
}

static void pvclock_read_version_odd(struct kunit *test)
{
	struct vmclock_instant now;

	host_page.version = 7;
	KUNIT_EXPECT_EQ(test, vmclock_pvclock_read(&host_page, &now),
			-ETIMEDOUT);
}

static void pvclock_read_version_ever_changing(struct kunit *test)
{
	struct vmclock_instant now;

	host_changes = INT_MAX;
	fake_tsc = tsc_and_host_update;
	KUNIT_EXPECT_EQ(test, vmclock_pvclock_read(&host_page, &now),
			-ETIMEDOUT);
	/* The bound: a thousand tries. */
	KUNIT_EXPECT_EQ(test, INT_MAX - host_changes, 1000);
}

static void pvclock_read_changed_in_mid_read(struct kunit *test)
{
	struct vmclock_instant now;

	host_changes = 3;
	fake_tsc = tsc_and_host_update;
	next_tsc = 1003000 + 10;
	KUNIT_ASSERT_EQ(test, vmclock_pvclock_read(&host_page, &now), 0);
	KUNIT_EXPECT_EQ(test, now.page.version, 12U);
	KUNIT_EXPECT_EQ(test, now.page.tsc_base, 1003000ULL);
	KUNIT_EXPECT_EQ(test, now.ref_ns, 700ULL + 3 * 5000 + 5);
}

static void pvclock_read_version_wraps(struct kunit *test)
{
	struct vmclock_instant now;

	host_page.version = U32_MAX - 1;
	host_changes = 1;
	fake_tsc = tsc_and_host_update;
	next_tsc = 1001000;
	KUNIT_ASSERT_EQ(test, vmclock_pvclock_read(&host_page, &now), 0);
	KUNIT_EXPECT_EQ(test, host_page.version, 0U);
	KUNIT_EXPECT_EQ(test, now.ref_ns, 5700ULL);
}

/* The version that is looked at first is even, the one after the data odd. */
static void pvclock_read_update_begins_in_mid_read(struct kunit *test)
{
	struct vmclock_instant now;

	fake_tsc = tsc_and_host_begins;
	KUNIT_EXPECT_EQ(test, vmclock_pvclock_read(&host_page, &now),
			-ETIMEDOUT);
}

/* And the other way round: data from the middle of an update. */
static void pvclock_read_update_ends_in_mid_read(struct kunit *test)
{
	struct vmclock_instant now;

	host_page.version = 7;
	host_changes = 5;
	fake_tsc = tsc_and_host_ends;
	KUNIT_EXPECT_EQ(test, vmclock_pvclock_read(&host_page, &now), 0);
	KUNIT_EXPECT_EQ(test, host_page.version, 8U);
	KUNIT_EXPECT_EQ(test, host_changes, 0);
}

#define WRITER_MUL(n)	(1U << 31 | ((n) & 0xffff))

static void rewrite(u32 n)
{
	WRITE_ONCE(host_page.version, host_page.version + 1);
	virt_wmb(); /* as the host does it */
	WRITE_ONCE(host_page.tsc_timestamp, n);
	WRITE_ONCE(host_page.system_time, (u64)n << 20);
	WRITE_ONCE(host_page.tsc_to_system_mul, WRITER_MUL(n));
	virt_wmb(); /* as the host does it */
	WRITE_ONCE(host_page.version, host_page.version + 1);
}

static int rewriter(void *unused)
{
	u32 n = 0;

	while (!kthread_should_stop()) {
		rewrite(++n);
		if (!(n & 0xfff))
			cond_resched();
	}
	return 0;
}

/* A host on another CPU that rewrites the page without a pause. */
static void pvclock_read_writer_at_full_speed(struct kunit *test)
{
	unsigned int settled = 0, unsettled = 0, torn = 0, others = 0;
	/* For a second, and as long as it takes until there is something to be said. */
	unsigned long end = jiffies + HZ, give_up = jiffies + 60 * HZ;
	struct vmclock_instant now;
	struct task_struct *writer;

	host_page = (struct pvclock_vcpu_time_info){
		.tsc_to_system_mul = WRITER_MUL(0),
	};
	fake_tsc = NULL;
	writer = kthread_run(rewriter, NULL, "vmclock-writer");
	KUNIT_ASSERT_FALSE(test, IS_ERR(writer));
	while (time_before(jiffies, settled ? end : give_up)) {
		int ret = vmclock_pvclock_read(&host_page, &now);

		if (ret == -ETIMEDOUT)
			unsettled++;
		else if (ret)
			others++;
		else if (now.page.ref_base == now.page.tsc_base << 20 &&
			 now.page.scale == WRITER_MUL(now.page.tsc_base) &&
			 !(now.page.version & 1))
			settled++;
		else
			torn++;
		cond_resched();
	}
	kthread_stop(writer);
	kunit_info(test, "%u settled, %u unsettled", settled, unsettled);
	KUNIT_EXPECT_GT(test, settled, 0U);
	KUNIT_EXPECT_EQ(test, torn, 0U);
	KUNIT_EXPECT_EQ(test, others, 0U);
}

static struct kunit_case pvclock_cases[] = {
	KUNIT_CASE_PARAM(pvclock_ref, ref_gen_params),
	KUNIT_CASE(pvclock_ref_random),
	KUNIT_CASE(pvclock_ref_is_kvm_clock),
	KUNIT_CASE(pvclock_ref_fraction),
	KUNIT_CASE(pvclock_read_settled),
	KUNIT_CASE(pvclock_read_negative_shift),
	KUNIT_CASE(pvclock_read_stable),
	KUNIT_CASE(pvclock_read_never_filled),
	KUNIT_CASE(pvclock_read_shift_out_of_range),
	KUNIT_CASE(pvclock_read_page_from_future),
	KUNIT_CASE(pvclock_read_version_odd),
	KUNIT_CASE(pvclock_read_version_ever_changing),
	KUNIT_CASE(pvclock_read_changed_in_mid_read),
	KUNIT_CASE(pvclock_read_version_wraps),
	KUNIT_CASE(pvclock_read_update_begins_in_mid_read),
	KUNIT_CASE(pvclock_read_update_ends_in_mid_read),
	KUNIT_CASE(pvclock_read_writer_at_full_speed),
	{}
};

static struct kunit_suite pvclock_suite = {
	.name = "vmclock_page_pvclock",
	.init = pvclock_test_init,
	.exit = pvclock_test_exit,
	.test_cases = pvclock_cases,
};

kunit_test_suite(pvclock_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/page_pvclock.c");
MODULE_LICENSE("GPL");
