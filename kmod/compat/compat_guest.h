/* SPDX-License-Identifier: GPL-2.0-only */
/* As compat.h, for what a guest is. */
#ifndef VMCLOCK_COMPAT_GUEST_H
#define VMCLOCK_COMPAT_GUEST_H

#include <linux/types.h>

#include "probed.h"

#if COMPAT_CPUID_API
#include <asm/cpuid/api.h>
#else
#include <asm/processor.h>
#endif
#if COMPAT_GUEST_ENCRYPTED
#include <linux/cc_platform.h>
#else
#include <linux/mem_encrypt.h>
#endif

/**
 * compat_guest_encrypted() - is this guest's memory kept from its host?
 */
static inline bool compat_guest_encrypted(void)
{
#if COMPAT_GUEST_ENCRYPTED
	return cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT);
#else
	return sev_active();
#endif
}

#endif /* VMCLOCK_COMPAT_GUEST_H */
