/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts for people and programs, one a file in sysfs. */
#ifndef VMCLOCK_STATUS_H
#define VMCLOCK_STATUS_H

struct device;

struct device *vmclock_status_register(void);
void vmclock_status_disrupted(struct device *dev);
void vmclock_status_unregister(struct device *dev);

#endif /* VMCLOCK_STATUS_H */
