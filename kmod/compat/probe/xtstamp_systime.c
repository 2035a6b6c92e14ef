// SPDX-License-Identifier: GPL-2.0-only
/* 7.2: sys_realtime of a cross-timestamp, now of any clock, is called sys_systime. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#ifdef NEW_FORM
void probe(struct system_device_crosststamp *x)
{
	x->sys_systime = x->sys_monoraw;
}
#else
void probe(struct system_device_crosststamp *x)
{
	x->sys_realtime = x->sys_monoraw;
}
#endif
