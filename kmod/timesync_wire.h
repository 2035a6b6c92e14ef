/* SPDX-License-Identifier: GPL-2.0-only */
/* What TimeSync messages look like on the wire, and nothing of how they travel. */
#ifndef VMCLOCK_TIMESYNC_WIRE_H
#define VMCLOCK_TIMESYNC_WIRE_H

#include <linux/types.h>

#include "feed.h"

/**
 * enum vmclock_timesync_kind - what a message is
 * @VMCLOCK_TIMESYNC_NEGOTIATE: the host offers versions
 * @VMCLOCK_TIMESYNC_SAMPLE: it tells its time
 * @VMCLOCK_TIMESYNC_OTHER: well-formed, and nothing for us
 */
enum vmclock_timesync_kind {
	VMCLOCK_TIMESYNC_NEGOTIATE,
	VMCLOCK_TIMESYNC_SAMPLE,
	VMCLOCK_TIMESYNC_OTHER,
};

/**
 * struct vmclock_timesync_message - what a message says
 * @kind: which of the following it fills
 * @framework: negotiation: the best framework version on both sides, major number;
 *	0 if there is none
 * @version: negotiation: the best message version on both sides, likewise
 * @sample: sample: what it tells
 */
struct vmclock_timesync_message {
	enum vmclock_timesync_kind kind;
	unsigned int framework;
	unsigned int version;
	struct vmclock_feed_message sample;
};

int vmclock_timesync_parse(const void *buf, size_t size, unsigned int version,
			   struct vmclock_timesync_message *message);
size_t vmclock_timesync_answer(void *buf, size_t size,
			       const struct vmclock_timesync_message *message);

#endif /* VMCLOCK_TIMESYNC_WIRE_H */
