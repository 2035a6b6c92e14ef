// SPDX-License-Identifier: GPL-2.0-only
/* 7.2: a cross-timestamp carries the clocksource's counter, too. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#ifdef NEW_FORM
void probe(struct system_device_crosststamp *x)
{
	x->sys_counter.cs_id = x->sys_counter.cycles;
}
#else
struct probe {
	struct system_device_crosststamp;
	int sys_counter;
};
#endif
