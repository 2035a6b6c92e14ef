/* SPDX-License-Identifier: GPL-2.0-only */
/* The system clock, set where the host asks for it and nobody else would. */
#ifndef VMCLOCK_SETTIME_H
#define VMCLOCK_SETTIME_H

#include <linux/types.h>

void vmclock_settime_sampled(bool sync);
void vmclock_settime_stop(void);

#endif /* VMCLOCK_SETTIME_H */
