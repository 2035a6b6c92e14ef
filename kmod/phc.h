/* SPDX-License-Identifier: GPL-2.0-only */
/* The PTP hardware clock that user space sees. */
#ifndef VMCLOCK_PHC_H
#define VMCLOCK_PHC_H

struct device;
struct vmclock_disruptions;

int vmclock_phc_register(struct device *parent);
void vmclock_phc_announce(const struct vmclock_disruptions *all);
void vmclock_phc_unregister(void);

#endif /* VMCLOCK_PHC_H */
