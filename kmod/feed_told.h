/* SPDX-License-Identifier: GPL-2.0-only */
/* What readers are told of the host's samples. */
#ifndef VMCLOCK_FEED_TOLD_H
#define VMCLOCK_FEED_TOLD_H

#include <linux/types.h>

struct vmclock_epoch;
struct vmclock_instant;
struct vmclock_line;
struct vmclock_page;

s64 vmclock_told_timeout_ns(void);
void vmclock_told_replace(const struct vmclock_line *line, const struct vmclock_page *page);
int vmclock_told_epoch(const struct vmclock_instant *now, struct vmclock_epoch *epoch);

#endif /* VMCLOCK_FEED_TOLD_H */
