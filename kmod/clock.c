// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's clock: reference page and epoch tied to each other.
 *
 * Each CPU has a sample of its own, tied to its own page, and looks at both with
 * interrupts off. So there is no lock, and nobody waits for a CPU that the host keeps
 * from running; and a sample is never used with another page than it was taken with,
 * which after a pause, a migration or a restore would be wrong by all of that time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "clock.h"
#include "feed.h"
#include "host.h"
#include "log.h"

/*
 * The host may change the page under a reading, and the reading begins anew. Without a
 * stable TSC it does so whenever it schedules a vCPU, at most; eight times within some
 * microseconds each is a host gone wrong.
 */
#define MOVES_MAX	8

/*
 * A host that fails may do so in passing, and some readers never come back from a first
 * failure (chronyd from a PRECISE that failed). One that fails twice is down.
 */
#define FAILURES_MAX	1

struct cpu_clock {
	struct vmclock_epoch epoch;
	struct vmclock_counts counts;
};

static DEFINE_PER_CPU(struct cpu_clock, cpu_clock);

static const struct vmclock_host *host;

/* Of the youngest sample on any CPU. */
static u64 last_sample_ref_ns;

/**
 * vmclock_clock_start() - a clock that has no sample yet
 * @new_host: where its time comes from, started; there is one clock
 */
void vmclock_clock_start(const struct vmclock_host *new_host)
{
	unsigned int cpu;

	host = new_host;
	last_sample_ref_ns = 0;
	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(&cpu_clock, cpu), 0, sizeof(struct cpu_clock));
}

/**
 * vmclock_clock_host() - where the clock's time comes from
 */
const struct vmclock_host *vmclock_clock_host(void)
{
	return host;
}

static int take_sample(struct cpu_clock *cpu)
{
	int ret = host->sample(&cpu->epoch);

	if (ret) {
		/* It may have been half written. */
		cpu->epoch = (struct vmclock_epoch){};
		return ret;
	}
	cpu->counts.samples++;
	WRITE_ONCE(last_sample_ref_ns, cpu->epoch.ref_ns);
	return 0;
}

/* The reference clock now, and an epoch that holds for it. */
static int look(u64 max_age_ns, struct vmclock_epoch *epoch,
		struct vmclock_instant *now)
{
	struct cpu_clock *cpu = this_cpu_ptr(&cpu_clock);
	int ret;

	ret = host->read(now);
	if (ret)
		return ret;
	/* It costs nothing, and knows what has come since. */
	if (host->fed)
		max_age_ns = 0;
	if (!vmclock_epoch_covers(&cpu->epoch, now, max_age_ns)) {
		if (cpu->epoch.page.version &&
		    !vmclock_page_same(&cpu->epoch.page, &now->page))
			cpu->counts.page_changes++;
		ret = take_sample(cpu);
		if (ret)
			return ret;
		ret = host->read(now);
		if (ret)
			return ret;
		/* Stopped in between: this sample, too, is from before. */
		if (!vmclock_page_same(&cpu->epoch.page, &now->page))
			return -EAGAIN;
	}
	*epoch = cpu->epoch;
	return 0;
}

struct patience {
	unsigned int moves;
	unsigned int failures;
};

static bool try_again(int ret, struct patience *used)
{
	if (!ret)
		return false;
	if (ret == -EAGAIN)
		return ++used->moves < MOVES_MAX;
	return ++used->failures <= FAILURES_MAX;
}

static void count_error(int ret)
{
	switch (ret) {
	case 0:
		break;
	case -ENODATA:
	case -ETIMEDOUT:
		this_cpu_inc(cpu_clock.counts.errors_page);
		break;
	case -ESTALE:
		this_cpu_inc(cpu_clock.counts.errors_stale);
		break;
	case -ERANGE:
		this_cpu_inc(cpu_clock.counts.errors_range);
		break;
	case -EAGAIN:
		this_cpu_inc(cpu_clock.counts.errors_moving);
		pr_hourly(pr_warn, "the host changed its page %u times under one reading\n",
			  MOVES_MAX);
		break;
	default:
		this_cpu_inc(cpu_clock.counts.errors_source);
	}
}

/**
 * vmclock_clock_read() - the host's time now
 * @max_age_ns: an epoch sample younger than this, in ns, will do; 0 to take one for
 *	this reading
 * @host_ns: host UTC, ns since 1970
 *
 * Context: any but NMI. No VM exit if there is a young sample on this CPU.
 *
 * Return: 0; -EAGAIN if the page would not stay; any error of the host's @read and
 * @sample, except that -EOPNOTSUPP, which to user space means a lack of the clock's, is
 * -EIO.
 */
int vmclock_clock_read(u64 max_age_ns, s64 *host_ns)
{
	struct patience used = {};
	struct vmclock_instant now;
	struct vmclock_epoch epoch;
	unsigned long flags;
	int ret;

	do {
		local_irq_save(flags);
		ret = look(max_age_ns, &epoch, &now);
		local_irq_restore(flags);
		if (!ret)
			ret = vmclock_epoch_host_ns(&epoch, &now, host_ns);
	} while (try_again(ret, &used));

	count_error(ret);
	return ret == -EOPNOTSUPP ? -EIO : ret;
}

/**
 * vmclock_clock_bracket() - hold something between two instants of the clock
 * @max_age_ns: as for vmclock_clock_read()
 * @event: what is held; does not sleep, and may be called several times, of which
 *	the last counts
 * @arg: for @event
 * @bracket: what it is held between
 *
 * Context: any but NMI; @event is called with interrupts off.
 *
 * Return: as vmclock_clock_read().
 */
int vmclock_clock_bracket(u64 max_age_ns, void (*event)(void *arg), void *arg,
			  struct vmclock_bracket *bracket)
{
	struct patience used = {};
	unsigned long flags;
	int ret;

	do {
		local_irq_save(flags);
		ret = look(max_age_ns, &bracket->epoch, &bracket->before);
		if (!ret) {
			event(arg);
			ret = host->read(&bracket->after);
		}
		local_irq_restore(flags);
		if (!ret && !vmclock_page_same(&bracket->before.page,
					       &bracket->after.page))
			ret = -EAGAIN;
	} while (try_again(ret, &used));

	count_error(ret);
	return ret == -EOPNOTSUPP ? -EIO : ret;
}

/**
 * vmclock_clock_count() - what has happened on all CPUs together
 * @counts: the sums
 */
void vmclock_clock_count(struct vmclock_counts *counts)
{
	struct vmclock_feed_facts facts;
	unsigned int cpu;

	*counts = (struct vmclock_counts){};
	for_each_possible_cpu(cpu) {
		const struct vmclock_counts *one = &per_cpu_ptr(&cpu_clock, cpu)->counts;

		counts->samples += READ_ONCE(one->samples);
		counts->page_changes += READ_ONCE(one->page_changes);
		counts->errors_page += READ_ONCE(one->errors_page);
		counts->errors_source += READ_ONCE(one->errors_source);
		counts->errors_stale += READ_ONCE(one->errors_stale);
		counts->errors_range += READ_ONCE(one->errors_range);
		counts->errors_moving += READ_ONCE(one->errors_moving);
	}
	if (host->fed) {
		host->fed(&facts);
		counts->samples = facts.samples;
		counts->page_changes = facts.page_changes;
	}
}

/**
 * vmclock_clock_sample_age() - how long ago did any CPU take a sample?
 * @age_ns: in ns of reference time, which stands still while the host holds the guest
 *
 * Return: 0; -ENODATA if there has been none; any error of the host's @read.
 */
int vmclock_clock_sample_age(u64 *age_ns)
{
	u64 last_ns = READ_ONCE(last_sample_ref_ns);
	struct vmclock_feed_facts facts;
	struct vmclock_instant now;
	unsigned long flags;
	int ret;

	if (host->fed) {
		host->fed(&facts);
		last_ns = facts.last_ref_ns;
	}

	local_irq_save(flags);
	ret = host->read(&now);
	local_irq_restore(flags);
	if (ret)
		return ret;
	/* Or it is of a reference clock that the host has since set back. */
	if (!last_ns || now.ref_ns < last_ns)
		return -ENODATA;
	*age_ns = now.ref_ns - last_ns;
	return 0;
}
