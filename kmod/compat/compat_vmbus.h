/* SPDX-License-Identifier: GPL-2.0-only */
/* As compat.h, for what is a driver on VMBus. */
#ifndef VMCLOCK_COMPAT_VMBUS_H
#define VMCLOCK_COMPAT_VMBUS_H

#include "probed.h"

/* What a driver's remove() returns. */
#if COMPAT_VMBUS_REMOVE_VOID
#define compat_vmbus_remove_t		void
#define compat_vmbus_remove_done
#else
#define compat_vmbus_remove_t		int
#define compat_vmbus_remove_done	0
#endif

#endif /* VMCLOCK_COMPAT_VMBUS_H */
