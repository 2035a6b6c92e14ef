// SPDX-License-Identifier: GPL-2.0-only
/*
 * read-many PHC|- N: N times clock_gettime() in a row, how long they took, what failed; - is the
 * system's clock.
 */
#include <string.h>

#include "phc.h"

int main(int argc, char **argv)
{
	struct timespec from, to, ts;
	long i, n, errors = 0;
	long long took_ns;
	clockid_t clock;

	if (argc != 3)
		errx(2, "usage: read-many PHC|- N");
	clock = strcmp(argv[1], "-") ? phc_clock(phc_open(argv[1])) : CLOCK_MONOTONIC;
	n = atol(argv[2]);
	/* Not the first one's page faults. */
	clock_gettime(clock, &ts);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < n; i++)
		if (clock_gettime(clock, &ts))
			errors++;
	clock_gettime(CLOCK_MONOTONIC, &to);
	took_ns = ts_ns(to) - ts_ns(from);
	printf("reads=%ld errors=%ld read_ns=%lld took_us=%lld\n", n, errors, took_ns / n,
	       took_ns / 1000);
	return 0;
}
