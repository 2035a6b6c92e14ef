// SPDX-License-Identifier: GPL-2.0-only
/*
 * precise PHC [OTHER]: device minus system, by 200 PRECISE cross-timestamps.
 *
 * An exact pair's offset moves only as the two clocks' rates differ. So what is judged is
 * the step from one reading to the next, less what the rates may make of the time between
 * them; and, against a constant error, the distance from OTHER's offset at that moment.
 */
#include <linux/ptp_clock.h>
#include <sys/ioctl.h>

#include "phc.h"

#define READINGS 200

/*
 * Host and guest calibrate the TSC to the kHz: from 1 GHz on, their rates differ by 1 ppm
 * at most.
 */
#define RATE_GAP_PPM 1

struct reading {
	long long offset_ns, monoraw_offset_ns, monoraw_ns;
};

static long long pct_ns(struct ptp_clock_time t)
{
	return t.sec * NS_PER_S + t.nsec;
}

static int read_precise(int fd, struct reading *r)
{
	struct ptp_sys_offset_precise precise = { };

	if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise))
		return -1;
	r->offset_ns = pct_ns(precise.device) - pct_ns(precise.sys_realtime);
	r->monoraw_ns = pct_ns(precise.sys_monoraw);
	r->monoraw_offset_ns = pct_ns(precise.device) - r->monoraw_ns;
	return 0;
}

static long long step(long long from, long long to, long long between_ns)
{
	return llabs(to - from) - between_ns * RATE_GAP_PPM / 1000000;
}

static long long larger(long long a, long long b)
{
	return a > b ? a : b;
}

int main(int argc, char **argv)
{
	struct ptp_sys_offset_extended extended = { .n_samples = 10 };
	long long step_ns = 0, monoraw_step_ns = 0, extended_ns = 0, beside_ns = 0;
	struct reading first, last, now, other;
	int fd, other_fd, i, beside = 0;

	if (argc < 2 || argc > 3)
		errx(2, "usage: precise PHC [OTHER]");
	fd = phc_open(argv[1]);
	other_fd = argc > 2 ? phc_open(argv[2]) : -1;
	for (i = 0; i < READINGS; i++) {
		if (read_precise(fd, &now))
			err(1, "%s: PRECISE, reading %d", argv[1], i);
		if (!i)
			first = last = now;
		step_ns = larger(step_ns, step(last.offset_ns, now.offset_ns,
					       now.monoraw_ns - last.monoraw_ns));
		monoraw_step_ns = larger(monoraw_step_ns,
					 step(last.monoraw_offset_ns, now.monoraw_offset_ns,
					      now.monoraw_ns - last.monoraw_ns));
		if (other_fd >= 0 && !read_precise(other_fd, &other)) {
			beside++;
			beside_ns = larger(beside_ns, llabs(now.offset_ns - other.offset_ns));
		}
		last = now;
	}
	if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended))
		err(1, "%s: EXTENDED", argv[1]);
	for (i = 0; i < 10; i++)
		extended_ns = larger(extended_ns, pct_ns(extended.ts[i][2]) -
						  pct_ns(extended.ts[i][0]));
	printf("step_ns=%lld monoraw_step_ns=%lld extended_ns=%lld beside=%d beside_ns=%lld rate_ppb=%lld readings=%d span_us=%lld\n",
	       step_ns, monoraw_step_ns, extended_ns, beside, beside_ns,
	       (now.offset_ns - first.offset_ns) * 1000000 /
		       larger(1, (now.monoraw_ns - first.monoraw_ns) / 1000),
	       READINGS, (now.monoraw_ns - first.monoraw_ns) / 1000);
	return 0;
}
