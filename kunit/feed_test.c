// SPDX-License-Identifier: GPL-2.0-only
/*
 * The feed, between a made host that sends what it should not, and a made reference page
 * that changes when it should not.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/limits.h>
#include <linux/time64.h>
#include <kunit/test.h>

/* vmclock.ko has them. */
#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(sym)

#include "../kmod/epoch.c"
#include "../kmod/line.c"
#include "../kmod/estimate.c"
#include "../kmod/feed_place.c"
#include "../kmod/feed_told.c"
#include "../kmod/feed.c"

#define PERIOD_NS	(5 * NSEC_PER_SEC)

static struct {
	u32 sequence;
	u64 ref_ns;
	u64 tsc_minus_ref;	/* a TSC of 1 GHz */
	s64 epoch_ns;		/* the host's clock */
	int read_error;
	int sampled, syncs;
} made;

static int made_read(struct vmclock_instant *now)
{
	if (made.read_error)
		return made.read_error;
	*now = (struct vmclock_instant){
		.page = { .version = made.sequence, .ref_base = made.tsc_minus_ref },
		.tsc = made.ref_ns + made.tsc_minus_ref,
		.ref_ns = made.ref_ns,
	};
	return 0;
}

static int made_ref(struct vmclock_instant *at)
{
	at->ref_ns = at->tsc - at->page.ref_base;
	return 0;
}

/* The guest is stopped, and its reference time with it; not so the TSC. */
static void made_pause(u64 ns)
{
	made.sequence++;
	made.tsc_minus_ref += ns;
	made.epoch_ns += ns;
}

static const struct vmclock_host made_host = {
	.name = "made",
	.advice = "mend the test",
	.fed = vmclock_feed_facts,
	.read = made_read,
	.ref = made_ref,
};

static void made_sampled(bool sync)
{
	made.sampled++;
	made.syncs += sync;
}

static int feed_test_init(struct kunit *test)
{
	made = (typeof(made)){
		.sequence = 1, .ref_ns = 1000 * NSEC_PER_SEC, .epoch_ns = 1700000000 * NSEC_PER_SEC,
	};
	memset(&feed.facts, 0, sizeof(feed.facts));
	feed.place.distrust = 0;
	feed.place.has_before = false;
	feed.sync_wanted = false;
	feed.silent = false;
	feed.place.last_arrival_ns = 0;
	vmclock_estimate_reset(&feed.estimate);
	vmclock_feed_notify(made_sampled);
	return vmclock_feed_start(&made_host);
}

static void feed_test_exit(struct kunit *test)
{
	vmclock_feed_stop();
	feed_timeout_s = TIMEOUT_S_DEFAULT;
}

/* What a sound host sends, so long before it arrives. */
static struct vmclock_feed_message sound(u64 under_way_ns)
{
	u64 ref_ns = made.ref_ns - under_way_ns;

	return (struct vmclock_feed_message){
		.utc_ns = ref_ns + made.epoch_ns, .ref_ns = ref_ns, .has_ref = true,
		.stratum = 2,
	};
}

static int send(struct vmclock_feed_message message)
{
	return vmclock_feed_message(&message);
}

/* A period passes, then one arrives. */
static int send_next(void)
{
	made.ref_ns += PERIOD_NS;
	return send(sound(50 * NSEC_PER_USEC));
}

static void expect_rejects(struct kunit *test, enum vmclock_feed_reject reject, u64 count)
{
	struct vmclock_feed_facts facts;

	vmclock_feed_facts(&facts);
	KUNIT_EXPECT_EQ(test, facts.rejects[reject], count);
}

/* What is told now: this error, or the time to @most_ns. */
static void expect_told(struct kunit *test, int want, s64 most_ns)
{
	struct vmclock_instant now;
	struct vmclock_epoch epoch;
	s64 host_ns = 0;

	KUNIT_ASSERT_EQ(test, made_read(&now), 0);
	KUNIT_EXPECT_EQ(test, vmclock_feed_epoch(&now, &epoch), want);
	if (want)
		return;
	KUNIT_ASSERT_EQ(test, vmclock_epoch_host_ns(&epoch, &now, &host_ns), 0);
	KUNIT_EXPECT_LE(test, abs(host_ns - (s64)now.ref_ns - made.epoch_ns), most_ns);
	KUNIT_EXPECT_TRUE(test, vmclock_page_same(&epoch.page, &now.page));
}

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

static void feed_page_changed(struct kunit *test)
{
	struct vmclock_feed_message from_before;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.ref_ns += NSEC_PER_SEC;
	from_before = sound(10 * NSEC_PER_USEC);
	/* Stopped for an hour; reference time stood still. */
	made.sequence++;
	made.epoch_ns += 3600 * NSEC_PER_SEC;
	expect_told(test, -ESTALE, 0);
	/* It lay in the ring, and is the first to show the page to have changed. */
	made.ref_ns += 100 * NSEC_PER_USEC;
	KUNIT_EXPECT_EQ(test, send(from_before), -EBADMSG);
	expect_rejects(test, VMCLOCK_REJECT_PAGE, 1);
	expect_told(test, -ESTALE, 0);
	/* Taken whole, without SYNC. */
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
}

/* Nobody has looked since, but by UTC and TSC the pause was of one length. */
static void feed_page_changed_and_message_is_from_after(struct kunit *test)
{
	static const u64 pause_ns[] = {
		200 * NSEC_PER_MSEC, 10 * NSEC_PER_SEC, 3000 * NSEC_PER_SEC,
	};
	struct vmclock_feed_message from_before;
	int i;

	for (i = 0; i < ARRAY_SIZE(pause_ns); i++) {
		KUNIT_EXPECT_EQ(test, send_next(), 0);
		made.ref_ns += NSEC_PER_SEC;
		from_before = sound(10 * NSEC_PER_USEC);
		made_pause(pause_ns[i]);
		made.ref_ns += 100 * NSEC_PER_USEC;
		KUNIT_EXPECT_EQ(test, send(from_before), -EBADMSG);
		expect_told(test, -ESTALE, 0);
		made_pause(pause_ns[i]);
		made.ref_ns += 100 * NSEC_PER_USEC;
		KUNIT_EXPECT_EQ(test, send(sound(10 * NSEC_PER_USEC)), 0);
		expect_told(test, 0, 0);
	}
}

/* Sent between two pauses of which nobody has seen the first: by the TSC they are one. */
static void feed_page_changed_twice(struct kunit *test)
{
	static const s64 first_ns[] = { NSEC_PER_SEC, 3600 * NSEC_PER_SEC, 86400 * NSEC_PER_SEC };
	struct vmclock_feed_message in_between;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(first_ns); i++) {
		KUNIT_EXPECT_EQ(test, send_next(), 0);
		made_pause(first_ns[i]);
		made.ref_ns += 50 * NSEC_PER_USEC;
		in_between = sound(0);
		made_pause(first_ns[i] < 86400 * NSEC_PER_SEC ? 100 * NSEC_PER_MSEC : 0);
		made.ref_ns += 50 * NSEC_PER_USEC;
		KUNIT_EXPECT_EQ(test, send(in_between), -EBADMSG);
		expect_told(test, -ESTALE, 0);
		KUNIT_EXPECT_EQ(test, send_next(), 0);
		expect_told(test, 0, 0);
	}
}

/* The pause is too short to be told from noise, or the host's clock was moved meanwhile. */
static void feed_page_changed_and_nobody_knows(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made_pause(50 * NSEC_PER_MSEC);
	made.ref_ns += 100 * NSEC_PER_USEC;
	KUNIT_EXPECT_EQ(test, send(sound(10 * NSEC_PER_USEC)), -EBADMSG);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);

	made_pause(10 * NSEC_PER_SEC);
	made.epoch_ns += 7 * NSEC_PER_SEC;
	made.ref_ns += 100 * NSEC_PER_USEC;
	KUNIT_EXPECT_EQ(test, send(sound(10 * NSEC_PER_USEC)), -EBADMSG);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
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

/* Without a reference time it may be from before, for as long as messages lie in a ring. */
static void feed_page_changed_without_ref(struct kunit *test)
{
	struct vmclock_feed_message message;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	message = sound(0);
	message.has_ref = false;
	made.sequence++;
	made.epoch_ns += 3600 * NSEC_PER_SEC;
	look(&look_work.work);
	made.ref_ns += 10 * NSEC_PER_MSEC;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	expect_told(test, -ESTALE, 0);
	made.ref_ns += PERIOD_NS;
	message = sound(0);
	message.has_ref = false;
	KUNIT_EXPECT_EQ(test, send(message), 0);
	expect_told(test, 0, 0);
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

/* From the future, or from long ago: not by as much as a ring explains. */
static void feed_reference_is_impossible(struct kunit *test)
{
	struct vmclock_feed_message message;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.ref_ns += PERIOD_NS;
	message = sound(0);
	message.ref_ns += 2 * NSEC_PER_MSEC;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	message = sound(0);
	message.ref_ns = U64_MAX;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	message = sound(VMCLOCK_UNDER_WAY_MAX_NS + 1);
	message.utc_ns += LATE_ERROR_NS + 1;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	message.ref_ns = 0;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	expect_rejects(test, VMCLOCK_REJECT_REFERENCE, 4);
	expect_told(test, 0, 0);
	message = sound(VMCLOCK_UNDER_WAY_MAX_NS - NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, send(message), 0);
	expect_told(test, 0, 0);
}

/* A host that does not know its reference time: then arrival has to do. */
static void feed_reference_is_off_for_good(struct kunit *test)
{
	struct vmclock_feed_message message;
	int i;

	for (i = 0; i < 10; i++) {
		made.ref_ns += PERIOD_NS;
		message = sound(NSEC_PER_MSEC);
		message.ref_ns -= 120 * NSEC_PER_SEC;
		/* The third is believed, whatever its reference time. */
		KUNIT_EXPECT_EQ(test, send(message), i < 2 ? -EBADMSG : 0);
		expect_told(test, i < 2 ? -ENODATA : 0, NSEC_PER_MSEC);
	}
}

/* A guest that is slow to read: what they say of the past is right, and so is what is told. */
static void feed_late_and_right(struct kunit *test)
{
	int i;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	for (i = 0; i < 20; i++) {
		made.ref_ns += PERIOD_NS;
		KUNIT_EXPECT_EQ(test, send(sound((1000 + 100 * i) * NSEC_PER_MSEC)), 0);
		expect_told(test, 0, 0);
	}
	expect_rejects(test, VMCLOCK_REJECT_REFERENCE, 0);
}

/* Held up, then many at once: they prove nothing of the host. */
static void feed_burst_proves_nothing(struct kunit *test)
{
	struct vmclock_feed_message message;
	int i;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.ref_ns += 100 * NSEC_PER_SEC;
	for (i = 20; i > 0; i--) {
		message = sound(i * PERIOD_NS);
		message.ref_ns -= NSEC_PER_SEC;
		KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	}
	expect_told(test, 0, 0);
	/* Nor where each of them says what the others do. */
	for (i = 20; i > 0; i--) {
		message = sound(90 * NSEC_PER_SEC + i * NSEC_PER_MSEC);
		message.ref_ns -= NSEC_PER_SEC;
		KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	}
	expect_told(test, 0, 0);
	KUNIT_EXPECT_EQ(test, send(sound(0)), 0);
	expect_told(test, 0, 0);
}

static void feed_times_out_of_range(struct kunit *test)
{
	static const s64 times_ns[] = { S64_MIN, -1, 0, 946684799999999999LL, S64_MAX };
	struct vmclock_feed_message message;
	size_t i;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	for (i = 0; i < ARRAY_SIZE(times_ns); i++) {
		made.ref_ns += PERIOD_NS;
		message = sound(0);
		message.utc_ns = times_ns[i];
		KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
		expect_rejects(test, VMCLOCK_REJECT_RANGE, i + 1);
		expect_told(test, 0, 0);
	}
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
	KUNIT_EXPECT_EQ(test, vmclock_feed_start(&made_host), -ETIMEDOUT);
	made.read_error = -ESTALE;
	KUNIT_ASSERT_EQ(test, vmclock_feed_start(&made_host), 0);
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
	KUNIT_CASE(feed_page_changed),
	KUNIT_CASE(feed_page_changed_and_message_is_from_after),
	KUNIT_CASE(feed_page_changed_twice),
	KUNIT_CASE(feed_page_changed_and_nobody_knows),
	KUNIT_CASE(feed_page_change_is_seen_by_looking),
	KUNIT_CASE(feed_page_changed_without_ref),
	KUNIT_CASE(feed_sync_that_is_refused_is_kept),
	KUNIT_CASE(feed_sync_that_is_refused_forgets),
	KUNIT_CASE(feed_reference_begins_anew),
	KUNIT_CASE(feed_sync_begins_anew),
	KUNIT_CASE(feed_timeout),
	KUNIT_CASE(feed_timeout_begins_anew),
	KUNIT_CASE(feed_reference_is_impossible),
	KUNIT_CASE(feed_reference_is_off_for_good),
	KUNIT_CASE(feed_late_and_right),
	KUNIT_CASE(feed_burst_proves_nothing),
	KUNIT_CASE(feed_times_out_of_range),
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

MODULE_DESCRIPTION("KUnit tests of kmod/feed.c");
MODULE_LICENSE("GPL");
