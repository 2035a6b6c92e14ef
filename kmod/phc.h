/* SPDX-License-Identifier: GPL-2.0-only */
/* The PTP hardware clock that user space sees. */
#ifndef VMCLOCK_PHC_H
#define VMCLOCK_PHC_H

struct device;

int vmclock_phc_register(struct device *parent);
void vmclock_phc_unregister(void);

#endif /* VMCLOCK_PHC_H */
