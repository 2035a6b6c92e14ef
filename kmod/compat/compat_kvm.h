/* SPDX-License-Identifier: GPL-2.0-only */
/* As compat.h, for what reads the pages that KVM shares. */
#ifndef VMCLOCK_COMPAT_KVM_H
#define VMCLOCK_COMPAT_KVM_H

#include <linux/clocksource.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <asm/pvclock.h>
#include <asm/kvmclock.h>

#include "probed.h"

/**
 * compat_kvm_page() - the pvclock page of the CPU we run on
 *
 * Context: does not migrate to another CPU.
 *
 * Return: NULL if it has none, or none that this kernel tells modules of, or was built without.
 */
static inline struct pvclock_vcpu_time_info *compat_kvm_page(void)
{
#if !IS_ENABLED(CONFIG_KVM_GUEST)
	return NULL;
#elif COMPAT_KVM_PAGE_PER_CPU
	if (!this_cpu_read(hv_clock_per_cpu))
		return NULL;
	return this_cpu_pvti();
#else
	/* Those of the first CPUs, as many as fit into a page of memory. */
	struct pvclock_vsyscall_time_info *pages = pvclock_get_pvti_cpu0_va();
	unsigned int cpu = smp_processor_id();

	if (!pages || cpu >= PAGE_SIZE / sizeof(*pages))
		return NULL;
	return &pages[cpu].pvti;
#endif
}

#endif /* VMCLOCK_COMPAT_KVM_H */
