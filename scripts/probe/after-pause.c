// SPDX-License-Identifier: GPL-2.0-only
/*
 * after-pause PHC SECONDS [STEP-NS]: reads without rest, each between two looks at
 * CLOCK_MONOTONIC_RAW, and judges every answer by the last: the PHC's distance from that clock
 * is the same all the time, give or take STEP (default 1000000), 100 ppm, and what the looks
 * leave open. Prints how many answers, how many errors, when the first answer came, how many
 * were wrong; and the last, "at_ns", to be held against the host's clock.
 */
#include <errno.h>

#include "phc.h"

#define READS_MAX 2000000

/* The PHC's distance from the middle of two looks, which are this far apart. */
struct reading {
	long long offset_ns, raw_ns, width_ns;
};

static struct reading readings[READS_MAX];

static long long raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts_ns(ts);
}

int main(int argc, char **argv)
{
	long long begin_ns, before_ns, width_ns, off_ns, last_ns = 0, worst_ns = 0;
	long long step_ns = 1000000;
	long reads = 0, errors = 0, wrong = 0, i;
	int fd, ret, last_errno = 0;
	struct reading *last;
	struct timespec ts;

	if (argc < 3 || argc > 4)
		errx(2, "usage: after-pause PHC SECONDS [STEP-NS]");
	if (argc > 3)
		step_ns = atoll(argv[3]);
	fd = phc_open(argv[1]);
	begin_ns = raw_ns();
	do {
		before_ns = raw_ns();
		ret = clock_gettime(phc_clock(fd), &ts);
		width_ns = raw_ns() - before_ns;
		if (ret) {
			errors++;
			last_errno = errno;
		} else if (reads < READS_MAX) {
			last_ns = ts_ns(ts);
			readings[reads++] = (struct reading){
				last_ns - before_ns - width_ns / 2, before_ns, width_ns,
			};
		}
	} while (before_ns - begin_ns < atoll(argv[2]) * NS_PER_S);

	last = &readings[reads - 1];
	for (i = 0; i < reads; i++) {
		off_ns = readings[i].offset_ns - last->offset_ns;
		if (llabs(off_ns) <= step_ns + (last->raw_ns - readings[i].raw_ns) / 10000 +
				     (readings[i].width_ns + last->width_ns) / 2)
			continue;
		wrong++;
		if (llabs(off_ns) > llabs(worst_ns))
			worst_ns = off_ns;
	}
	printf("reads=%ld errors=%ld last_errno=%d first_ms=%lld wrong=%ld worst_ns=%lld at_ns=%lld\n",
	       reads, errors, last_errno,
	       reads ? (readings[0].raw_ns - begin_ns) / 1000000 : -1, wrong, worst_ns, last_ns);
	return 0;
}
