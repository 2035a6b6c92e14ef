/* SPDX-License-Identifier: GPL-2.0-only */
/* Placing: at which reference time it was what a message says, if that can be known. */
#ifndef VMCLOCK_FEED_PLACE_H
#define VMCLOCK_FEED_PLACE_H

#include <linux/time64.h>
#include <linux/types.h>

#include "line.h"
#include "page.h"

struct vmclock_feed_message;

/*
 * A message lies in the ring until an interrupt and a tasklet have been served: some tens of
 * microseconds, on a busy guest some milliseconds. One that says it took longer than a second
 * says so wrongly, or is from before something that held us up.
 */
#define VMCLOCK_UNDER_WAY_MAX_NS	NSEC_PER_SEC

/**
 * struct vmclock_place - what is known of the reference clock's past
 * @ref: the host's, see struct vmclock_host
 * @page: the page in force
 * @since_ns: reference time since which it certainly was
 * @last_arrival_ns: when the last message arrived
 * @before: what was told before the page changed, until there is a sample since
 * @before_page: the page then
 * @has_before: there was something told
 * @distrust: so many messages, none together with another, had an impossible reference time
 */
struct vmclock_place {
	int (*ref)(struct vmclock_instant *at);
	struct vmclock_page page;
	u64 since_ns;
	u64 last_arrival_ns;
	struct vmclock_line before;
	struct vmclock_page before_page;
	bool has_before;
	unsigned int distrust;
};

void vmclock_place_page(struct vmclock_place *place, const struct vmclock_instant *now,
			const struct vmclock_line *told);
int vmclock_place_message(struct vmclock_place *place, const struct vmclock_feed_message *message,
			  const struct vmclock_instant *now, const struct vmclock_line *told,
			  struct vmclock_sample *sample);

#endif /* VMCLOCK_FEED_PLACE_H */
