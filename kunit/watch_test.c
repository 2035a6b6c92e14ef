// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disruptions: made clocks that come apart in every way there is, and in none.
 */
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <kunit/test.h>

static ktime_t made_mono_to_any(ktime_t mono, enum tk_offsets offset);

#define ktime_mono_to_any	made_mono_to_any
#include "../kmod/watch.c"

static struct {
	int error;
	s64 host_ns, monoraw_ns;
	struct vmclock_page page;
	u64 page_changes;
	s64 slept_ns;
	/* Just before the clocks are compared: asleep of itself, or paused; and just after. */
	s64 slept_then_ns, paused_then_ns;
	u64 page_changes_then;
	struct vmclock_host host;
	int told;
	struct vmclock_disruptions last_told;
} made;

int vmclock_crosststamp(clockid_t clockid, u64 max_width_ns,
			struct vmclock_crosststamp *both)
{
	if (made.error)
		return made.error;
	made.slept_ns += made.slept_then_ns;
	made.host_ns += made.slept_then_ns + made.paused_then_ns;
	made.page_changes += !!made.paused_then_ns;
	made.slept_then_ns = 0;
	made.paused_then_ns = 0;
	*both = (struct vmclock_crosststamp){ .host_ns = made.host_ns, .page = made.page };
#if COMPAT_SNAPSHOT_ID
	both->system.monoraw = ns_to_ktime(made.monoraw_ns);
#else
	both->system.raw = ns_to_ktime(made.monoraw_ns);
#endif
	made.page_changes += made.page_changes_then;
	made.page_changes_then = 0;
	return 0;
}

static ktime_t made_mono_to_any(ktime_t mono, enum tk_offsets offset)
{
	return offset == TK_OFFS_BOOT ? ktime_add_ns(mono, made.slept_ns) : 0;
}

void vmclock_clock_count(struct vmclock_counts *counts)
{
	*counts = (struct vmclock_counts){ .page_changes = made.page_changes };
}

const struct vmclock_host *vmclock_clock_host(void)
{
	return &made.host;
}

static void made_fed(struct vmclock_feed_facts *facts)
{
}

static void made_disrupted(const struct vmclock_disruptions *all)
{
	made.told++;
	made.last_told = *all;
}

/* A second passes on both clocks, and a bit more or less on the host's; then a look. */
static void second_passes(s64 gain_ns)
{
	made.monoraw_ns += NSEC_PER_SEC;
	made.host_ns += NSEC_PER_SEC + gain_ns;
	look(&look_work.work);
}

static int watch_test_init(struct kunit *test)
{
	memset(&made, 0, sizeof(made));
	memset(&last, 0, sizeof(last));
	memset(&disruptions, 0, sizeof(disruptions));
	sync = false;
	told_ns = 0;
	/* Never NULL: KUNIT_EXPECT_STREQ() of Linux 6.1 follows that. */
	made.last_told.cause = "none";
	made.host_ns = 1700000000 * NSEC_PER_SEC;
	made.monoraw_ns = 100 * NSEC_PER_SEC;
	made.page = (struct vmclock_page){ .ref_base = 1, .version = 2, .stable = true };
	disrupted = made_disrupted;
	look(&look_work.work);
	return 0;
}

static void watch_test_exit(struct kunit *test)
{
	vmclock_watch_stop();
}

static void watch_nothing_happens(struct kunit *test)
{
	/* Up to a slew of a tenth, either way. */
	static const s64 gains_ns[] = { 0, 50000, -50000, 99999999, -99999999 };
	size_t i;

	KUNIT_EXPECT_EQ(test, made.told, 0);
	for (i = 0; i < ARRAY_SIZE(gains_ns); i++)
		second_passes(gains_ns[i]);
	KUNIT_EXPECT_EQ(test, made.told, 0);
}

static void watch_jumps(struct kunit *test)
{
	static const s64 gains_ns[] = {
		100000001, -100000001, 3600 * NSEC_PER_SEC, -345600 * NSEC_PER_SEC,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gains_ns); i++) {
		second_passes(gains_ns[i]);
		KUNIT_EXPECT_EQ(test, made.told, (int)i + 1);
		KUNIT_EXPECT_EQ(test, made.last_told.count, i + 1);
		KUNIT_EXPECT_EQ(test, made.last_told.step_ns, gains_ns[i]);
		KUNIT_EXPECT_STREQ(test, made.last_told.cause, "step");
		second_passes(0);
		KUNIT_EXPECT_EQ(test, made.told, (int)i + 1);
	}
}

/* Where the page says that something was done, much less is a disruption; but it must be one. */
static void watch_page_changes(struct kunit *test)
{
	made.page.ref_base++;
	second_passes(500000);
	KUNIT_EXPECT_EQ(test, made.told, 0);
	made.page.ref_base++;
	second_passes(20000000);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "page");
	second_passes(20000000);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	/* One so large may be of either; and the page was written. */
	made.page.tsc_base++;
	second_passes(90 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, made.told, 2);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "page");
}

/* Suspended of itself, for which the kernel sets the system clock right; but for half a second. */
static void watch_own_sleep(struct kunit *test)
{
	made.page.ref_base++;
	made.slept_ns = 3600 * NSEC_PER_SEC;
	second_passes(3600 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, made.told, 0);
	made.page.ref_base++;
	made.slept_ns *= 2;
	second_passes(3600 * NSEC_PER_SEC + NSEC_PER_SEC / 2);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	KUNIT_EXPECT_EQ(test, made.last_told.step_ns, (s64)NSEC_PER_SEC / 2);
	/* The sleep leaves no room for a slew. */
	made.slept_ns += 10 * NSEC_PER_SEC;
	second_passes(10 * NSEC_PER_SEC + NSEC_PER_SEC / 2);
	KUNIT_EXPECT_EQ(test, made.told, 2);
	/* While it was looking. */
	made.slept_then_ns = 60 * NSEC_PER_SEC;
	second_passes(0);
	second_passes(0);
	KUNIT_EXPECT_EQ(test, made.told, 2);
}

/* The page changes between the comparison and the count, and the other way round. */
static void watch_page_changes_meanwhile(struct kunit *test)
{
	made.host.fed = made_fed;
	made.page_changes_then = 1;
	second_passes(0);
	second_passes(20000000);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "page");
	made.paused_then_ns = 20000000;
	second_passes(0);
	second_passes(0);
	KUNIT_EXPECT_EQ(test, made.told, 2);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "page");
}

/* Where each of our looks counts one, as it does on a host that writes its pages all the time. */
static void watch_page_changes_all_the_time(struct kunit *test)
{
	int i;

	for (i = 0; i < 3; i++) {
		made.page_changes_then = 1;
		second_passes(NSEC_PER_SEC);
		KUNIT_EXPECT_EQ(test, made.told, i + 1);
	}
}

/* Each of its numbers says so. */
static void watch_page_numbers(struct kunit *test)
{
	int told = 0;

	made.page.tsc_base++;
	second_passes(2000000);
	KUNIT_EXPECT_EQ(test, made.told, ++told);
	made.page.ref_base--;
	second_passes(-2000000);
	KUNIT_EXPECT_EQ(test, made.told, ++told);
	made.page.scale++;
	second_passes(2000000);
	KUNIT_EXPECT_EQ(test, made.told, ++told);
	made.page.shift--;
	second_passes(2000000);
	KUNIT_EXPECT_EQ(test, made.told, ++told);
}

/* Another CPU's page, or the host's update from time to time: the same numbers. */
static void watch_version_alone_is_no_change(struct kunit *test)
{
	made.page.version += 2;
	second_passes(20000000);
	KUNIT_EXPECT_EQ(test, made.told, 0);
	made.page.version += 2;
	second_passes(90 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "step");
}

/*
 * A host without a stable TSC writes its pages all the time, also while its clock is slewed
 * or is set to a time that is wrong.
 */
static void watch_unstable_page_tells_nothing(struct kunit *test)
{
	int i;

	made.page.stable = false;
	second_passes(0);
	for (i = 0; i < 10; i++) {
		made.page.ref_base++;
		second_passes(50000000);
	}
	KUNIT_EXPECT_EQ(test, made.told, 0);
	made.page.ref_base++;
	second_passes(3600 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "step");

	/* Moved to a host that has one, and from it. */
	made.page.stable = true;
	second_passes(20000000);
	KUNIT_EXPECT_EQ(test, made.told, 2);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "page");
	made.page.stable = false;
	second_passes(90 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, made.told, 3);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "page");
}

/* Each CPU of a KVM guest counts for itself, and may have seen late what was long ago. */
static void watch_counted_page_changes(struct kunit *test)
{
	made.page_changes++;
	second_passes(90 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "step");

	/* Of a host that feeds us they are one, and tell also what the page does not. */
	made.host.fed = made_fed;
	second_passes(0);
	made.page_changes++;
	second_passes(20000000);
	KUNIT_EXPECT_EQ(test, made.told, 2);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "page");
	made.page.ref_base++;
	second_passes(90 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, made.told, 3);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "step");
}

static void watch_sync(struct kunit *test)
{
	WRITE_ONCE(sync, true);
	second_passes(0);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	KUNIT_EXPECT_STREQ(test, made.last_told.cause, "sync");
	second_passes(0);
	KUNIT_EXPECT_EQ(test, made.told, 1);

	/* That of the boot. */
	memset(&last, 0, sizeof(last));
	WRITE_ONCE(sync, true);
	second_passes(0);
	KUNIT_EXPECT_EQ(test, made.told, 1);
}

/* It is told with the first look that succeeds; a long time may have passed. */
static void watch_cannot_look(struct kunit *test)
{
	int i;

	made.error = -ESTALE;
	for (i = 0; i < 10; i++)
		second_passes(NSEC_PER_SEC / 20);
	KUNIT_EXPECT_EQ(test, made.told, 0);
	made.error = 0;
	second_passes(0);
	KUNIT_EXPECT_EQ(test, made.told, 0);

	made.error = -ESTALE;
	second_passes(5 * NSEC_PER_SEC);
	made.error = 0;
	second_passes(0);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	KUNIT_EXPECT_EQ(test, made.last_told.step_ns, 5 * NSEC_PER_SEC);
}

/* Started, it looks without being told to. */
static void watch_by_itself(struct kunit *test)
{
	struct vmclock_disruptions all;

	memset(&last, 0, sizeof(last));
	disrupted = NULL;
	vmclock_watch_start(made_disrupted);
	flush_delayed_work(&look_work);
	KUNIT_EXPECT_EQ(test, made.told, 0);

	made.host_ns += NSEC_PER_SEC;
	vmclock_watch_sync();
	flush_delayed_work(&look_work);
	KUNIT_EXPECT_EQ(test, made.told, 1);
	vmclock_watch_disruptions(&all);
	KUNIT_EXPECT_EQ(test, all.count, 1ULL);
	KUNIT_EXPECT_EQ(test, all.step_ns, NSEC_PER_SEC);

	/* With the next look is soon enough. */
	vmclock_watch_sync();
	KUNIT_EXPECT_TRUE(test, READ_ONCE(sync));
	KUNIT_EXPECT_TRUE(test, timer_pending(&look_work.timer));

	vmclock_watch_stop();
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&look_work));
}

static struct kunit_case watch_cases[] = {
	KUNIT_CASE(watch_nothing_happens),
	KUNIT_CASE(watch_jumps),
	KUNIT_CASE(watch_page_changes),
	KUNIT_CASE(watch_own_sleep),
	KUNIT_CASE(watch_page_changes_meanwhile),
	KUNIT_CASE(watch_page_changes_all_the_time),
	KUNIT_CASE(watch_page_numbers),
	KUNIT_CASE(watch_version_alone_is_no_change),
	KUNIT_CASE(watch_unstable_page_tells_nothing),
	KUNIT_CASE(watch_counted_page_changes),
	KUNIT_CASE(watch_sync),
	KUNIT_CASE(watch_cannot_look),
	KUNIT_CASE(watch_by_itself),
	{}
};

static struct kunit_suite watch_suite = {
	.name = "vmclock_watch",
	.init = watch_test_init,
	.exit = watch_test_exit,
	.test_cases = watch_cases,
};

kunit_test_suite(watch_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/watch.c");
MODULE_LICENSE("GPL");
