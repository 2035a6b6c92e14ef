/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The feed between a made host that sends what it should not, and a made reference page that
 * changes when it should not.
 */
#ifndef VMCLOCK_KUNIT_MADE_FEED_H
#define VMCLOCK_KUNIT_MADE_FEED_H

#include <linux/limits.h>
#include <linux/string.h>
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

static inline int made_read(struct vmclock_instant *now)
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

static inline int made_ref(struct vmclock_instant *at)
{
	at->ref_ns = at->tsc - at->page.ref_base;
	return 0;
}

/* The guest is stopped, and its reference time with it; not so the TSC. */
static inline void made_pause(u64 ns)
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

static inline void made_sampled(bool sync)
{
	made.sampled++;
	made.syncs += sync;
}

/* The module's own look, once a second, would come in the midst of a case. */
static inline int made_start(void)
{
	int ret = vmclock_feed_start(&made_host);

	cancel_delayed_work_sync(&look_work);
	return ret;
}

static inline int feed_test_init(struct kunit *test)
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
	return made_start();
}

static inline void feed_test_exit(struct kunit *test)
{
	vmclock_feed_stop();
	feed_timeout_s = TIMEOUT_S_DEFAULT;
}

/* What a sound host sends, so long before it arrives. */
static inline struct vmclock_feed_message sound(u64 under_way_ns)
{
	u64 ref_ns = made.ref_ns - under_way_ns;

	return (struct vmclock_feed_message){
		.utc_ns = ref_ns + made.epoch_ns, .ref_ns = ref_ns, .has_ref = true,
		.stratum = 2,
	};
}

static inline int send(struct vmclock_feed_message message)
{
	return vmclock_feed_message(&message);
}

/* A period passes, then one arrives. */
static inline int send_next(void)
{
	made.ref_ns += PERIOD_NS;
	return send(sound(50 * NSEC_PER_USEC));
}

static inline void expect_rejects(struct kunit *test, enum vmclock_feed_reject reject, u64 count)
{
	struct vmclock_feed_facts facts;

	vmclock_feed_facts(&facts);
	KUNIT_EXPECT_EQ(test, facts.rejects[reject], count);
}

/* What is told now: this error, or the time to @most_ns. */
static inline void expect_told(struct kunit *test, int want, s64 most_ns)
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

#endif /* VMCLOCK_KUNIT_MADE_FEED_H */
