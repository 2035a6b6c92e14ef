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
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "epoch.h"
#include "estimate.h"
#include "feed.h"
#include "host.h"
#include "line.h"
#include "log.h"

/* Ten minutes as in the kernel's own driver (drivers/hv/hv_util.c), a day at most. */
#define TIMEOUT_S_DEFAULT	600
#define TIMEOUT_S_MAX		86400

static unsigned int feed_timeout_s = TIMEOUT_S_DEFAULT;

static int feed_timeout_s_set(const char *val, const struct kernel_param *kp)
{
	unsigned int value;

	if (kstrtouint(val, 0, &value) || !value || value > TIMEOUT_S_MAX) {
		pr_err("feed_timeout_s: must be a number, 1 to %u\n", TIMEOUT_S_MAX);
		return -EINVAL;
	}
	WRITE_ONCE(feed_timeout_s, value);
	return 0;
}

static const struct kernel_param_ops feed_timeout_s_ops = {
	.set = feed_timeout_s_set,
	.get = param_get_uint,
};

module_param_cb(feed_timeout_s, &feed_timeout_s_ops, &feed_timeout_s, 0644);
MODULE_PARM_DESC(feed_timeout_s,
		 "Hyper-V: readings fail when the host's last sample is older than this, in s (default 600, 1 to 86400)");

/*
 * A message lies in the ring until an interrupt and a tasklet have been served: some tens of
 * microseconds, on a busy guest some milliseconds. One that says it took longer than a second
 * says so wrongly, or is from before something that held us up.
 */
#define UNDER_WAY_MAX_NS	NSEC_PER_SEC

/* So one that says so is believed if it is off by no more than a sample's noise. */
#define LATE_ERROR_NS		(100 * NSEC_PER_MSEC)

/* The host's reference time and ours are one, but for its unit of 100 ns. */
#define FUTURE_MAX_NS		NSEC_PER_USEC

/* So many in a row whose reference time is impossible: the host does not know its own. */
#define DISTRUST_MIN		3

/*
 * A pause that can be told from the noise of a sample. Its length is known to half of that, and
 * to 2^-17 or 8 ppm, for the rate at which two clocks differ is not quite the same at all times.
 * After an hour and a half that is another half, and two pauses could be taken for one.
 */
#define PAUSE_MIN_NS		(100 * NSEC_PER_MSEC)
#define PAUSE_ERROR_NS		(PAUSE_MIN_NS / 2)
#define PAUSE_ERROR_SHIFT	17
#define PAUSE_MAX_NS		(PAUSE_ERROR_NS << PAUSE_ERROR_SHIFT)

/* How often we look whether the page has changed when nobody reads. */
#define LOOK_MS			1000

/* What readers see: never changed, but replaced. */
struct told {
	struct vmclock_line line;
	struct vmclock_page page;
	struct rcu_head rcu;
};

static struct told __rcu *told;

static struct feed {
	/* Held by what the host sends and by our own look: no reader waits for it. */
	spinlock_t lock;
	const struct vmclock_host *host;
	void (*sampled)(bool sync);
	struct vmclock_estimate estimate;
	struct vmclock_line line;
	/* The page in force, and reference time since which it certainly was. */
	struct vmclock_page page;
	u64 page_since_ns;
	u64 last_arrival_ns;
	/* What was told before the page changed, until there is a sample since. */
	struct vmclock_line line_before;
	struct vmclock_page page_before;
	bool has_before;
	unsigned int distrust;
	/* The host wanted the guest's clock set, in a message that was not believed. */
	bool sync_wanted;
	/* Where there is no sample, silence counts from here. */
	u64 silent_from_ns;
	bool silent;
	struct vmclock_feed_facts facts;
} feed = {
	.lock = __SPIN_LOCK_UNLOCKED(feed.lock),
};

/* NULL: nothing. Nor without memory, for what was told before may be wrong now. */
static void tell(const struct vmclock_line *line)
{
	struct told *new = NULL, *old;

	if (line)
		new = kmalloc(sizeof(*new), GFP_ATOMIC);
	if (new) {
		new->line = *line;
		new->page = feed.page;
	}
	old = rcu_replace_pointer(told, new, lockdep_is_held(&feed.lock));
	if (old)
		kfree_rcu(old, rcu);
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
	feed.distrust = 0;
	vmclock_estimate_reset(&feed.estimate);
	tell(NULL);
}

/*
 * Has the reference clock become another one? Not only where the page says so: after a
 * hibernation it begins from zero, maybe with the numbers that it had the last time.
 */
static void look_at_page(const struct vmclock_instant *now)
{
	if (vmclock_page_same(&feed.page, &now->page) &&
	    now->ref_ns + UNDER_WAY_MAX_NS >= feed.facts.last_ref_ns)
		return;
	if (feed.facts.samples)
		feed.facts.page_changes++;
	if (feed.facts.last_ref_ns) {
		feed.line_before = feed.line;
		feed.page_before = feed.page;
		feed.has_before = true;
	}
	feed.page = now->page;
	feed.page_since_ns = now->ref_ns;
	forget();
	feed.silent_from_ns = now->ref_ns;
}

/* Is it possible that the message was sent at this reference time? */
static bool possible(u64 ref_ns, const struct vmclock_instant *now)
{
	return ref_ns <= now->ref_ns + FUTURE_MAX_NS &&
	       now->ref_ns <= ref_ns + UNDER_WAY_MAX_NS;
}

/* Is it possible that the message was sent before the page changed? */
static bool maybe_from_before(const struct vmclock_sample *sample,
			      const struct vmclock_instant *now)
{
	if (sample->by_arrival)
		return feed.page_since_ns && now->ref_ns - feed.page_since_ns < UNDER_WAY_MAX_NS;
	return sample->ref_ns < feed.page_since_ns;
}

/*
 * Was it sent since? A pause stops reference time, but neither UTC nor, as a rule, the TSC:
 * if both say that it was of the same length, the message is from after it.
 */
static bool from_after(const struct vmclock_sample *sample, const struct vmclock_instant *now)
{
	const struct vmclock_line *line = &feed.line_before;
	struct vmclock_instant before = { .page = feed.page_before, .tsc = now->tsc };
	s64 by_tsc_ns, by_utc_ns;

	if (!feed.has_before || feed.host->ref(&before))
		return false;
	by_tsc_ns = before.ref_ns - now->ref_ns;
	if (by_tsc_ns < (s64)PAUSE_MIN_NS || by_tsc_ns > (s64)PAUSE_MAX_NS)
		return false;
	by_utc_ns = vmclock_line_residual_ns(line, sample);
	/* The TSC's time went by at the reference clock's rate. */
	by_tsc_ns += vmclock_epoch_growth_ns(line->rate, by_tsc_ns);
	return abs(by_utc_ns - by_tsc_ns) <=
	       PAUSE_ERROR_NS + (by_tsc_ns >> PAUSE_ERROR_SHIFT);
}

/*
 * It was under way for longer than any message should be. But what it says of the past is what
 * was told of that: then it is as good as one that came in time.
 */
static bool late_and_right(const struct vmclock_feed_message *message,
			   const struct vmclock_instant *now)
{
	struct vmclock_sample sample = {
		.ref_ns = message->ref_ns,
		.epoch_ns = message->utc_ns - (s64)message->ref_ns,
	};

	if (!feed.facts.last_ref_ns || message->ref_ns > now->ref_ns ||
	    message->ref_ns < feed.page_since_ns)
		return false;
	return abs(vmclock_line_residual_ns(&feed.line, &sample)) <= LATE_ERROR_NS;
}

/*
 * place() - at which reference time was it what the host says?
 *
 * Where the host does not tell, or not rightly, all that is known is that the message
 * was sent before it arrived.
 */
static int place(const struct vmclock_feed_message *message,
		 const struct vmclock_instant *now, struct vmclock_sample *sample)
{
	bool has_ref = message->has_ref;
	u64 since_last_ns = now->ref_ns - feed.last_arrival_ns;

	feed.last_arrival_ns = now->ref_ns;
	if (has_ref && (possible(message->ref_ns, now) || late_and_right(message, now))) {
		feed.distrust = 0;
	} else if (has_ref) {
		/* Some that come together have been held up together, and prove nothing. */
		if (since_last_ns >= UNDER_WAY_MAX_NS && feed.distrust < DISTRUST_MIN)
			feed.distrust++;
		if (since_last_ns < UNDER_WAY_MAX_NS || feed.distrust < DISTRUST_MIN)
			return VMCLOCK_REJECT_REFERENCE;
		has_ref = false;
	}

	*sample = (struct vmclock_sample){
		.ref_ns = has_ref ? message->ref_ns : now->ref_ns,
		.by_arrival = !has_ref,
	};
	return -1;
}

/* Returns the kind of reject, or -1 if it is believed. */
static int take(const struct vmclock_feed_message *message,
		const struct vmclock_instant *now)
{
	struct vmclock_instant at = *now;
	struct vmclock_sample sample;
	struct vmclock_epoch epoch;
	s32 nsec;
	s64 sec;
	int reject;

	look_at_page(now);
	reject = place(message, now, &sample);
	if (reject >= 0)
		return reject;

	sec = div_s64_rem(message->utc_ns, NSEC_PER_SEC, &nsec);
	at.ref_ns = sample.ref_ns;
	at.ref_frac = 0;
	if (vmclock_epoch_from_utc(&epoch, sec, nsec, &at))
		return VMCLOCK_REJECT_RANGE;
	sample.epoch_ns = epoch.epoch_ns;
	/* It may have been in the ring when the page changed. */
	if (maybe_from_before(&sample, now) && !from_after(&sample, now))
		return VMCLOCK_REJECT_PAGE;

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
	feed.has_before = false;
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
	feed.has_before = false;
	/* It may come back with the numbers that the page had, and this was by the other's time. */
	feed.page_since_ns = 0;
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
	s64 silent_ns = 0, timeout_ns = (u64)READ_ONCE(feed_timeout_s) * NSEC_PER_SEC;
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
	feed.page = now.page;
	feed.page_since_ns = now.ref_ns;
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
	u64 timeout_ns = (u64)READ_ONCE(feed_timeout_s) * NSEC_PER_SEC;
	const struct vmclock_line *line;
	const struct told *current_told;
	s64 age_ns;
	int ret;

	rcu_read_lock();
	current_told = rcu_dereference(told);
	if (!current_told) {
		ret = READ_ONCE(feed.facts.samples) ? -ESTALE : -ENODATA;
		goto out;
	}
	line = &current_told->line;
	age_ns = now->ref_ns - line->ref_ns;
	ret = -ESTALE;
	if (!vmclock_page_same(&current_told->page, &now->page) || age_ns > (s64)timeout_ns ||
	    age_ns < -(s64)UNDER_WAY_MAX_NS)
		goto out;

	*epoch = (struct vmclock_epoch){
		.epoch_ns = line->epoch_ns,
		.ref_ns = line->ref_ns,
		.rate = line->rate,
		.page = now->page,
	};
	if (age_ns > (s64)line->trusted_ns) {
		epoch->epoch_ns += vmclock_epoch_growth_ns(line->rate, line->trusted_ns);
		epoch->rate = 0;
	}
	ret = 0;
out:
	rcu_read_unlock();
	return ret;
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
