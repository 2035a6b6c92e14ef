// SPDX-License-Identifier: GPL-2.0-only
/* 6.7: a VMBus driver's remove() returns nothing. */
#include <linux/kconfig.h>
#include <linux/types.h>

#if IS_ENABLED(CONFIG_HYPERV)
#include <linux/hyperv.h>

#ifdef NEW_FORM
typedef void (*remove_t)(struct hv_device *dev);
#else
typedef int (*remove_t)(struct hv_device *dev);
#endif

static_assert(__same_type(remove_t, ((struct hv_driver *)0)->remove));
#elif !defined(NEW_FORM)
#error "No VMBus here, and the answer does not matter."
#endif
