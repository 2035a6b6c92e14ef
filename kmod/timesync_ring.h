/* SPDX-License-Identifier: GPL-2.0-only */
/* The TimeSync channel's ring: one message after the other, from a host that is not trusted. */
#ifndef VMCLOCK_TIMESYNC_RING_H
#define VMCLOCK_TIMESYNC_RING_H

#include <linux/types.h>

struct vmbus_channel;

int vmclock_ring_next(struct vmbus_channel *channel, void *buf, u32 buf_size, u32 *size,
		      u64 *request);

#endif /* VMCLOCK_TIMESYNC_RING_H */
