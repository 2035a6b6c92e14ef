/* SPDX-License-Identifier: GPL-2.0-only */
/* As compat.h, for what reads Hyper-V's reference clock. */
#ifndef VMCLOCK_COMPAT_HYPERV_H
#define VMCLOCK_COMPAT_HYPERV_H

#include <linux/kconfig.h>
#include <linux/types.h>

#if IS_ENABLED(CONFIG_HYPERV_TIMER)
#include <clocksource/hyperv_timer.h>
#endif

struct vmclock_hvtsc;

/**
 * compat_hyperv_built() - can this kernel be a guest of Hyper-V's?
 */
static inline bool compat_hyperv_built(void)
{
	return IS_ENABLED(CONFIG_HYPERV_TIMER);
}

/**
 * compat_hyperv_page() - the reference TSC page
 *
 * Return: NULL if there is none.
 */
static inline const struct vmclock_hvtsc *compat_hyperv_page(void)
{
#if IS_ENABLED(CONFIG_HYPERV_TIMER)
	return (const void *)hv_get_tsc_page();
#else
	return NULL;
#endif
}

#endif /* VMCLOCK_COMPAT_HYPERV_H */
