// SPDX-License-Identifier: GPL-2.0-only
/*
 * For LD_PRELOAD: PTP clocks and adjtimex() as FAKE_* in the environment say, so that vmclock-phc
 * can be run without a clock, and without a step of the machine's own.
 *
 * FAKE_AHEAD_NS   the clock, ahead of the system clock
 * FAKE_REFUSALS   so many requests are answered EAGAIN first
 * FAKE_PRECISE    0: PRECISE is not offered
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timex.h>
#include <linux/ptp_clock.h>

/* The system clock, when asked. */
#define SYSTEM_S	1764158400

static long long from_env(const char *name, long long otherwise)
{
	const char *value = getenv(name);

	return value ? atoll(value) : otherwise;
}

static struct ptp_clock_time at(long long ns)
{
	return (struct ptp_clock_time){ .sec = ns / 1000000000, .nsec = ns % 1000000000 };
}

static int answer(unsigned long request, void *arg)
{
	static long long refused;
	long long system_ns = SYSTEM_S * 1000000000LL;
	long long host_ns = system_ns + from_env("FAKE_AHEAD_NS", 0);
	struct ptp_sys_offset_precise *precise = arg;
	struct ptp_sys_offset *plain = arg;
	unsigned int i;

	if (refused++ < from_env("FAKE_REFUSALS", 0)) {
		errno = EAGAIN;
		return -1;
	}
	if (request == PTP_SYS_OFFSET_PRECISE && from_env("FAKE_PRECISE", 1)) {
		precise->device = at(host_ns);
		precise->sys_realtime = at(system_ns);
		return 0;
	}
	if (request != PTP_SYS_OFFSET) {
		errno = EOPNOTSUPP;
		return -1;
	}
	/* Every bracket is narrower than the one before; in the middle of the last it is right. */
	for (i = 0; i < plain->n_samples; i++) {
		plain->ts[2 * i] = at(system_ns);
		system_ns += 2000 * (plain->n_samples - i);
		host_ns += 1000 * (plain->n_samples - i);
		plain->ts[2 * i + 1] = at(host_ns + (i + 1 < plain->n_samples ? 300 : 0));
		host_ns += 1000 * (plain->n_samples - i);
	}
	plain->ts[2 * i] = at(system_ns);
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) == PTP_CLK_MAGIC)
		return answer(request, arg);
	errno = ENOTTY;
	return -1;
}

long syscall(long number, ...)
{
	struct timex *timex;
	va_list args;

	va_start(args, number);
	timex = va_arg(args, struct timex *);
	va_end(args);
	if (number != 159) {
		errno = ENOSYS;
		return -1;
	}
	if (timex->modes == (ADJ_SETOFFSET | ADJ_NANO)) {
		fprintf(stderr, "step %ld s %ld ns\n", timex->time.tv_sec, timex->time.tv_usec);
		return 0;
	}
	if (timex->modes) {
		fprintf(stderr, "modes %#x\n", timex->modes);
		errno = EINVAL;
		return -1;
	}
	timex->freq = -3 * 65536;
	timex->tick = 10001;
	timex->status = 0;
	return 0;
}
