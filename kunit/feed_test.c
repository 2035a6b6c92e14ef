// SPDX-License-Identifier: GPL-2.0-only
/* The feed: what it tells, when it forgets, whose silence it speaks of. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "made_feed.h"

static void feed_nothing_before_the_first_sample(struct kunit *test)
{
	expect_told(test, -ENODATA, 0);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
	KUNIT_EXPECT_EQ(test, made.sampled, 1);
}

static void feed_facts(struct kunit *test)
{
	struct vmclock_feed_facts facts;
	int i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, send_next(), 0);
	vmclock_feed_channel(4);
	vmclock_feed_reject(VMCLOCK_REJECT_MALFORMED, false);
	vmclock_feed_facts(&facts);
	KUNIT_EXPECT_EQ(test, facts.samples, 4ULL);
	KUNIT_EXPECT_EQ(test, facts.used, 4U);
	KUNIT_EXPECT_EQ(test, facts.channel, 4U);
	KUNIT_EXPECT_EQ(test, facts.stratum, 2);
	KUNIT_EXPECT_EQ(test, facts.last_ref_ns, made.ref_ns - 50 * NSEC_PER_USEC);
	expect_rejects(test, VMCLOCK_REJECT_MALFORMED, 1);
}

/* Between samples the time goes on, at the host's rate. */
static void feed_tells_between_samples(struct kunit *test)
{
	int i;

	for (i = 0; i < 10; i++) {
		made.epoch_ns += PERIOD_NS / 20000;	/* 50 ppm */
		KUNIT_EXPECT_EQ(test, send_next(), 0);
	}
	made.ref_ns += PERIOD_NS;
	made.epoch_ns += PERIOD_NS / 20000;
	expect_told(test, 0, 100);
}

/* The page was seen to have changed before the message came. */
static void feed_page_change_is_seen_by_looking(struct kunit *test)
{
	struct vmclock_feed_facts facts;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.sequence++;
	made.epoch_ns += 3600 * NSEC_PER_SEC;
	look(&look_work.work);
	made.ref_ns += NSEC_PER_MSEC;
	KUNIT_EXPECT_EQ(test, send(sound(100 * NSEC_PER_USEC)), 0);
	expect_told(test, 0, 0);
	vmclock_feed_facts(&facts);
	KUNIT_EXPECT_EQ(test, facts.page_changes, 1ULL);
}

/* The host's one SYNC is what shows the page to have changed: the next one does it. */
static void feed_sync_that_is_refused_is_kept(struct kunit *test)
{
	struct vmclock_feed_message message;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	message = sound(0);
	message.sync = true;
	made.sequence++;
	made.ref_ns += NSEC_PER_USEC;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	KUNIT_EXPECT_EQ(test, made.syncs, 0);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	KUNIT_EXPECT_EQ(test, made.syncs, 1);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	KUNIT_EXPECT_EQ(test, made.syncs, 1);
}

/* It says that what was told is wrong, and does not say what is right. */
static void feed_sync_that_is_refused_forgets(struct kunit *test)
{
	struct vmclock_feed_message message;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	message = sound(0);
	message.sync = true;
	message.ref_ns += 3600 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	expect_told(test, -ESTALE, 0);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);

	/* Nor where there is no message to be made of it, or no time to hold it against. */
	vmclock_feed_reject(VMCLOCK_REJECT_RANGE, true);
	expect_told(test, -ESTALE, 0);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	KUNIT_EXPECT_EQ(test, made.syncs, 2);
	message = sound(0);
	message.sync = true;
	made.read_error = -EAGAIN;
	KUNIT_EXPECT_EQ(test, send(message), -EAGAIN);
	made.read_error = 0;
	expect_told(test, -ESTALE, 0);
}

/* From the disk, after a cold boot: the page has the very numbers that it had. */
static void feed_reference_begins_anew(struct kunit *test)
{
	struct vmclock_feed_facts facts;
	s64 off_ns = 7200 * NSEC_PER_SEC;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.epoch_ns += made.ref_ns + off_ns;
	made.ref_ns = 60 * NSEC_PER_SEC;
	expect_told(test, -ESTALE, 0);
	KUNIT_EXPECT_EQ(test, send(sound(0)), 0);
	expect_told(test, 0, 0);
	vmclock_feed_facts(&facts);
	KUNIT_EXPECT_EQ(test, facts.page_changes, 1ULL);

	/* It is past where it was: only who knows of the hibernation can tell. */
	hibernation(&hibernation_block, PM_SUSPEND_PREPARE, NULL);
	expect_told(test, 0, 0);
	hibernation(&hibernation_block, PM_HIBERNATION_PREPARE, NULL);
	made.ref_ns += 3600 * NSEC_PER_SEC;
	expect_told(test, -ESTALE, 0);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);

	/* Or it is before the time at which its page last changed. */
	hibernation(&hibernation_block, PM_POST_HIBERNATION, NULL);
	made.ref_ns = 5 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
	/* Who wants to know whether the guest has slept asks for this. */
	vmclock_feed_facts(&facts);
	KUNIT_EXPECT_EQ(test, facts.page_changes, 3ULL);
}

static void feed_sync_begins_anew(struct kunit *test)
{
	struct vmclock_feed_message message;
	int i;

	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, send_next(), 0);
	/* Less than is taken for a step. */
	made.epoch_ns += 20 * NSEC_PER_MSEC;
	made.ref_ns += PERIOD_NS;
	message = sound(0);
	message.sync = true;
	KUNIT_EXPECT_EQ(test, send(message), 0);
	expect_told(test, 0, 0);
}

static void feed_timeout(struct kunit *test)
{
	feed_timeout_s = 20;
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.ref_ns += 19 * NSEC_PER_SEC;
	expect_told(test, 0, 0);
	look(&look_work.work);
	KUNIT_EXPECT_FALSE(test, feed.silent);
	made.ref_ns += 2 * NSEC_PER_SEC;
	expect_told(test, -ESTALE, 0);
	look(&look_work.work);
	KUNIT_EXPECT_TRUE(test, feed.silent);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
	look(&look_work.work);
	KUNIT_EXPECT_FALSE(test, feed.silent);
}

static bool silent_after(u64 s)
{
	made.ref_ns += s * NSEC_PER_SEC;
	look(&look_work.work);
	return feed.silent;
}

/* That all is forgotten is no silence of the host's, and does not end one. */
static void feed_timeout_begins_anew(struct kunit *test)
{
	feed_timeout_s = 20;
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	vmclock_feed_reject(VMCLOCK_REJECT_REFERENCE, true);
	KUNIT_EXPECT_FALSE(test, silent_after(19));
	KUNIT_EXPECT_TRUE(test, silent_after(2));
	vmclock_feed_forget();
	KUNIT_EXPECT_TRUE(test, silent_after(0));
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	KUNIT_EXPECT_FALSE(test, silent_after(0));

	/* Back from a hibernation, after which reference time begins anew. */
	made.ref_ns = NSEC_PER_SEC;
	vmclock_feed_forget();
	KUNIT_EXPECT_FALSE(test, silent_after(19));
	KUNIT_EXPECT_TRUE(test, silent_after(2));
}

static void feed_order(struct kunit *test)
{
	struct vmclock_feed_message message;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	message = sound(50 * NSEC_PER_USEC);
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	message = sound(60 * NSEC_PER_USEC);
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	expect_rejects(test, VMCLOCK_REJECT_ORDER, 2);
	expect_told(test, 0, 0);
}

static void feed_host_steps(struct kunit *test)
{
	int i;

	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.epoch_ns += 3600 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
	made.epoch_ns -= 3601 * NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
}

/* The reference clock fails: nothing is believed of it, and nothing is lost. */
static void feed_reference_clock_fails(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.read_error = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, send_next(), -ETIMEDOUT);
	look(&look_work.work);
	made.read_error = 0;
	expect_told(test, 0, 0);
}

/* A counter whose rate is to be measured first. It is of no change that it is there then. */
static void feed_starts_before_the_reference_clock(struct kunit *test)
{
	struct vmclock_feed_facts facts;

	vmclock_feed_stop();
	made.read_error = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, made_start(), -ETIMEDOUT);
	made.read_error = -ESTALE;
	KUNIT_ASSERT_EQ(test, made_start(), 0);
	KUNIT_EXPECT_EQ(test, send_next(), -ESTALE);
	made.read_error = 0;
	look(&look_work.work);
	KUNIT_EXPECT_FALSE(test, feed.silent);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
	vmclock_feed_facts(&facts);
	KUNIT_EXPECT_EQ(test, facts.page_changes, 0ULL);
}

static void feed_timeout_bounds(struct kunit *test)
{
	const struct kernel_param kp = { .name = "feed_timeout_s" };

	KUNIT_EXPECT_EQ(test, feed_timeout_s_set("1", &kp), 0);
	KUNIT_EXPECT_EQ(test, feed_timeout_s, 1U);
	KUNIT_EXPECT_EQ(test, feed_timeout_s_set("86400", &kp), 0);
	KUNIT_EXPECT_EQ(test, feed_timeout_s_set("86401", &kp), -EINVAL);
	KUNIT_EXPECT_EQ(test, feed_timeout_s_set("0", &kp), -EINVAL);
	KUNIT_EXPECT_EQ(test, feed_timeout_s_set("-1", &kp), -EINVAL);
	KUNIT_EXPECT_EQ(test, feed_timeout_s_set("soon", &kp), -EINVAL);
	KUNIT_EXPECT_EQ(test, feed_timeout_s, 86400U);
}

static struct kunit_case feed_cases[] = {
	KUNIT_CASE(feed_nothing_before_the_first_sample),
	KUNIT_CASE(feed_facts),
	KUNIT_CASE(feed_tells_between_samples),
	KUNIT_CASE(feed_page_change_is_seen_by_looking),
	KUNIT_CASE(feed_sync_that_is_refused_is_kept),
	KUNIT_CASE(feed_sync_that_is_refused_forgets),
	KUNIT_CASE(feed_reference_begins_anew),
	KUNIT_CASE(feed_sync_begins_anew),
	KUNIT_CASE(feed_timeout),
	KUNIT_CASE(feed_timeout_begins_anew),
	KUNIT_CASE(feed_order),
	KUNIT_CASE(feed_host_steps),
	KUNIT_CASE(feed_reference_clock_fails),
	KUNIT_CASE(feed_starts_before_the_reference_clock),
	KUNIT_CASE(feed_timeout_bounds),
	{}
};

static struct kunit_suite feed_suite = {
	.name = "vmclock_feed",
	.init = feed_test_init,
	.exit = feed_test_exit,
	.test_cases = feed_cases,
};

kunit_test_suite(feed_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/feed.c and feed_told.c");
MODULE_LICENSE("GPL");
