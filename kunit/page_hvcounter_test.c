// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference counter: a host that stops it, sets it, or has another TSC is noticed, and
 * one that does nothing is left alone.
 */
#include <linux/limits.h>
#include <linux/time64.h>
#include <kunit/test.h>

#include "seed.h"
#include "../kmod/page_hvcounter.c"

#define KHZ		2400000
#define BEGIN_TSC	1000000000000ULL
#define BEGIN_NS	5000000000ULL

/* A guest: its TSC and its counter, each advanced by hand. */
struct guest {
	struct vmclock_hvcounter seen;
	u32 real_khz;
	u64 tsc, ref_ns;
};

static u32 look(struct guest *guest)
{
	return vmclock_hvcounter_look(&guest->seen, KHZ, guest->tsc, 0, guest->ref_ns);
}

static void run_us(struct guest *guest, u64 us)
{
	guest->tsc += us * guest->real_khz / 1000;
	guest->ref_ns += us * 1000;
}

static void pause_us(struct guest *guest, u64 us)
{
	guest->tsc += us * guest->real_khz / 1000;
}

static struct guest guest_at(u32 real_khz)
{
	return (struct guest){
		.real_khz = real_khz,
		.tsc = BEGIN_TSC,
		.ref_ns = BEGIN_NS,
	};
}

/* The kernel's idea of the frequency may be 900 ppm off; from 1 us to an hour between looks. */
static void counter_stays_the_same(struct kunit *test)
{
	static const u32 real_khz[] = { KHZ, KHZ / 10000 * 10009, KHZ / 10000 * 9991 };
	u64 us;
	int i;

	for (i = 0; i < ARRAY_SIZE(real_khz); i++) {
		struct guest guest = guest_at(real_khz[i]);

		KUNIT_EXPECT_EQ(test, look(&guest), 1);
		for (us = 1; us < 3600 * USEC_PER_SEC; us *= 3) {
			run_us(&guest, us);
			KUNIT_EXPECT_EQ(test, look(&guest), 1);
			run_us(&guest, 1);
			KUNIT_EXPECT_EQ(test, look(&guest), 1);
		}
	}
}

/* From 2.5 ms (a second unseen may hide 1 ms) to a month, however long was not looked. */
static void counter_stopped(struct kunit *test)
{
	u64 us, unseen_us;

	for (unseen_us = 1; unseen_us <= USEC_PER_SEC; unseen_us *= 10) {
		for (us = 2500; us < 31 * 86400 * USEC_PER_SEC; us *= 7) {
			struct guest guest = guest_at(KHZ);

			look(&guest);
			run_us(&guest, 2 * USEC_PER_SEC);
			KUNIT_EXPECT_EQ(test, look(&guest), 1);
			run_us(&guest, unseen_us);
			pause_us(&guest, us);
			KUNIT_EXPECT_EQ(test, look(&guest), 2);
		}
	}
}

/* What is read right after the pause is enough, and then it is the same until the next. */
static void counter_stops_again_and_again(struct kunit *test)
{
	struct guest guest = guest_at(KHZ);
	u32 version = look(&guest), now;
	int i, j;

	for (i = 0; i < 10; i++) {
		pause_us(&guest, 10 * USEC_PER_SEC);
		now = look(&guest);
		KUNIT_EXPECT_NE(test, now, version);
		version = now;
		/* The rate is measured anew, which is a version of its own. */
		run_us(&guest, USEC_PER_SEC);
		now = look(&guest);
		KUNIT_EXPECT_NE(test, now, version);
		version = now;
		for (j = 0; j < 10; j++) {
			run_us(&guest, USEC_PER_SEC);
			KUNIT_EXPECT_EQ(test, look(&guest), version);
		}
	}
}

/* A pause in the very span over which the rate is measured. */
static void counter_stops_while_rate_is_measured(struct kunit *test)
{
	struct guest guest = guest_at(KHZ);
	u32 version, now;

	look(&guest);
	pause_us(&guest, USEC_PER_SEC);
	version = look(&guest);
	run_us(&guest, 50000);
	pause_us(&guest, USEC_PER_SEC);
	run_us(&guest, 50000);
	now = look(&guest);
	KUNIT_EXPECT_NE(test, now, version);
	/* That gave a rate that nobody has: noticed, and measured once more. */
	run_us(&guest, USEC_PER_SEC);
	version = look(&guest);
	KUNIT_EXPECT_NE(test, now, version);
	run_us(&guest, USEC_PER_SEC);
	version = look(&guest);
	run_us(&guest, USEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, look(&guest), version);
}

/* Migrated to a host whose TSC is half as fast, and set back. */
static void counter_of_another_tsc(struct kunit *test)
{
	struct guest guest = guest_at(KHZ);
	u32 version;
	int i;

	look(&guest);
	guest.real_khz = KHZ / 2;
	guest.tsc = 1000;
	KUNIT_EXPECT_EQ(test, look(&guest), 2);
	run_us(&guest, USEC_PER_SEC);
	version = look(&guest);
	for (i = 0; i < 20; i++) {
		run_us(&guest, USEC_PER_SEC);
		KUNIT_EXPECT_EQ(test, look(&guest), version);
	}
	pause_us(&guest, 10000);
	KUNIT_EXPECT_NE(test, look(&guest), version);
}

/* From the disk, after a cold boot: both clocks are on the very line that they were on. */
static void counter_starts_again(struct kunit *test)
{
	struct guest guest = {
		.real_khz = KHZ, .tsc = 3600ULL * KHZ * 1000, .ref_ns = 3600 * NSEC_PER_SEC,
	};

	KUNIT_EXPECT_EQ(test, look(&guest), 1);
	guest.tsc = 60ULL * KHZ * 1000;
	guest.ref_ns = 60 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, look(&guest), 2);
}

/* Readings of two CPUs, of which the older comes second. */
static void counter_read_in_the_wrong_order(struct kunit *test)
{
	struct guest guest = guest_at(KHZ), older;

	look(&guest);
	run_us(&guest, USEC_PER_SEC);
	older = guest;
	run_us(&guest, 200);
	KUNIT_EXPECT_EQ(test, look(&guest), 1);
	older.seen = guest.seen;
	KUNIT_EXPECT_EQ(test, look(&older), 1);
}

/* Held up between reading the TSC and the counter: it says so by its ticks. */
static void counter_read_slowly(struct kunit *test)
{
	struct guest guest = guest_at(KHZ);
	u64 before;

	look(&guest);
	run_us(&guest, 1000);
	before = guest.tsc;
	run_us(&guest, 50000);
	KUNIT_EXPECT_EQ(test, 1, vmclock_hvcounter_look(&guest.seen, KHZ, before,
							guest.tsc - before, guest.ref_ns));
}

/* Whatever the host says: a version, and no fault of the CPU's. */
static void counter_of_random_numbers(struct kunit *test)
{
	struct vmclock_hvcounter seen = {};
	struct rnd_state random = random_begin(test);
	int i;

	for (i = 0; i < 100000; i++) {
		u64 tsc = random_length(&random), ticks = random_length(&random);
		u64 ref_ns = random_length(&random) & S64_MAX;
		u32 khz = random_length(&random);

		KUNIT_ASSERT_NE(test, 0, vmclock_hvcounter_look(&seen, khz, tsc, ticks, ref_ns));
	}
	seen.version = U32_MAX;
	seen.rate = 1ULL << RATE_SHIFT;
	seen.tsc = 0;
	seen.ref_ns = 0;
	KUNIT_EXPECT_EQ(test, vmclock_hvcounter_look(&seen, KHZ, 0, 0, S64_MAX), 1);
}

static struct kunit_case hvcounter_cases[] = {
	KUNIT_CASE(counter_stays_the_same),
	KUNIT_CASE(counter_stopped),
	KUNIT_CASE(counter_stops_again_and_again),
	KUNIT_CASE(counter_stops_while_rate_is_measured),
	KUNIT_CASE(counter_of_another_tsc),
	KUNIT_CASE(counter_starts_again),
	KUNIT_CASE(counter_read_in_the_wrong_order),
	KUNIT_CASE(counter_read_slowly),
	KUNIT_CASE(counter_of_random_numbers),
	{}
};

static struct kunit_suite hvcounter_suite = {
	.name = "vmclock_page_hvcounter",
	.test_cases = hvcounter_cases,
};

kunit_test_suite(hvcounter_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/page_hvcounter.c");
MODULE_LICENSE("GPL");
