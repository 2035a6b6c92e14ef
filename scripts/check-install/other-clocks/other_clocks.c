// SPDX-License-Identifier: GPL-2.0-only
/*
 * PTP clocks that are not ours: one as a network card has it, and one named as the kernel's own
 * ptp_vmclock names its, which from 2026 on tells TAI.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/timekeeping.h>

#define TAI_AHEAD_S 37

static int get_utc(struct ptp_clock_info *info, struct timespec64 *ts)
{
	ktime_get_real_ts64(ts);
	return 0;
}

static int get_tai(struct ptp_clock_info *info, struct timespec64 *ts)
{
	ktime_get_real_ts64(ts);
	ts->tv_sec += TAI_AHEAD_S;
	return 0;
}

static int refuse_time(struct ptp_clock_info *info, const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int refuse_step(struct ptp_clock_info *info, s64 ns)
{
	return -EOPNOTSUPP;
}

static int refuse_rate(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

#define CLOCK(clock_name, get) {						\
	.owner = THIS_MODULE, .name = clock_name, .gettime64 = get,		\
	.settime64 = refuse_time, .adjtime = refuse_step, .adjfine = refuse_rate,	\
}

static struct ptp_clock_info infos[] = { CLOCK("nic", get_utc), CLOCK("vmclock0", get_tai) };
static struct ptp_clock *clocks[ARRAY_SIZE(infos)];

static void __exit other_clocks_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(clocks); i++)
		if (!IS_ERR_OR_NULL(clocks[i]))
			ptp_clock_unregister(clocks[i]);
}

static int __init other_clocks_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(clocks); i++)
		clocks[i] = ptp_clock_register(&infos[i], NULL);
	return 0;
}

module_init(other_clocks_init);
module_exit(other_clocks_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("PTP clocks that are not vmclock's, for tests");
