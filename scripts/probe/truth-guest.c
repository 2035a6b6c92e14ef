// SPDX-License-Identifier: GPL-2.0-only
/*
 * truth-guest PHC N [GAP-MS]: N PRECISE readings, 20 ms apart or so many, each as the guest's
 * TSC value and the PHC's time at it, "TSC NS TSC NS ...", for truth-host to judge.
 *
 * The ioctl does not tell the TSC. But every host time that the module tells goes through
 * vmclock_epoch_host_ns(), and a kprobe there shows reference time and page; from these
 * the TSC follows, to the ns.
 */
#include <linux/ptp_clock.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "phc.h"

#define TRACING "/sys/kernel/tracing/"
#define EVENT "events/kprobes/vmclock_truth/enable"

/* Second argument: struct vmclock_instant, which begins with struct vmclock_page. */
#define PROBE "p:vmclock_truth vmclock:vmclock_epoch_host_ns tsc_base=+0(%si):u64 " \
	"ref_base=+8(%si):u64 scale=+16(%si):u64 shift=+24(%si):s32 ref=+48(%si):u64 frac=+56(%si):u32 " \
	"caller=$stack0:symbol"
#define SHOWN "tsc_base=%llu ref_base=%llu scale=%llu shift=%d ref=%llu frac=%u"

static void put(const char *file, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), TRACING "%s", file);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		err(1, "%s: %s", path, text);
}

/* In our context others ask, too: a message that arrives, for whether what it says is a time. */
#define CALLER "caller=vmclock_crosststamp+"

/* The last event's line that is of our asking, from its first argument on. */
static void last_event(char *line, int size)
{
	char text[1024], *at;
	FILE *f = fopen(TRACING "trace", "r");

	if (!f)
		err(1, TRACING "trace");
	line[0] = 0;
	while (fgets(text, sizeof(text), f)) {
		at = strstr(text, "tsc_base=");
		if (at && strstr(at, CALLER))
			snprintf(line, size, "%s", at);
	}
	fclose(f);
}

int main(int argc, char **argv)
{
	unsigned long long ref, tsc_base, ref_base, scale;
	struct ptp_sys_offset_precise precise;
	long double ref_ns, ticks;
	unsigned int frac;
	long long device;
	char line[1024], pid[16];
	int fd, i, shift;

	if (argc < 3 || argc > 4)
		errx(2, "usage: truth-guest PHC N [GAP-MS]");
	fd = phc_open(argv[1]);
	/* The module's own watch asks for cross-timestamps as well. */
	snprintf(pid, sizeof(pid), "%d", getpid());
	put("set_event_pid", pid);
	put("kprobe_events", PROBE);
	put(EVENT, "1");
	for (i = 0; i < atoi(argv[2]); i++) {
		put("trace", "");
		memset(&precise, 0, sizeof(precise));
		if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise))
			err(1, "PRECISE");
		device = precise.device.sec * NS_PER_S + precise.device.nsec;
		last_event(line, sizeof(line));
		if (sscanf(line, SHOWN, &tsc_base, &ref_base, &scale, &shift, &ref, &frac) != 6)
			errx(1, "the kprobe said: %s", line);
		/* Where the counter has no more than the ns, of the ticks within it the middle one. */
		ref_ns = ref + (frac ? frac / 0x1p32L : 0.5L);
		/* Hyper-V's page, or KVM's. */
		if (scale >> 32) {
			ticks = (ref_ns / 100 - (long long)ref_base) * 0x1p64L / scale;
		} else {
			ticks = (ref_ns - ref_base) * 0x1p32L / scale;
			ticks = shift < 0 ? ticks * (1 << -shift) : ticks / (1 << shift);
		}
		printf("%llu %lld ", tsc_base + (unsigned long long)ticks, device);
		usleep(1000 * (argc > 3 ? atoi(argv[3]) : 20));
	}
	printf("\n");
	put(EVENT, "0");
	/* Which opening them for writing does. */
	put("kprobe_events", "");
	put("set_event_pid", "");
	return 0;
}
