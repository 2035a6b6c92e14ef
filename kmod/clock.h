/* SPDX-License-Identifier: GPL-2.0-only */
/* The host's clock: reference page and epoch tied to each other. */
#ifndef VMCLOCK_CLOCK_H
#define VMCLOCK_CLOCK_H

#include <linux/types.h>

#include "epoch.h"
#include "page.h"

struct vmclock_host;

/**
 * struct vmclock_bracket - an instant of something else, held between two of the clock
 * @before: the reference clock before it
 * @after: the reference clock after it, on the same CPU and by the same page
 * @epoch: what makes host time of both
 */
struct vmclock_bracket {
	struct vmclock_instant before;
	struct vmclock_instant after;
	struct vmclock_epoch epoch;
};

/**
 * struct vmclock_counts - what has happened since the module was loaded
 * @samples: epoch samples taken from the host
 * @page_changes: samples that a moved page made necessary, CPU by CPU
 * @errors_page: readings that failed as the page was missing, unfinished or no clock
 * @errors_source: readings that failed as the host refused or failed to tell its time
 * @errors_stale: readings that failed as the host had not told its time since its page changed, or
 *	for too long
 * @errors_range: readings that failed as host time came out beyond 2000 to 2232
 * @errors_moving: readings that failed as the page would not stay the same
 */
struct vmclock_counts {
	u64 samples;
	u64 page_changes;
	u64 errors_page;
	u64 errors_source;
	u64 errors_stale;
	u64 errors_range;
	u64 errors_moving;
};

void vmclock_clock_start(const struct vmclock_host *host);
int vmclock_clock_read(u64 max_age_ns, s64 *host_ns);
int vmclock_clock_bracket(u64 max_age_ns, void (*event)(void *arg), void *arg,
			  struct vmclock_bracket *bracket);
const struct vmclock_host *vmclock_clock_host(void);
void vmclock_clock_count(struct vmclock_counts *counts);
int vmclock_clock_sample_age(u64 *age_ns);

#endif /* VMCLOCK_CLOCK_H */
