// SPDX-License-Identifier: GPL-2.0-only
/* phc-offset PHC: PHC minus system clock, in ms, by one reading of each. */
#include "phc.h"

int main(int argc, char **argv)
{
	struct timespec phc, system;

	if (argc != 2)
		errx(2, "usage: phc-offset PHC");
	clock_gettime(CLOCK_REALTIME, &system);
	if (clock_gettime(phc_clock(phc_open(argv[1])), &phc))
		err(1, "%s", argv[1]);
	printf("%lld\n", (ts_ns(phc) - ts_ns(system)) / 1000000);
	return 0;
}
