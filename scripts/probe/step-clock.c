// SPDX-License-Identifier: GPL-2.0-only
/* step-clock SECONDS: the system clock, by so much. */
#include "phc.h"

int main(int argc, char **argv)
{
	struct timespec ts;

	if (argc != 2)
		errx(2, "usage: step-clock SECONDS");
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += atol(argv[1]);
	if (clock_settime(CLOCK_REALTIME, &ts))
		err(1, "clock_settime");
	return 0;
}
