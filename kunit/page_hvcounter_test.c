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
			KUNIT_EXPECT_EQ(test, look(&guest), 0);
			run_us(&guest, 99000);
			KUNIT_EXPECT_EQ(test, look(&guest), 0);
			run_us(&guest, 1000);
			KUNIT_EXPECT_EQ(test, look(&guest), 2);
		}
	}
}

/* What is read right after the pause is enough; then the rate is measured, until the next. */
static void counter_stops_again_and_again(struct kunit *test)
{
	struct guest guest = guest_at(KHZ);
	u32 version = look(&guest), now;
	int i, j;

	for (i = 0; i < 10; i++) {
		pause_us(&guest, 10 * USEC_PER_SEC);
		KUNIT_EXPECT_EQ(test, look(&guest), 0);
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
	u32 version;

	look(&guest);
	pause_us(&guest, USEC_PER_SEC);
	look(&guest);
	run_us(&guest, 50000);
	pause_us(&guest, USEC_PER_SEC);
	run_us(&guest, 50000);
	version = look(&guest);
	KUNIT_EXPECT_NE(test, version, 1);
	/* That gave a rate that nobody has: noticed, and measured once more. */
	run_us(&guest, USEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, look(&guest), 0);
	run_us(&guest, USEC_PER_SEC);
	KUNIT_EXPECT_NE(test, look(&guest), version);
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
	KUNIT_EXPECT_EQ(test, look(&guest), 0);
	run_us(&guest, USEC_PER_SEC);
	version = look(&guest);
	KUNIT_EXPECT_EQ(test, version, 2);
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
	KUNIT_EXPECT_EQ(test, look(&guest), 0);
	/* And once more, before the rate is known. */
	guest.tsc = 1ULL * KHZ * 1000;
	guest.ref_ns = 1 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, look(&guest), 0);
	run_us(&guest, USEC_PER_SEC);
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

/* Held up for so long between reading the TSC and the counter: it says so by its ticks. */
static u32 look_slowly(struct guest *guest, u64 us)
{
	u64 before = guest->tsc;

	run_us(guest, us);
	return vmclock_hvcounter_look(&guest->seen, KHZ, before, guest->tsc - before,
				      guest->ref_ns);
}

static void counter_read_slowly(struct kunit *test)
{
	struct guest guest = guest_at(KHZ);

	KUNIT_EXPECT_EQ(test, look_slowly(&guest, 101), 0);
	KUNIT_EXPECT_EQ(test, look_slowly(&guest, 100), 1);
	run_us(&guest, USEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, look_slowly(&guest, 300), 0);
	/* Nor is it what the next is held against. */
	KUNIT_EXPECT_EQ(test, look(&guest), 1);
	run_us(&guest, USEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, look_slowly(&guest, 50000), 0);
	KUNIT_EXPECT_EQ(test, look(&guest), 1);
}

/* The first look after a pause, held up for longer than that. */
static void counter_stopped_and_read_slowly(struct kunit *test)
{
	struct guest guest = guest_at(KHZ);

	look(&guest);
	run_us(&guest, USEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, look(&guest), 1);
	pause_us(&guest, 2 * USEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, look_slowly(&guest, 2100000), 0);
	KUNIT_EXPECT_EQ(test, look(&guest), 0);
	/* Nor does it tell the rate. */
	run_us(&guest, 60000);
	KUNIT_EXPECT_EQ(test, look_slowly(&guest, 50000), 0);
	run_us(&guest, 1000);
	KUNIT_EXPECT_EQ(test, look(&guest), 2);
	run_us(&guest, USEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, look(&guest), 2);
}

/* Nobody knows how fast the TSC is: measured, and nothing is told until then. */
static void counter_of_an_unknown_tsc(struct kunit *test)
{
	struct guest guest = guest_at(KHZ);
	int i;

	for (i = 0; i < 100; i++) {
		KUNIT_EXPECT_EQ(test, 0, vmclock_hvcounter_look(&guest.seen, 0, guest.tsc, 99,
								guest.ref_ns));
		run_us(&guest, 1000);
	}
	KUNIT_EXPECT_EQ(test, look(&guest), 1);
}

/* Whatever the host says: a version or none, and no fault of the CPU's. */
static void counter_of_random_numbers(struct kunit *test)
{
	struct vmclock_hvcounter seen = {};
	struct rnd_state random = random_begin(test);
	int i, versions = 0;

	for (i = 0; i < 100000; i++) {
		u64 tsc = random_length(&random), ticks = random_length(&random);
		u64 ref_ns = random_length(&random) & S64_MAX;
		u32 khz = random_length(&random);

		if (vmclock_hvcounter_look(&seen, khz, tsc, ticks, ref_ns))
			versions++;
	}
	KUNIT_EXPECT_GT(test, versions, 0);
	seen = (struct vmclock_hvcounter){ .begun = true, .version = U32_MAX };
	KUNIT_EXPECT_EQ(test, 1, vmclock_hvcounter_look(&seen, KHZ, KHZ * 1000ULL, 0,
							NSEC_PER_SEC));
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
	KUNIT_CASE(counter_stopped_and_read_slowly),
	KUNIT_CASE(counter_of_an_unknown_tsc),
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
