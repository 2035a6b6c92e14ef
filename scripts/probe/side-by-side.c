// SPDX-License-Identifier: GPL-2.0-only
/*
 * side-by-side OURS TRUTH N [SLACK-NS]: N times OURS, TRUTH, OURS; TRUTH asks the host each
 * time, so it lies between the two readings of OURS, give or take SLACK, or one of them is
 * wrong. Between the first two no more time may pass than the TSC says, for a first reading
 * from before a disruption would make a bracket as wide as that.
 */
#include <x86intrin.h>

#include "phc.h"

/* Ticks a second, from 100 ms; good to a percent, which is all it is used for. */
static double tsc_hz(void)
{
	const struct timespec nap = { .tv_nsec = 100000000 };
	struct timespec from, to;
	unsigned long long tsc;

	clock_gettime(CLOCK_MONOTONIC_RAW, &from);
	tsc = __rdtsc();
	nanosleep(&nap, NULL);
	clock_gettime(CLOCK_MONOTONIC_RAW, &to);
	return (__rdtsc() - tsc) * 1e9 / (ts_ns(to) - ts_ns(from));
}

int main(int argc, char **argv)
{
	long n, want, slack, outside = 0, errors = 0, stale = 0;
	long long before, truth, after, off, worst = 0, ahead = 0;
	struct timespec ts[3], system;
	unsigned long long tsc;
	double hz, passed_ns;
	int ours, theirs;

	if (argc < 4 || argc > 5)
		errx(2, "usage: side-by-side OURS TRUTH N [SLACK-NS]");
	slack = argc > 4 ? atol(argv[4]) : 0;
	hz = tsc_hz();
	ours = phc_open(argv[1]);
	theirs = phc_open(argv[2]);
	want = atol(argv[3]);
	for (n = 0; n < want; n++) {
		tsc = __rdtsc();
		if (clock_gettime(phc_clock(ours), &ts[0]) ||
		    clock_gettime(phc_clock(theirs), &ts[1])) {
			errors++;
			continue;
		}
		passed_ns = (__rdtsc() - tsc) / hz * 1e9;
		if (clock_gettime(phc_clock(ours), &ts[2])) {
			errors++;
			continue;
		}
		before = ts_ns(ts[0]);
		truth = ts_ns(ts[1]);
		after = ts_ns(ts[2]);
		if (!n) {
			clock_gettime(CLOCK_REALTIME, &system);
			ahead = truth - ts_ns(system);
		}
		off = truth < before ? truth - before : truth > after ? truth - after : 0;
		if (truth - before > passed_ns * 1.02 + 1000 + slack) {
			stale++;
			off = truth - before - passed_ns;
		}
		if (llabs(off) > slack)
			outside++;
		if (llabs(off) > llabs(worst))
			worst = off;
	}
	printf("reads=%ld outside=%ld stale=%ld errors=%ld worst_ns=%lld ahead_ms=%lld\n",
	       n, outside, stale, errors, worst, ahead / 1000000);
	return 0;
}
