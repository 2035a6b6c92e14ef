// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cross-timestamps: the host's clock and a system clock at one instant.
 *
 * The system clock is computed from a counter, and the timekeeping core tells which
 * value of it. Where the reference clock can be computed from that same value, both
 * clocks have been read at one instant, whatever time passed between the computations.
 *
 * Which counter it is, kernels tell in different ways, or not at all (on x86 before 6.8
 * every clocksource is CSID_GENERIC, and so is Hyper-V's on later ones). So look at the
 * value: it was read between two looks at the reference clock, and only the counter
 * that it belongs to read less at the first and more at the second.
 */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "clock.h"
#include "compat/compat.h"
#include "crosststamp.h"
#include "host.h"

/*
 * Where there is no exact pair, the tightest of so many brackets: an interrupted vCPU
 * widens one or two in a row, hardly ever all five.
 */
#define BRACKETS	5

/*
 * The ACPI PM timer counts up to this, again and again, at a rate not far from that of
 * Hyper-V's reference counter: it must not be taken for that, nor for a young TSC. The
 * price: the reference counter is not known in a guest's first 1.7 s. HPET and jiffies count
 * to 32 bits; that one of them is within a bracket of some microseconds happens once in a
 * million, and then the pair is off by the bracket's width at most.
 */
#define NARROW_MAX	(BIT(24) - 1)

/* All of a cross-timestamp's brackets may rest on the sample taken for the first. */
#define SAMPLE_MAX_AGE_NS	NSEC_PER_MSEC

static u64 last_width_ns;

struct snapshot {
	clockid_t clockid;
	bool valid;
	struct system_time_snapshot *system;
};

static void take_snapshot(void *arg)
{
	struct snapshot *snapshot = arg;

	snapshot->valid = compat_get_snapshot(snapshot->clockid, snapshot->system);
}

/* The middle of two reference times, and how far they are apart. */
static int between(u64 early_ns, u64 late_ns, struct vmclock_instant *at, u64 *width_ns)
{
	if (early_ns > late_ns)
		swap(early_ns, late_ns);
	*width_ns = late_ns - early_ns;
	at->ref_ns = early_ns + *width_ns / 2;
	at->ref_frac = 0;
	return 0;
}

/*
 * place_counter() - reference time of a clocksource's counter value
 * @bracket: what it was read between
 * @counter: the value; of which clocksource is not known
 * @at: reference time when the counter read @counter
 * @width_ns: to half of this; 0 if exact
 *
 * Return: 0; any error of the host's @ref.
 */
static int place_counter(const struct vmclock_bracket *bracket, u64 counter,
			 struct vmclock_instant *at, u64 *width_ns)
{
	const struct vmclock_host *host = vmclock_clock_host();
	const struct vmclock_instant *before = &bracket->before;
	const struct vmclock_instant *after = &bracket->after;
	bool is_tsc = counter >= before->tsc && counter <= after->tsc;
	bool is_ref = counter >= div_u64(before->ref_ns, host->counter_ns) &&
		      counter <= div_u64(after->ref_ns, host->counter_ns);
	int ret;

	*width_ns = VMCLOCK_EXACT;
	*at = (struct vmclock_instant){ .page = before->page, .tsc = counter };
	if (counter > NARROW_MAX && is_tsc) {
		ret = host->ref(at);
		if (ret == -EOPNOTSUPP)
			return between(before->ref_ns, after->ref_ns, at, width_ns);
		if (ret || !is_ref)
			return ret;
		/*
		 * With a TSC near 1 GHz it may be either. Then both answers are from
		 * within the bracket, and the truth is one of them.
		 */
		return between(at->ref_ns, counter * host->counter_ns, at, width_ns);
	}
	if (counter > NARROW_MAX && is_ref) {
		at->ref_ns = counter * host->counter_ns;
		return 0;
	}
	/*
	 * HPET and the like. Or kvm-clock, where the host has no stable TSC: it must
	 * not go back, and waits for this CPU's page to catch up with another's.
	 */
	return between(before->ref_ns, after->ref_ns, at, width_ns);
}

/**
 * vmclock_crosststamp() - the host's clock and a system clock at one instant
 * @clockid: which system clock
 * @max_width_ns: no worse than this, in ns; %VMCLOCK_EXACT for an exact pair or none
 * @both: the two
 *
 * Rests on a sample taken for the call.
 *
 * Context: any but NMI.
 *
 * Return: 0; -EOPNOTSUPP if @clockid has no snapshots, or if the clocksource counts
 * neither the TSC nor reference time and no bracket was tight enough; any error of
 * vmclock_clock_read().
 */
int vmclock_crosststamp(clockid_t clockid, u64 max_width_ns,
			struct vmclock_crosststamp *both)
{
	struct system_time_snapshot system;
	struct snapshot snapshot = { .clockid = clockid, .system = &system };
	struct vmclock_bracket bracket;
	struct vmclock_instant at;
	u64 width_ns, max_age_ns = 0;
	s64 host_ns;
	int brackets = max_width_ns ? BRACKETS : 1;
	int ret, i;

	both->width_ns = U64_MAX;
	for (i = 0; i < brackets && both->width_ns; i++) {
		ret = vmclock_clock_bracket(max_age_ns, take_snapshot, &snapshot, &bracket);
		if (ret)
			return ret;
		if (!snapshot.valid)
			return -EOPNOTSUPP;
		max_age_ns = SAMPLE_MAX_AGE_NS;

		ret = place_counter(&bracket, system.cycles, &at, &width_ns);
		if (!ret)
			ret = vmclock_epoch_host_ns(&bracket.epoch, &at, &host_ns);
		if (ret)
			return ret;
		/* What was told before the page changed may no longer be so. */
		if (i && !vmclock_page_same(&both->page, &bracket.before.page))
			both->width_ns = U64_MAX;
		if (width_ns >= both->width_ns)
			continue;
		*both = (struct vmclock_crosststamp){
			.system = system,
			.host_ns = host_ns,
			.width_ns = width_ns,
			.page = bracket.before.page,
		};
	}
	WRITE_ONCE(last_width_ns, both->width_ns);
	return both->width_ns <= max_width_ns ? 0 : -EOPNOTSUPP;
}

/**
 * vmclock_crosststamp_last_width() - how exact was the last cross-timestamp?
 *
 * Return: its width in ns, also of one that was too wide; 0 if it was exact, or if
 * there has been none.
 */
u64 vmclock_crosststamp_last_width(void)
{
	return READ_ONCE(last_width_ns);
}
