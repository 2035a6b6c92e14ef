// SPDX-License-Identifier: GPL-2.0-only
/* 7.2: PTP_SYS_OFFSET_PRECISE names the system clock it wants. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#ifdef NEW_FORM
void probe(struct system_device_crosststamp *x)
{
	x->clock_id = 0;
}
#else
struct probe {
	struct system_device_crosststamp;
	int clock_id;
};
#endif
