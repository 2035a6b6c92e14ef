// SPDX-License-Identifier: GPL-2.0-only
/* 6.13: PTP_SYS_OFFSET_EXTENDED names the system clock it wants. */
#include <linux/ptp_clock_kernel.h>

#ifdef NEW_FORM
void probe(struct ptp_system_timestamp *sts)
{
	sts->clockid = 0;
}
#else
struct probe {
	struct ptp_system_timestamp;
	int clockid;
};
#endif
