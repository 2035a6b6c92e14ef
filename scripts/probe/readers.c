// SPDX-License-Identifier: GPL-2.0-only
/*
 * readers PHC READY: a thread on every CPU reads in every way there is, until the device is
 * gone or SIGTERM comes. The file READY is there once each has read, or failed to. Prints
 * how often, and what else than ENODEV went wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/ptp_clock.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>

#include "phc.h"

static volatile sig_atomic_t stop;
static long reads, errors, gone;
static int last_error;
static pthread_barrier_t each_has_read;
static int fd;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

/* One reading, by the way that is next. */
static int read_once(long n)
{
	struct ptp_sys_offset_extended extended = { .n_samples = 2 };
	struct ptp_sys_offset plain = { .n_samples = 2 };
	struct ptp_sys_offset_precise precise = { };
	struct timespec ts;

	switch (n % 4) {
	case 0: return clock_gettime(phc_clock(fd), &ts);
	case 1: return ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise);
	case 2: return ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended);
	default: return ioctl(fd, PTP_SYS_OFFSET, &plain);
	}
}

static void *reader(void *cpu)
{
	cpu_set_t set;
	long n;

	CPU_ZERO(&set);
	CPU_SET((long)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (n = 0; n < 2 || !stop; n++) {
		if (n == 1)
			pthread_barrier_wait(&each_has_read);
		if (!read_once(n)) {
			__atomic_add_fetch(&reads, 1, __ATOMIC_RELAXED);
		} else if (errno == ENODEV) {
			__atomic_add_fetch(&gone, 1, __ATOMIC_RELAXED);
			if (n)
				break;
		} else {
			last_error = errno;
			__atomic_add_fetch(&errors, 1, __ATOMIC_RELAXED);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long cpu, cpus = get_nprocs_conf();
	pthread_t threads[256];

	if (argc != 3 || cpus > 256)
		errx(2, "usage: readers PHC READY");
	fd = phc_open(argv[1]);
	signal(SIGTERM, on_term);
	pthread_barrier_init(&each_has_read, NULL, cpus + 1);
	for (cpu = 0; cpu < cpus; cpu++)
		pthread_create(&threads[cpu], NULL, reader, (void *)cpu);
	pthread_barrier_wait(&each_has_read);
	if (open(argv[2], O_CREAT | O_WRONLY, 0644) < 0)
		err(1, "%s", argv[2]);
	for (cpu = 0; cpu < cpus; cpu++)
		pthread_join(threads[cpu], NULL);
	printf("reads=%ld errors=%ld last_error=%d gone=%ld\n", reads, errors, last_error, gone);
	return 0;
}
