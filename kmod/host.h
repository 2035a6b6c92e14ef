/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a hypervisor must be able to tell. A further one is one more file that fills
 * this in, host_<name>.c, and one more line in hosts.c.
 */
#ifndef VMCLOCK_HOST_H
#define VMCLOCK_HOST_H

#include <linux/types.h>

#include "epoch.h"
#include "page.h"

struct vmclock_feed_facts;

/**
 * struct vmclock_host - one hypervisor's clocks
 * @name: for people and programs, see status.c
 * @counter_ns: ns per count of the clocksource that reads the same page
 *	(kvm-clock counts 1 ns)
 * @fed: what has come of samples that come of themselves, see feed.h: then @sample
 *	costs nothing. NULL if @sample asks the host.
 * @advice: if @fed, what to do where none come
 * @detect: is this the hypervisor we run on? Says nothing.
 * @start: get ready to tell the time; -ENODEV with one line that says what is missing,
 *	and what to do about it on the host, if this one cannot
 * @stop: undo @start
 * @read: the reference clock now, without a VM exit. -ENODATA if there is no page,
 *	-ETIMEDOUT if it does not settle, -ERANGE if it is no clock, -EAGAIN if the TSC
 *	is behind it, -ESTALE if it is not known yet whether it is the one it was.
 * @ref: reference time at a TSC value of the CPU whose page it is. -EAGAIN if
 *	that page is younger than the value, -ERANGE if it is out of range, -EOPNOTSUPP if
 *	the page in force is not made from the TSC.
 * @sample: an epoch for the present page of this CPU. -EAGAIN if the page changed
 *	meanwhile, -EOPNOTSUPP if the host refuses, -EBUSY if it is not known yet what it
 *	means, -EIO if it fails, -ERANGE if it tells no time; of one that is @fed -ENODATA
 *	before the first sample, -ESTALE if there is none that still holds; any error of
 *	@read.
 * @source: where the last sample came from, in a word
 *
 * @read and @sample are called with interrupts off, so that one CPU's page, TSC and
 * memory belong together; they neither sleep nor wait for another CPU. What goes wrong
 * on the host is reported, at a limited rate, where it is found.
 */
struct vmclock_host {
	const char *name;
	u32 counter_ns;
	void (*fed)(struct vmclock_feed_facts *facts);
	const char *advice;
	bool (*detect)(void);
	int (*start)(void);
	void (*stop)(void);
	int (*read)(struct vmclock_instant *now);
	int (*ref)(struct vmclock_instant *at);
	int (*sample)(struct vmclock_epoch *epoch);
	const char *(*source)(void);
};

extern const struct vmclock_host vmclock_host_kvm;
extern const struct vmclock_host vmclock_host_hyperv;

const struct vmclock_host *vmclock_hosts_start(void);

#endif /* VMCLOCK_HOST_H */
