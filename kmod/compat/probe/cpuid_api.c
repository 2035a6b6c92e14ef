// SPDX-License-Identifier: GPL-2.0-only
/* 6.16: cpuid() has a header of its own. */
#include <linux/types.h>

#ifdef NEW_FORM
#include <asm/cpuid/api.h>
#elif __has_include("asm/cpuid/api.h")
#error "The new form is there."
#else
#include <asm/processor.h>
#endif

static inline void probe(u32 *a, u32 *b, u32 *c, u32 *d)
{
	cpuid(0, a, b, c, d);
}
