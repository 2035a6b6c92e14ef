/* SPDX-License-Identifier: GPL-2.0-only */
/* Cross-timestamps: the host's clock and a system clock at one instant. */
#ifndef VMCLOCK_CROSSTSTAMP_H
#define VMCLOCK_CROSSTSTAMP_H

#include <linux/timekeeping.h>
#include <linux/types.h>

#include "page.h"

#define VMCLOCK_EXACT	0

/**
 * struct vmclock_crosststamp - two clocks at one instant
 * @system: the system clock, with the clocksource's counter value
 * @host_ns: host UTC at the same instant, ns since 1970
 * @width_ns: they are of the same instant to half of this; 0 where both come from the
 *	one counter value
 * @page: the reference page that @host_ns was computed with
 */
struct vmclock_crosststamp {
	struct system_time_snapshot system;
	s64 host_ns;
	u64 width_ns;
	struct vmclock_page page;
};

int vmclock_crosststamp(clockid_t clockid, u64 max_width_ns,
			struct vmclock_crosststamp *both);
u64 vmclock_crosststamp_last_width(void);

#endif /* VMCLOCK_CROSSTSTAMP_H */
