/* SPDX-License-Identifier: GPL-2.0-only */
/* Who owns the TimeSync channel: we, hv_utils, or nobody. */
#ifndef VMCLOCK_TIMESYNC_TAKEOVER_H
#define VMCLOCK_TIMESYNC_TAKEOVER_H

struct hv_driver;
struct hv_vmbus_device_id;

int vmclock_takeover_start(struct hv_driver *driver, const struct hv_vmbus_device_id *ids);
void vmclock_takeover_stop(struct hv_driver *driver);

#endif /* VMCLOCK_TIMESYNC_TAKEOVER_H */
