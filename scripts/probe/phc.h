/* SPDX-License-Identifier: GPL-2.0-only */
/* What the probes share: a PHC's descriptor, its time, its bounds. */
#ifndef VMCLOCK_PROBE_PHC_H
#define VMCLOCK_PROBE_PHC_H

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000LL

static inline int phc_open(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

/* clockid of a descriptor: FD_TO_CLOCKID, clock_gettime(2) */
static inline clockid_t phc_clock(int fd)
{
	return (~(clockid_t)fd << 3) | 3;
}

static inline long long ts_ns(struct timespec ts)
{
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

#endif
