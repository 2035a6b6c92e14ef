// SPDX-License-Identifier: GPL-2.0-only
/*
 * 5.14, and stable kernels of 5.10: modules see every CPU's pvclock page, not the first 64
 * CPUs' only.
 *
 * Not in the matrix: a kernel from before that; Debian has none any more.
 */
#include <linux/clocksource.h>
#include <linux/percpu.h>
#include <asm/pvclock.h>
#include <asm/kvmclock.h>

#ifdef NEW_FORM
void *probe(void)
{
	return this_cpu_pvti();
}
#else
static struct pvclock_vcpu_time_info *this_cpu_pvti(void)
{
	return &pvclock_get_pvti_cpu0_va()->pvti;
}
#endif
