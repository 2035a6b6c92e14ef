/* SPDX-License-Identifier: GPL-2.0-only */
/* What a host has us say again and again: we meet it once or twice a second, for days. */
#ifndef VMCLOCK_LOG_H
#define VMCLOCK_LOG_H

#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>

#define LOG_INTERVAL_S	3600
#define LOG_BURST	10

/**
 * pr_hourly() - so many times an hour, and that there were more
 * @print: pr_warn or the like
 * @...: what that takes
 */
#define pr_hourly(print, ...) do {						\
	static DEFINE_RATELIMIT_STATE(_rs, LOG_INTERVAL_S * HZ, LOG_BURST);	\
										\
	if (__ratelimit(&_rs))							\
		print(__VA_ARGS__);						\
} while (0)

#endif /* VMCLOCK_LOG_H */
