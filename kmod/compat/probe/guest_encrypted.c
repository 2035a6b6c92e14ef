// SPDX-License-Identifier: GPL-2.0-only
/*
 * 5.16: cc_platform_has() knows of every kind of confidential guest, not of SEV only. Stable
 * kernels of 5.10 have both.
 *
 * Not in the matrix: a kernel from before that; Debian has none any more.
 */
#ifdef NEW_FORM
#include <linux/cc_platform.h>

bool probe(void)
{
	return cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT);
}
#elif __has_include("linux/cc_platform.h")
#error "The new form is there."
#else
#include <linux/mem_encrypt.h>

bool probe(void)
{
	return sev_active();
}
#endif
