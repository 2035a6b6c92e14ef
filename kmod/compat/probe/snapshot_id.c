// SPDX-License-Identifier: GPL-2.0-only
/* 7.2: ktime_get_snapshot_id(), of any clock, took the place of ktime_get_snapshot(). */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#ifdef NEW_FORM
void probe(struct system_time_snapshot *s)
{
	ktime_get_snapshot_id(0, s);
	s->valid = s->systime == s->monoraw;
}
#else
void probe(struct system_time_snapshot *s)
{
	ktime_get_snapshot(s);
	s->cycles = s->real == s->raw;
}
#endif
