/* SPDX-License-Identifier: GPL-2.0-only */
/* Disruptions: the host's clock and the guest's own have come apart. */
#ifndef VMCLOCK_WATCH_H
#define VMCLOCK_WATCH_H

#include <linux/types.h>

/**
 * struct vmclock_disruptions - what has happened since the module was loaded
 * @count: so many disruptions
 * @step_ns: by so much the host's clock went ahead of the guest's at the last, in ns
 * @cause: what the last came of, in a word: "page", the host has stopped, moved or
 *	restored the guest, by what its page says; "sync", it said that the guest's clock is wrong;
 *	"step", its clock was set, as far as can be told; "none" if there was none
 */
struct vmclock_disruptions {
	u64 count;
	s64 step_ns;
	const char *cause;
};

void vmclock_watch_start(void (*disrupted)(const struct vmclock_disruptions *all));
void vmclock_watch_stop(void);
void vmclock_watch_sync(void);
void vmclock_watch_disruptions(struct vmclock_disruptions *all);

#endif /* VMCLOCK_WATCH_H */
