// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system clock, set where the host asks for it and nobody else would: over a made system
 * clock that is steered, set and held up in every way there is.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <kunit/test.h>

#include "../kmod/compat/compat.h"

static bool made_snapshot(clockid_t clockid, struct system_time_snapshot *snapshot);
static u64 made_boottime_ns(void);
static ktime_t made_real(void);
static int made_settimeofday(const struct timespec64 *ts);

#define compat_get_snapshot(clockid, snapshot)	made_snapshot(clockid, snapshot)
#define ktime_get_boottime_ns			made_boottime_ns
#define ktime_get_real				made_real
#define do_settimeofday64			made_settimeofday
#include "../kmod/settime.c"

#define HOST_NS		(1700000000 * NSEC_PER_SEC)

static struct {
	s64 real_ns, monoraw_ns, boottime_ns, host_ns;
	s64 rate_ppb;		/* of the system clock */
	u64 asked_ns;
	s64 held_up_ns;		/* each time the clock is set, for the first so many */
	int held_up;
	int error;
	int error_once_set;	/* when the clock is read again after it was set */
	u64 page_changes;
	s64 sleeps_s_then;	/* just before the clocks are compared */
	int sets;
	bool no_snapshots;
} made;

static bool made_snapshot(clockid_t clockid, struct system_time_snapshot *snapshot)
{
	*snapshot = (struct system_time_snapshot){};
#if COMPAT_SNAPSHOT_ID
	snapshot->systime = ns_to_ktime(made.real_ns);
	snapshot->monoraw = ns_to_ktime(made.monoraw_ns);
#else
	snapshot->real = ns_to_ktime(made.real_ns);
	snapshot->raw = ns_to_ktime(made.monoraw_ns);
#endif
	return !made.no_snapshots;
}

static u64 made_boottime_ns(void)
{
	return made.boottime_ns;
}

static ktime_t made_real(void)
{
	return ns_to_ktime(made.real_ns);
}

static void pass(s64 ns)
{
	made.monoraw_ns += ns;
	made.boottime_ns += ns;
	made.host_ns += ns;
	made.real_ns += ns + div_s64(ns, NSEC_PER_SEC) * made.rate_ppb;
}

static int made_settimeofday(const struct timespec64 *ts)
{
	made.sets++;
	if (made.held_up-- > 0)
		pass(made.held_up_ns);
	made.real_ns = timespec64_to_ns(ts);
	return 0;
}

int vmclock_clock_read(u64 max_age_ns, s64 *host_ns)
{
	*host_ns = made.host_ns;
	if (made.sets && made.error_once_set)
		swap(made.error_once_set, made.error);
	return made.error;
}

/* The host stops the guest meanwhile, and writes its page. */
static void sleeps(s64 sec)
{
	made.page_changes++;
	made.host_ns += sec * NSEC_PER_SEC;
}

int vmclock_crosststamp(clockid_t clockid, u64 max_width_ns,
			struct vmclock_crosststamp *both)
{
	if (made.sleeps_s_then)
		sleeps(made.sleeps_s_then);
	made.sleeps_s_then = 0;
	*both = (struct vmclock_crosststamp){ .host_ns = made.host_ns };
	made_snapshot(clockid, &both->system);
	return made.error;
}

void vmclock_clock_count(struct vmclock_counts *counts)
{
	*counts = (struct vmclock_counts){ .page_changes = made.page_changes };
}

u64 vmclock_phc_last_asked(void)
{
	return made.asked_ns;
}

/* The host tells its time; true if we want to look again of ourselves. */
static bool sampled(bool sync)
{
	WRITE_ONCE(sync_asked, READ_ONCE(sync_asked) || sync);
	settime(&settime_work.work);
	return cancel_delayed_work_sync(&settime_work);
}

/* As it is on a host that sends each 5 s. */
static void samples(int count)
{
	while (count--) {
		pass(5 * NSEC_PER_SEC);
		sampled(false);
	}
}

static int settime_test_init(struct kunit *test)
{
	memset(&made, 0, sizeof(made));
	memset(&system, 0, sizeof(system));
	sync_asked = false;
	made.host_ns = HOST_NS;
	made.real_ns = HOST_NS;
	made.monoraw_ns = 10 * NSEC_PER_SEC;
	made.boottime_ns = 5000 * NSEC_PER_SEC;
	return 0;
}

/* At boot, with the clock that the RTC gave. */
static void settime_as_the_host_asked(struct kunit *test)
{
	made.real_ns -= 7200 * NSEC_PER_SEC;
	/* Whether somebody steers it is seen after a second. */
	KUNIT_EXPECT_TRUE(test, sampled(true));
	KUNIT_EXPECT_EQ(test, made.sets, 0);
	pass(1100 * NSEC_PER_MSEC);
	KUNIT_EXPECT_FALSE(test, sampled(false));
	KUNIT_EXPECT_EQ(test, made.sets, 1);
	KUNIT_EXPECT_EQ(test, made.real_ns, made.host_ns);
	samples(3);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
}

/* A clock at rest goes back and forth by 119 ppb. */
static void settime_of_a_clock_at_rest(struct kunit *test)
{
	made.rate_ppb = 119;
	samples(1);
	made.rate_ppb = -119;
	samples(2);
	sampled(true);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
}

static void settime_not_under_a_servo(struct kunit *test)
{
	samples(3);
	made.asked_ns = made.boottime_ns;
	made.real_ns -= 7200 * NSEC_PER_SEC;
	sampled(true);
	samples(100);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
	/* It has gone, and the clock is still wrong. */
	samples(2048 / 5);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
	KUNIT_EXPECT_EQ(test, made.real_ns, made.host_ns);
}

/* A daemon that we do not see, but for the clock's rate, which it changes by little and seldom. */
static void settime_not_under_another_daemon(struct kunit *test)
{
	made.rate_ppb = -1300;
	samples(2);
	/* Longer than any looks away. */
	samples(2100 / 5);
	made.host_ns += 10 * NSEC_PER_SEC;
	sampled(true);
	samples(2);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
	KUNIT_EXPECT_TRUE(test, system.told_steered);
	/* Which has put it right, and so it is no longer wanted. */
	made.real_ns = made.host_ns;
	samples(1);
	KUNIT_EXPECT_NULL(test, system.wanted);
}

static void settime_after_a_sleep(struct kunit *test)
{
	samples(3);
	sleeps(3600);
	samples(1);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
	KUNIT_EXPECT_EQ(test, made.real_ns, made.host_ns);
	/* And after another. */
	samples(3);
	sleeps(3);
	samples(1);
	KUNIT_EXPECT_EQ(test, made.sets, 2);
}

/* The host's clock was set, which did not have the guest sleep. */
static void settime_not_where_the_host_was_set(struct kunit *test)
{
	samples(3);
	/* Of before that, and over. */
	made.page_changes++;
	samples(1);
	made.host_ns += 3600 * NSEC_PER_SEC;
	samples(3);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
	/* Nor because of what comes later. */
	made.page_changes++;
	samples(3);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
}

/* Right after the clock was set by a time of after the sleep: that sleep is over. */
static void settime_not_again_for_the_same_sleep(struct kunit *test)
{
	samples(3);
	sleeps(3600);
	sampled(true);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
	/* The host sets its own. */
	made.host_ns += 600 * NSEC_PER_SEC;
	samples(3);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
	sampled(true);
	KUNIT_EXPECT_EQ(test, made.sets, 2);
	/* A person does. */
	pass(NSEC_PER_SEC);
	made.real_ns -= 600 * NSEC_PER_SEC;
	samples(3);
	KUNIT_EXPECT_EQ(test, made.sets, 2);
}

/* It is compared after the sleep, and the page's changes were counted before. */
static void settime_asleep_meanwhile(struct kunit *test)
{
	samples(3);
	made.sleeps_s_then = 3600;
	samples(1);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
	samples(1);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
	KUNIT_EXPECT_EQ(test, made.real_ns, made.host_ns);
	/* Set by a person before that, which is seen with it. */
	made.real_ns -= 3600 * NSEC_PER_SEC;
	made.sleeps_s_then = 3;
	samples(5);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
}

/* Paused again before it could be seen whether it had been set well: that was nobody else. */
static void settime_once_more(struct kunit *test)
{
	samples(2);
	made.real_ns -= 7200 * NSEC_PER_SEC;
	samples(2);
	made.error_once_set = -ESTALE;
	sampled(true);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
	sleeps(100);
	made.error = 0;
	samples(2);
	KUNIT_EXPECT_EQ(test, made.real_ns, made.host_ns);
}

/* Nothing sleeps backwards, nor for less than is worth a step. */
static void settime_not_for_less(struct kunit *test)
{
	samples(3);
	made.page_changes++;
	made.host_ns += 1900 * NSEC_PER_MSEC;
	samples(2);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
	sleeps(-3600);
	samples(2);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
}

/* A person who sets the clock wants it as it is then. */
static void settime_not_where_set_by_hand(struct kunit *test)
{
	samples(3);
	sleeps(3);
	made.real_ns -= 3600 * NSEC_PER_SEC;
	samples(5);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
	/* Until the host asks. */
	sampled(true);
	samples(1);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
}

/* A clock that was never right did not sleep. */
static void settime_not_where_it_never_was_right(struct kunit *test)
{
	made.real_ns -= 3600 * NSEC_PER_SEC;
	samples(5);
	sleeps(3);
	samples(2);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
}

static void settime_waits_for_a_time(struct kunit *test)
{
	samples(2);
	/* Ahead: were it behind, a sleep would be reason enough. */
	made.real_ns += 3600 * NSEC_PER_SEC;
	made.error = -ESTALE;
	sampled(true);
	samples(2);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
	made.error = 0;
	samples(1);
	KUNIT_EXPECT_EQ(test, made.sets, 1);
}

/* Between the reading of the one and the setting of the other. */
static void settime_held_up(struct kunit *test)
{
	samples(2);
	made.held_up = 2;
	made.held_up_ns = 20 * NSEC_PER_MSEC;
	sampled(true);
	KUNIT_EXPECT_EQ(test, made.sets, 3);
	KUNIT_EXPECT_EQ(test, made.real_ns, made.host_ns);

	/* Not for ever. */
	samples(2);
	made.held_up = 1000;
	sampled(true);
	KUNIT_EXPECT_EQ(test, made.sets, 3 + SET_TRIES);
}

/* A kernel without snapshots tells nothing of rates: then nobody's clock is touched. */
static void settime_without_snapshots(struct kunit *test)
{
	made.no_snapshots = true;
	made.real_ns -= 3600 * NSEC_PER_SEC;
	KUNIT_EXPECT_TRUE(test, sampled(true));
	samples(3);
	KUNIT_EXPECT_EQ(test, made.sets, 0);
}

static void settime_is_work(struct kunit *test)
{
	/* One that finds no time. */
	made.error = -ENODATA;
	vmclock_settime_sampled(true);
	vmclock_settime_stop();
	KUNIT_EXPECT_TRUE(test, READ_ONCE(sync_asked));
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&settime_work));
}

static struct kunit_case settime_cases[] = {
	KUNIT_CASE(settime_as_the_host_asked),
	KUNIT_CASE(settime_of_a_clock_at_rest),
	KUNIT_CASE(settime_not_under_a_servo),
	KUNIT_CASE(settime_not_under_another_daemon),
	KUNIT_CASE(settime_after_a_sleep),
	KUNIT_CASE(settime_not_where_the_host_was_set),
	KUNIT_CASE(settime_not_again_for_the_same_sleep),
	KUNIT_CASE(settime_asleep_meanwhile),
	KUNIT_CASE(settime_once_more),
	KUNIT_CASE(settime_not_for_less),
	KUNIT_CASE(settime_not_where_set_by_hand),
	KUNIT_CASE(settime_not_where_it_never_was_right),
	KUNIT_CASE(settime_waits_for_a_time),
	KUNIT_CASE(settime_held_up),
	KUNIT_CASE(settime_without_snapshots),
	KUNIT_CASE(settime_is_work),
	{}
};

static struct kunit_suite settime_suite = {
	.name = "vmclock_settime",
	.init = settime_test_init,
	.test_cases = settime_cases,
};

kunit_test_suite(settime_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/settime.c");
MODULE_LICENSE("GPL");
