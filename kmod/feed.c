// SPDX-License-Identifier: GPL-2.0-only
/*
 * The feed: samples that a host sends of its own accord, and the epoch that they tell.
 *
 * What they say is of one reference clock. When its page changes, UTC is unknown until a
 * sample comes that is from after that.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/export.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/suspend.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "epoch.h"
#include "estimate.h"
#include "feed.h"
#include "feed_place.h"
#include "feed_told.h"
#include "host.h"
#include "line.h"
#include "log.h"

/* How often we look whether the page has changed when nobody reads. */
#define LOOK_MS			1000

static struct feed {
	/* Held by what the host sends and by our own look: no reader waits for it. */
	spinlock_t lock;
	const struct vmclock_host *host;
	void (*sampled)(bool sync);
	struct vmclock_estimate estimate;
	struct vmclock_line line;
	struct vmclock_place place;
	/* The host wanted the guest's clock set, in a message that was not believed. */
	bool sync_wanted;
	/* Where there is no sample, silence counts from here. */
	u64 silent_from_ns;
	bool silent;
	struct vmclock_feed_facts facts;
} feed = {
	.lock = __SPIN_LOCK_UNLOCKED(feed.lock),
};

static void tell(const struct vmclock_line *line)
{
	lockdep_assert_held(&feed.lock);
	vmclock_told_replace(line, &feed.place.page);
}

/* NULL: nothing that holds. */
static const struct vmclock_line *line_told(void)
{
	return feed.facts.last_ref_ns ? &feed.line : NULL;
}

static int read_now(struct vmclock_instant *now)
{
	unsigned long flags;
	int ret;

	local_irq_save(flags);
	ret = feed.host->read(now);
	local_irq_restore(flags);
	return ret;
}

/* What was known is no longer so. */
static void forget(void)
{
	feed.silent_from_ns = max(feed.silent_from_ns, feed.facts.last_ref_ns);
	feed.facts.last_ref_ns = 0;
	feed.place.distrust = 0;
	vmclock_estimate_reset(&feed.estimate);
	tell(NULL);
}

/*
 * Has the reference clock become another one? Not only where the page says so: after a
 * hibernation it begins from zero, maybe with the numbers that it had the last time.
 */
static void look_at_page(const struct vmclock_instant *now)
{
	if (vmclock_page_same(&feed.place.page, &now->page) &&
	    now->ref_ns + VMCLOCK_UNDER_WAY_MAX_NS >= feed.facts.last_ref_ns)
		return;
	if (feed.facts.samples)
		feed.facts.page_changes++;
	vmclock_place_page(&feed.place, now, line_told());
	forget();
	feed.silent_from_ns = now->ref_ns;
}

/* Returns the kind of reject, or -1 if it is believed. */
static int take(const struct vmclock_feed_message *message,
		const struct vmclock_instant *now)
{
	struct vmclock_sample sample;
	int reject;

	look_at_page(now);
	reject = vmclock_place_message(&feed.place, message, now, line_told(), &sample);
	if (reject >= 0)
		return reject;

	/* What the host says of the time before is no longer so. */
	if (feed.sync_wanted)
		vmclock_estimate_reset(&feed.estimate);
	switch (vmclock_estimate_add(&feed.estimate, &sample, &feed.line)) {
	case 0:
		break;
	case -EINVAL:
		return VMCLOCK_REJECT_ORDER;
	case -EAGAIN:
		return VMCLOCK_REJECT_LATE;
	default:
		return VMCLOCK_REJECT_RANGE;
	}
	feed.place.has_before = false;
	feed.facts.samples++;
	feed.facts.last_ref_ns = sample.ref_ns;
	feed.facts.leap = message->leap;
	feed.facts.stratum = message->stratum;
	tell(&feed.line);
	return -1;
}

static const char * const reject_words[VMCLOCK_REJECTS] = {
	[VMCLOCK_REJECT_MALFORMED] = "malformed",
	[VMCLOCK_REJECT_RANGE] = "no time that a working host tells",
	[VMCLOCK_REJECT_PAGE] = "maybe from before a pause",
	[VMCLOCK_REJECT_REFERENCE] = "its reference time is impossible",
	[VMCLOCK_REJECT_ORDER] = "no newer than the last",
	[VMCLOCK_REJECT_LATE] = "under way for too long",
};

/* Caller holds the lock. */
static void count_reject(enum vmclock_feed_reject reject)
{
	feed.facts.rejects[reject]++;
	/* After a pause, that is as it should be. */
	if (reject != VMCLOCK_REJECT_PAGE)
		pr_hourly(pr_warn, "a message of the host's was not believed: %s\n",
			  reject_words[reject]);
}

/**
 * vmclock_feed_message() - the host has told its time
 * @message: what it said; has just arrived
 *
 * Context: softirq or process.
 *
 * Return: 0; -EBADMSG if it was not believed, and counted as that; any error of the
 * host's @read. What was told before is told on then, unless the host says by SYNC that it
 * is wrong.
 */
int vmclock_feed_message(const struct vmclock_feed_message *message)
{
	struct vmclock_instant now;
	bool sync = false;
	int reject, ret;

	spin_lock_bh(&feed.lock);
	feed.sync_wanted |= message->sync;
	ret = read_now(&now);
	if (!ret) {
		reject = take(message, &now);
		if (reject >= 0) {
			count_reject(reject);
			ret = -EBADMSG;
		}
	}
	if (!ret) {
		sync = feed.sync_wanted;
		feed.sync_wanted = false;
	} else if (message->sync) {
		/* What it was before is no longer so, although it does not say what is now. */
		forget();
	}
	spin_unlock_bh(&feed.lock);

	if (!ret)
		feed.sampled(sync);
	return ret;
}
EXPORT_SYMBOL_GPL(vmclock_feed_message);

/**
 * vmclock_feed_reject() - the host has sent something that is no message
 * @reject: what is wrong with it
 * @sync: all the same it says that the guest's clock is wrong
 *
 * Context: softirq or process.
 */
void vmclock_feed_reject(enum vmclock_feed_reject reject, bool sync)
{
	spin_lock_bh(&feed.lock);
	count_reject(reject);
	if (sync) {
		feed.sync_wanted = true;
		forget();
	}
	spin_unlock_bh(&feed.lock);
}
EXPORT_SYMBOL_GPL(vmclock_feed_reject);

/**
 * vmclock_feed_channel() - the host can be spoken with, or no longer
 * @version: major number of the messages' version, 0 if no longer
 *
 * Context: softirq or process.
 */
void vmclock_feed_channel(unsigned int version)
{
	spin_lock_bh(&feed.lock);
	feed.facts.channel = version;
	spin_unlock_bh(&feed.lock);
}
EXPORT_SYMBOL_GPL(vmclock_feed_channel);

/**
 * vmclock_feed_forget() - nothing that the host has said holds any longer
 *
 * For when the guest is taken to disk, and comes back on a reference clock that has begun anew.
 *
 * Context: softirq or process.
 */
void vmclock_feed_forget(void)
{
	struct vmclock_instant now;

	spin_lock_bh(&feed.lock);
	feed.place.has_before = false;
	/* It may come back with the numbers that the page had, and this was by the other's time. */
	feed.place.since_ns = 0;
	if (feed.facts.samples)
		feed.facts.page_changes++;
	forget();
	if (!read_now(&now))
		feed.silent_from_ns = now.ref_ns;
	spin_unlock_bh(&feed.lock);
}
EXPORT_SYMBOL_GPL(vmclock_feed_forget);

/* Once a second: a page that changes while nobody reads, a host that falls silent. */
static void look(struct work_struct *work)
{
	s64 silent_ns = 0, timeout_ns = vmclock_told_timeout_ns();
	struct vmclock_instant now;
	bool was_silent, silent;

	spin_lock_bh(&feed.lock);
	was_silent = feed.silent;
	if (!read_now(&now)) {
		look_at_page(&now);
		silent_ns = now.ref_ns - max(feed.facts.last_ref_ns, feed.silent_from_ns);
		/* Who was silent is so until there is a sample, whatever is forgotten. */
		feed.silent = silent_ns > timeout_ns || (was_silent && !feed.facts.last_ref_ns);
	}
	silent = feed.silent;
	spin_unlock_bh(&feed.lock);

	if (silent && !was_silent)
		pr_warn("%s: no time from the host for %lld s: %s\n", feed.host->name,
			div_s64(silent_ns, NSEC_PER_SEC), feed.host->advice);
	if (!silent && was_silent)
		pr_info("%s: the host tells its time again\n", feed.host->name);
	schedule_delayed_work(to_delayed_work(work), msecs_to_jiffies(LOOK_MS));
}

static DECLARE_DELAYED_WORK(look_work, look);

/* Whoever has the channel: what was told does not hold where the image comes back. */
static int hibernation(struct notifier_block *block, unsigned long event, void *unused)
{
	if (event == PM_HIBERNATION_PREPARE || event == PM_POST_HIBERNATION)
		vmclock_feed_forget();
	return NOTIFY_DONE;
}

static struct notifier_block hibernation_block = { .notifier_call = hibernation };

/**
 * vmclock_feed_start() - begin without a sample
 * @host: whose samples they are; its @read works, or will in a while (-ESTALE)
 *
 * Return: 0; any other error of the host's @read, or of register_pm_notifier().
 */
int vmclock_feed_start(const struct vmclock_host *host)
{
	struct vmclock_instant now;
	int ret;

	feed.host = host;
	ret = read_now(&now);
	/* What is read first is of a new page then. */
	if (ret == -ESTALE)
		now = (struct vmclock_instant){};
	else if (ret)
		return ret;
	ret = register_pm_notifier(&hibernation_block);
	if (ret)
		return ret;
	feed.place.ref = host->ref;
	vmclock_place_page(&feed.place, &now, NULL);
	feed.silent_from_ns = now.ref_ns;
	schedule_delayed_work(&look_work, 0);
	return 0;
}

/**
 * vmclock_feed_notify() - have something done at each sample
 * @sampled: called after a sample was taken, @sync if the host wanted the guest's clock
 *	set; in softirq or process context
 *
 * To be called before vmclock_feed_start().
 */
void vmclock_feed_notify(void (*sampled)(bool sync))
{
	feed.sampled = sampled;
}

/**
 * vmclock_feed_stop() - undo vmclock_feed_start()
 *
 * Nobody may read any longer, nor speak with the host.
 */
void vmclock_feed_stop(void)
{
	unregister_pm_notifier(&hibernation_block);
	cancel_delayed_work_sync(&look_work);
	spin_lock_bh(&feed.lock);
	tell(NULL);
	spin_unlock_bh(&feed.lock);
	/* What kfree_rcu() has yet to free would otherwise be freed by code that is gone. */
	rcu_barrier();
}

/**
 * vmclock_feed_epoch() - the epoch that the samples tell
 * @now: the reference clock now
 * @epoch: the epoch; good for some seconds round @now
 *
 * Context: any but NMI. No VM exit, waits for nobody.
 *
 * Return: 0; -ENODATA if there has been no sample since the module was loaded; -ESTALE if
 * there has been none since the page changed, or for feed_timeout_s, or if reference time was
 * set back.
 */
int vmclock_feed_epoch(const struct vmclock_instant *now, struct vmclock_epoch *epoch)
{
	int ret = vmclock_told_epoch(now, epoch);

	return ret == -ENODATA && READ_ONCE(feed.facts.samples) ? -ESTALE : ret;
}

/**
 * vmclock_feed_facts() - what has come of it so far
 * @facts: that
 */
void vmclock_feed_facts(struct vmclock_feed_facts *facts)
{
	spin_lock_bh(&feed.lock);
	*facts = feed.facts;
	if (feed.estimate.count) {
		facts->rate_ppb = vmclock_epoch_growth_ns(feed.line.rate, NSEC_PER_SEC);
		facts->residual_ns = feed.line.residual_ns;
		facts->used = feed.line.samples;
	}
	spin_unlock_bh(&feed.lock);
}
