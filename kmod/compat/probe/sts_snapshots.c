// SPDX-License-Identifier: GPL-2.0-only
/* 7.2: before and after of PTP_SYS_OFFSET_EXTENDED are snapshots. */
#include <linux/ptp_clock_kernel.h>

#ifdef NEW_FORM
void probe(struct ptp_system_timestamp *sts)
{
	sts->pre_sts = sts->post_sts;
}
#else
void probe(struct ptp_system_timestamp *sts)
{
	sts->pre_ts.tv_sec = sts->post_ts.tv_nsec;
}
#endif
