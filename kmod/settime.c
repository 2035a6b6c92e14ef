// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system clock, set where the host asks for it and nobody else would.
 *
 * A host sends SYNC when the guest has booted or come back; some leave it off after a sleep.
 * The kernel's own driver, whose channel we take, sets the clock at SYNC whoever else looks
 * after it. A daemon does that better, and may know better: it is left alone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "clock.h"
#include "compat/compat.h"
#include "crosststamp.h"
#include "phc.h"
#include "settime.h"

/* A system clock that is off by this has slept (drivers/hv/hv_util.c takes 5 s). */
#define OFF_MIN_NS		(2 * NSEC_PER_SEC)

/*
 * A servo reads a clock at least once in 2^10 s (chrony's largest default poll). Who has read
 * offsets, or changed the clock's rate, in twice that time looks after it.
 */
#define STEERED_FOR_NS		(2 * 1024 * NSEC_PER_SEC)

/*
 * With nobody at it, the system clock runs with CLOCK_MONOTONIC_RAW but for one unit of the
 * clocksource's mult, about 2^-23 or 119 ppb for a TSC: the kernel goes back and forth between two,
 * and stays with one for seconds where it idles. An oscillator is off by more, and so is a
 * clock that is disciplined: not how its rate changes tells that, for a good daemon changes
 * it by less, but that it has one. So has a clock that its daemon has left: that one we leave, too.
 */
#define STEERED_MIN_PPB		250

/* A rate wants so much time; and when there is none yet, it is looked again after this. */
#define RATE_SPAN_MIN_NS	NSEC_PER_SEC
#define LOOK_AGAIN_MS		1100

/* Held up between reading the one clock and setting the other, we would set it late. */
#define SET_TRIES		5
#define SET_ERROR_MAX_NS	NSEC_PER_MSEC

/* Work only, which is never run by two CPUs at once, knows all this. */
static struct {
	/* The system clock at the last look. */
	s64 system_ns, monoraw_ns;
	bool has_look, has_rate;
	/* By somebody, since it was last compared with the host's. */
	bool was_set;
	/* By ktime_get_boottime_ns(): when it was last seen to be steered; 0: never. */
	u64 steered_ns;
	/* It was not off then, and the host had changed its page so often. */
	bool was_right;
	u64 page_changes;
	/* It is to be set as soon as nobody steers it. */
	const char *wanted;
	bool told_steered;
} system;

static bool sync_asked;

/* What the system clock may gain in a time by any rate: beyond that it was set. */
static s64 gain_max_ns(s64 span_ns)
{
	return clamp_t(s64, span_ns / 10, NSEC_PER_MSEC, 5 * NSEC_PER_SEC);
}

static void watch_rate(s64 rate_ppb)
{
	if (abs(rate_ppb) > STEERED_MIN_PPB)
		system.steered_ns = ktime_get_boottime_ns();
	system.has_rate = true;
}

/*
 * watch_clock() - who has been at the system clock since the last look?
 *
 * Return: true if it was set.
 */
static bool watch_clock(void)
{
	struct system_time_snapshot snapshot;
	s64 system_ns, monoraw_ns, span_ns, gain_ns;
	bool was_set = false;

	if (!compat_get_snapshot(CLOCK_REALTIME, &snapshot))
		return false;
	system_ns = ktime_to_ns(compat_snapshot_systime(&snapshot, CLOCK_REALTIME));
	monoraw_ns = ktime_to_ns(compat_snapshot_monoraw(&snapshot));

	if (system.has_look) {
		span_ns = monoraw_ns - system.monoraw_ns;
		gain_ns = system_ns - system.system_ns - span_ns;
		was_set = abs(gain_ns) > gain_max_ns(span_ns);
		if (!was_set && span_ns < RATE_SPAN_MIN_NS)
			return false;
		if (was_set)
			system.has_rate = false;
		else
			watch_rate(div64_s64(gain_ns * NSEC_PER_SEC, span_ns));
	}
	system.system_ns = system_ns;
	system.monoraw_ns = monoraw_ns;
	system.has_look = true;
	return was_set;
}

static bool recently(u64 then_ns)
{
	return then_ns && ktime_get_boottime_ns() - then_ns < STEERED_FOR_NS;
}

static bool somebody_steers(void)
{
	return recently(system.steered_ns) || recently(vmclock_phc_last_asked());
}

static s64 behind_ns(s64 host_ns)
{
	return host_ns - ktime_to_ns(ktime_get_real());
}

/* Returns false if the host's clock could not be read. */
static bool set_clock(const char *why)
{
	struct timespec64 ts;
	s64 host_ns, was_behind_ns = 0;
	int tries;

	for (tries = 0; tries < SET_TRIES; tries++) {
		if (vmclock_clock_read(0, &host_ns))
			return false;
		if (!tries)
			was_behind_ns = behind_ns(host_ns);
		else if (abs(behind_ns(host_ns)) < SET_ERROR_MAX_NS)
			break;
		ts = ns_to_timespec64(host_ns);
		do_settimeofday64(&ts);
		/* That was no rate, and nobody else; who sets it from now on is. */
		system.has_look = false;
		system.has_rate = false;
		watch_clock();
	}
	pr_info("system clock set %s, it was %lld ms %s\n", why,
		div_s64(abs(was_behind_ns), NSEC_PER_MSEC),
		was_behind_ns < 0 ? "ahead" : "behind");
	return true;
}

/*
 * What is wanted of the system clock, which is so far behind? Where the page is as it was, it has
 * not slept: then it is the host's clock that was set, rightly or not.
 */
static void decide(bool sync, s64 off_ns, u64 page_changes)
{
	bool has_slept = system.was_right && page_changes != system.page_changes;

	/* Set by a person, it is as that person wants it. */
	if (system.was_set)
		system.wanted = NULL;
	if (sync)
		system.wanted = "as the host asked";
	else if (off_ns >= OFF_MIN_NS && has_slept && !system.was_set)
		system.wanted = "after a sleep";
	system.was_set = false;
	system.was_right = abs(off_ns) < OFF_MIN_NS;
	if (system.was_right)
		system.page_changes = page_changes;
}

/*
 * By how much is the system clock behind, and how often had the host changed its page then? Not
 * known where that happens meanwhile.
 */
static bool compare(s64 *off_ns, u64 *page_changes)
{
	struct vmclock_crosststamp both;
	struct vmclock_counts counts;

	vmclock_clock_count(&counts);
	*page_changes = counts.page_changes;
	if (vmclock_crosststamp(CLOCK_REALTIME, U64_MAX, &both))
		return false;
	*off_ns = both.host_ns -
		  ktime_to_ns(compat_snapshot_systime(&both.system, CLOCK_REALTIME));
	vmclock_clock_count(&counts);
	return counts.page_changes == *page_changes;
}

static void settime(struct work_struct *work)
{
	bool sync = xchg(&sync_asked, false);
	u64 page_changes;
	s64 off_ns;

	system.was_set |= watch_clock();
	if (!compare(&off_ns, &page_changes)) {
		/* With the next sample. */
		if (sync)
			WRITE_ONCE(sync_asked, true);
		return;
	}
	decide(sync, off_ns, page_changes);
	if (!system.wanted)
		return;
	if (!system.has_rate) {
		schedule_delayed_work(to_delayed_work(work), msecs_to_jiffies(LOOK_AGAIN_MS));
		return;
	}
	if (!somebody_steers()) {
		if (!set_clock(system.wanted))
			return;
		/* By a time of that page: what changed since is another sleep. */
		system.was_right = true;
		system.page_changes = page_changes;
	} else if (!system.was_right) {
		/* Until it is right, or nobody steers it any longer. */
		if (!system.told_steered)
			pr_info("system clock %lld ms from the host's, left to who steers it\n",
				div_s64(off_ns, NSEC_PER_MSEC));
		system.told_steered = true;
		return;
	}
	system.wanted = NULL;
	system.told_steered = false;
}

static DECLARE_DELAYED_WORK(settime_work, settime);

/**
 * vmclock_settime_sampled() - the host has told its time
 * @sync: and wants the guest's clock set
 *
 * Context: any.
 */
void vmclock_settime_sampled(bool sync)
{
	if (sync)
		WRITE_ONCE(sync_asked, true);
	compat_work_now(&settime_work);
}

/**
 * vmclock_settime_stop() - nothing more is set after this
 */
void vmclock_settime_stop(void)
{
	cancel_delayed_work_sync(&settime_work);
}
