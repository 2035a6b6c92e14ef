// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disruptions: the host's clock and the guest's own have come apart.
 *
 * After a pause, a migration or a restore the guest's clocks go on as if nothing had been, and
 * so they do when the host's clock is set. Who reads our clock then sees the right time, but
 * a servo takes a minute to believe it. So somebody looks twice a second, whether or not
 * anybody reads, and tells those who can have the servo begin anew.
 */
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "clock.h"
#include "compat/compat.h"
#include "crosststamp.h"
#include "host.h"
#include "page.h"
#include "watch.h"

/* So that a second is enough for the telling and for the step that follows. */
#define LOOK_MS		500

/* The host's clock may be slewed: by a tenth at most (adjtimex(2)), which is no disruption. */
#define SLEW_MAX_DIVISOR	10

/* Nor is what every servo closes by itself, or what a host's late messages can look like. */
#define JUMP_MIN_NS		(100 * NSEC_PER_MSEC)

/*
 * Where the host has done something to the guest, and its page says so, noise is less than
 * this. Only such a jump is the guest's: of any other it may be the host's clock that was set,
 * and so may be wrong now.
 */
#define JUMP_OF_PAGE_MIN_NS	NSEC_PER_MSEC

static void (*disrupted)(const struct vmclock_disruptions *all);

/* Read by whoever asks, written by the work alone. */
static DEFINE_SPINLOCK(lock);
static struct vmclock_disruptions disruptions = { .cause = "none" };

/* How it was at the last look, which the work alone knows. */
static struct {
	bool valid;
	s64 monoraw_ns;
	s64 apart_ns;		/* host UTC minus CLOCK_MONOTONIC_RAW, minus what the guest slept */
	struct vmclock_page page;
	u64 page_changes;
} last;

static bool sync;

/* By ktime_get_boottime_ns(): when a disruption was last told; 0: never. */
static u64 told_ns;

static void tell(s64 step_ns, const char *cause)
{
	struct vmclock_disruptions all;

	spin_lock(&lock);
	disruptions.count++;
	disruptions.step_ns = step_ns;
	disruptions.cause = cause;
	all = disruptions;
	spin_unlock(&lock);
	WRITE_ONCE(told_ns, ktime_get_boottime_ns());
	disrupted(&all);
}

/*
 * Has the host done something to the guest since the last look? Where it has one page for all
 * CPUs and feeds us, that has been counted, with what no page shows.
 */
static bool page_anew(const struct vmclock_page *page, u64 page_changes)
{
	if (vmclock_clock_host()->fed)
		return page_changes != last.page_changes;
	return vmclock_page_anew(&last.page, page);
}

/* What has it come of? NULL if it is no more than the host's clock can have gained by its rate. */
static const char *cause_of(s64 gain_ns, s64 time_ns, bool anew)
{
	if (anew && abs(gain_ns) > JUMP_OF_PAGE_MIN_NS)
		return "page";
	if (abs(gain_ns) > max_t(s64, JUMP_MIN_NS, time_ns / SLEW_MAX_DIVISOR))
		return "step";
	return NULL;
}

/* How the two clocks are, with what is not of that instant, and must not change meanwhile. */
struct sight {
	struct vmclock_crosststamp both;
	u64 page_changes;
	/* What the guest has slept, of itself: which CLOCK_MONOTONIC_RAW does not count. */
	s64 slept_ns;
};

static s64 slept_ns(void)
{
	return ktime_to_ns(ktime_mono_to_any(0, TK_OFFS_BOOT));
}

static bool see(struct sight *sight)
{
	struct vmclock_counts counts;

	vmclock_clock_count(&counts);
	sight->page_changes = counts.page_changes;
	sight->slept_ns = slept_ns();
	if (vmclock_crosststamp(CLOCK_REALTIME, U64_MAX, &sight->both))
		return false;
	if (slept_ns() != sight->slept_ns)
		return false;
	/* Where nobody feeds us, our own look may just have counted one. */
	vmclock_clock_count(&counts);
	return !vmclock_clock_host()->fed || counts.page_changes == sight->page_changes;
}

static void look(struct work_struct *work)
{
	s64 monoraw_ns, apart_ns;
	const char *cause;
	struct sight now;

	/* While it cannot be told, the last look stays: what happens meanwhile is seen after. */
	if (see(&now)) {
		monoraw_ns = ktime_to_ns(compat_snapshot_monoraw(&now.both.system));
		apart_ns = now.both.host_ns - monoraw_ns - now.slept_ns;
		cause = cause_of(apart_ns - last.apart_ns, monoraw_ns - last.monoraw_ns,
				 page_anew(&now.both.page, now.page_changes));
		if (xchg(&sync, false))
			cause = "sync";
		/* At the first look nothing has been together. */
		if (cause && last.valid)
			tell(apart_ns - last.apart_ns, cause);
		last.valid = true;
		last.monoraw_ns = monoraw_ns;
		last.apart_ns = apart_ns;
		last.page = now.both.page;
		last.page_changes = now.page_changes;
	}
	schedule_delayed_work(to_delayed_work(work), msecs_to_jiffies(LOOK_MS));
}

static DECLARE_DELAYED_WORK(look_work, look);

/**
 * vmclock_watch_start() - look twice a second
 * @new_disrupted: called after each disruption, in process context
 *
 * The clock must have been started.
 */
void vmclock_watch_start(void (*new_disrupted)(const struct vmclock_disruptions *all))
{
	disrupted = new_disrupted;
	schedule_delayed_work(&look_work, 0);
}

/**
 * vmclock_watch_stop() - nothing more is told after this
 */
void vmclock_watch_stop(void)
{
	cancel_delayed_work_sync(&look_work);
}

/**
 * vmclock_watch_sync() - the host says that the guest's clock is wrong
 *
 * Told of at once; of a host that says so again and again, with the next look.
 *
 * Context: any.
 */
void vmclock_watch_sync(void)
{
	u64 then_ns = READ_ONCE(told_ns);

	WRITE_ONCE(sync, true);
	if (!then_ns || ktime_get_boottime_ns() - then_ns >= LOOK_MS * NSEC_PER_MSEC)
		compat_work_now(&look_work);
}

/**
 * vmclock_watch_disruptions() - what has happened so far
 * @all: that
 */
void vmclock_watch_disruptions(struct vmclock_disruptions *all)
{
	spin_lock(&lock);
	*all = disruptions;
	spin_unlock(&lock);
}
