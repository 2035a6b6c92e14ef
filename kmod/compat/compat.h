/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One face for what kernels from 5.10 to 7.x call by different names. Nothing outside
 * this folder knows of the differences. COMPAT_<FACT> is 1 for the new form of
 * probe/<fact>.c and 0 for the old.
 */
#ifndef VMCLOCK_COMPAT_H
#define VMCLOCK_COMPAT_H

#include <linux/ktime.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/time.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "probed.h"

/**
 * compat_get_snapshot() - a system clock and its counter's value at one instant
 * @clockid: which system clock
 * @snapshot: the snapshot
 *
 * Return: false if this kernel has no snapshots of that clock.
 */
static inline bool compat_get_snapshot(clockid_t clockid,
				       struct system_time_snapshot *snapshot)
{
#if COMPAT_SNAPSHOT_ID
	ktime_get_snapshot_id(clockid, snapshot);
	return snapshot->valid;
#else
	if (clockid != CLOCK_REALTIME && clockid != CLOCK_MONOTONIC_RAW)
		return false;
	ktime_get_snapshot(snapshot);
	return true;
#endif
}

/**
 * compat_snapshot_systime() - what the system clock said
 * @snapshot: as compat_get_snapshot() filled it
 * @clockid: for the same clock
 */
static inline ktime_t
compat_snapshot_systime(const struct system_time_snapshot *snapshot, clockid_t clockid)
{
#if COMPAT_SNAPSHOT_ID
	return snapshot->systime;
#else
	return clockid == CLOCK_MONOTONIC_RAW ? snapshot->raw : snapshot->real;
#endif
}

/**
 * compat_snapshot_monoraw() - CLOCK_MONOTONIC_RAW at the same instant
 * @snapshot: as compat_get_snapshot() filled it
 */
static inline ktime_t
compat_snapshot_monoraw(const struct system_time_snapshot *snapshot)
{
#if COMPAT_SNAPSHOT_ID
	return snapshot->monoraw;
#else
	return snapshot->raw;
#endif
}

/**
 * compat_sts_clockid() - which system clock is wanted before and after?
 * @sts: as the PTP core hands it to gettimex64()
 */
static inline clockid_t compat_sts_clockid(const struct ptp_system_timestamp *sts)
{
#if COMPAT_STS_CLOCKID
	return sts->clockid;
#else
	return CLOCK_REALTIME;
#endif
}

/**
 * compat_sts_set() - before and after are one instant
 * @sts: as the PTP core handed it to gettimex64()
 * @snapshot: what compat_get_snapshot() gave for its clock
 */
static inline void compat_sts_set(struct ptp_system_timestamp *sts,
				  const struct system_time_snapshot *snapshot)
{
#if COMPAT_STS_SNAPSHOTS
	sts->pre_sts = *snapshot;
	sts->post_sts = *snapshot;
#else
	sts->pre_ts = ktime_to_timespec64(compat_snapshot_systime(snapshot,
								  compat_sts_clockid(sts)));
	sts->post_ts = sts->pre_ts;
#endif
}

/**
 * compat_xtstamp_clockid() - which system clock is to be paired?
 * @xtstamp: as the PTP core hands it to getcrosststamp()
 */
static inline clockid_t
compat_xtstamp_clockid(const struct system_device_crosststamp *xtstamp)
{
#if COMPAT_XTSTAMP_CLOCK_ID
	return xtstamp->clock_id;
#else
	return CLOCK_REALTIME;
#endif
}

/**
 * compat_xtstamp_set() - fill a cross-timestamp
 * @xtstamp: as the PTP core handed it to getcrosststamp()
 * @device: device time
 * @snapshot: what compat_get_snapshot() gave for its clock at the same instant
 */
static inline void compat_xtstamp_set(struct system_device_crosststamp *xtstamp,
				      ktime_t device,
				      const struct system_time_snapshot *snapshot)
{
	ktime_t systime = compat_snapshot_systime(snapshot,
						  compat_xtstamp_clockid(xtstamp));

	xtstamp->device = device;
	xtstamp->sys_monoraw = compat_snapshot_monoraw(snapshot);
#if COMPAT_XTSTAMP_SYSTIME
	xtstamp->sys_systime = systime;
#else
	xtstamp->sys_realtime = systime;
#endif
#if COMPAT_XTSTAMP_COUNTER
	xtstamp->sys_counter = (struct system_counterval_t){
		.cycles = snapshot->cycles,
		.cs_id = snapshot->cs_id,
	};
#endif
}

/**
 * compat_work_now() - have delayed work done now
 * @work: the work; runs and is queued again by schedule_delayed_work() only
 *
 * mod_delayed_work() wants the queue named, and that of schedule_delayed_work() has changed its
 * name (system_wq, from Linux 6.17 on system_percpu_wq, backported by some). On two queues
 * work can be run by two CPUs at once.
 *
 * Context: any.
 */
static inline void compat_work_now(struct delayed_work *work)
{
	/* It may queue itself again in between. */
	do
		cancel_delayed_work(work);
	while (!schedule_delayed_work(work, 0));
}

#endif /* VMCLOCK_COMPAT_H */
