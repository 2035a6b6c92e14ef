// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch-offset PHC SECONDS: looks a hundred times a second at how far the system clock is off, and
 * prints off_ms, at the first reading that is off; after_ms, until it was right again; steps, how often
 * it moved by more than it could be slewed; overshoot_us, the most it was off after that; unread,
 * readings that failed. -1: it never was. SECONDS count from the first reading that is off, or from the
 * start if there is none.
 */
#include <linux/ptp_clock.h>
#include <sys/ioctl.h>

#include "phc.h"

#define PERIOD_NS 10000000
#define RIGHT_NS 1000000

static long long ptp_ns(struct ptp_clock_time time)
{
	return time.sec * NS_PER_S + time.nsec;
}

static long long raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts_ns(ts);
}

int main(int argc, char **argv)
{
	long long off_ms = -1, after_ms = -1, overshoot_ns = 0, start, since = -1, last = 0;
	int steps = 0, unread = 0, fd;

	if (argc != 3)
		errx(2, "usage: watch-offset PHC SECONDS");
	fd = phc_open(argv[1]);
	start = raw_ns();
	while (raw_ns() - (since < 0 ? start : since) < atoll(argv[2]) * NS_PER_S) {
		struct timespec period = { .tv_nsec = PERIOD_NS };
		struct ptp_sys_offset_precise both = { 0 };
		long long off;

		nanosleep(&period, NULL);
		if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &both)) {
			unread++;
			continue;
		}
		off = ptp_ns(both.device) - ptp_ns(both.sys_realtime);
		if (since < 0) {
			if (llabs(off) <= RIGHT_NS)
				continue;
			since = raw_ns();
			off_ms = off / 1000000;
		} else {
			steps += llabs(off - last) > RIGHT_NS;
			if (after_ms < 0 && llabs(off) <= RIGHT_NS)
				after_ms = (raw_ns() - since) / 1000000;
			if (after_ms >= 0 && llabs(off) > overshoot_ns)
				overshoot_ns = llabs(off);
		}
		last = off;
	}
	printf("off_ms=%lld after_ms=%lld steps=%d overshoot_us=%lld unread=%d\n", off_ms, after_ms,
	       steps, overshoot_ns / 1000, unread);
	return 0;
}
