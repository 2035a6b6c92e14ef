// SPDX-License-Identifier: GPL-2.0-only
/* now [PHC]: the system clock, or that one, in ns. */
#include "phc.h"

int main(int argc, char **argv)
{
	struct timespec ts;

	if (argc > 2)
		errx(2, "usage: now [PHC]");
	if (clock_gettime(argc > 1 ? phc_clock(phc_open(argv[1])) : CLOCK_REALTIME, &ts))
		err(1, "%s", argc > 1 ? argv[1] : "CLOCK_REALTIME");
	printf("%lld\n", ts_ns(ts));
	return 0;
}
