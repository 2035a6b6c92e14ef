// SPDX-License-Identifier: GPL-2.0-only
/* step-clock SECONDS: the system clock, by so much; a decimal fraction. */
#include <math.h>

#include "phc.h"

int main(int argc, char **argv)
{
	struct timespec ts;
	double step, whole;

	if (argc != 2)
		errx(2, "usage: step-clock SECONDS");
	step = atof(argv[1]);
	whole = floor(step);
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += whole;
	ts.tv_nsec += (step - whole) * NS_PER_S;
	if (ts.tv_nsec >= NS_PER_S) {
		ts.tv_sec++;
		ts.tv_nsec -= NS_PER_S;
	}
	if (clock_settime(CLOCK_REALTIME, &ts))
		err(1, "clock_settime");
	return 0;
}
