/* SPDX-License-Identifier: GPL-2.0-only */
/* The PTP hardware clock that user space sees. */
#ifndef VMCLOCK_PHC_H
#define VMCLOCK_PHC_H

#include <linux/types.h>

struct device;
struct vmclock_disruptions;

int vmclock_phc_register(struct device *parent);
void vmclock_phc_announce(const struct vmclock_disruptions *all);
u64 vmclock_phc_last_asked(void);
void vmclock_phc_unregister(void);

#endif /* VMCLOCK_PHC_H */
