// SPDX-License-Identifier: GPL-2.0-only
/*
 * Facts for people and programs, one a file: in /sys/devices/vmclock, which is also
 * /sys/class/ptp/ptpN/device of our clock.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include "clock.h"
#include "crosststamp.h"
#include "feed.h"
#include "host.h"
#include "status.h"
#include "watch.h"

static ssize_t hypervisor_show(struct device *dev, struct device_attribute *attr,
			       char *buf)
{
	return sysfs_emit(buf, "%s\n", vmclock_clock_host()->name);
}
static DEVICE_ATTR_RO(hypervisor);

/* Of the last sample. */
static ssize_t epoch_source_show(struct device *dev, struct device_attribute *attr,
				 char *buf)
{
	return sysfs_emit(buf, "%s\n", vmclock_clock_host()->source());
}
static DEVICE_ATTR_RO(epoch_source);

/* ENODATA: none since the host set its reference clock back. */
static ssize_t sample_age_us_show(struct device *dev, struct device_attribute *attr,
				  char *buf)
{
	u64 age_ns;
	int ret;

	ret = vmclock_clock_sample_age(&age_ns);
	if (ret)
		return ret;
	return sysfs_emit(buf, "%llu\n", div_u64(age_ns, NSEC_PER_USEC));
}
static DEVICE_ATTR_RO(sample_age_us);

/* 0: exact, or there has been no cross-timestamp yet. */
static ssize_t crosststamp_width_ns_show(struct device *dev,
					 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", vmclock_crosststamp_last_width());
}
static DEVICE_ATTR_RO(crosststamp_width_ns);

/* How often the host's clock and the guest's have come apart. May be polled. */
static ssize_t disruptions_show(struct device *dev, struct device_attribute *attr,
				char *buf)
{
	struct vmclock_disruptions all;

	vmclock_watch_disruptions(&all);
	return sysfs_emit(buf, "%llu\n", all.count);
}
static DEVICE_ATTR_RO(disruptions);

/* By how much, at the last. */
static ssize_t last_step_ns_show(struct device *dev, struct device_attribute *attr,
				 char *buf)
{
	struct vmclock_disruptions all;

	vmclock_watch_disruptions(&all);
	return sysfs_emit(buf, "%lld\n", all.step_ns);
}
static DEVICE_ATTR_RO(last_step_ns);

#define COUNT_SHOW(_name)							\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	struct vmclock_counts counts;						\
										\
	vmclock_clock_count(&counts);						\
	return sysfs_emit(buf, "%llu\n", counts._name);				\
}

COUNT_SHOW(samples)
static DEVICE_ATTR_RO(samples);
COUNT_SHOW(page_changes)
static DEVICE_ATTR_RO(page_changes);
COUNT_SHOW(errors_page)
static DEVICE_ATTR_RO(errors_page);
COUNT_SHOW(errors_source)
static DEVICE_ATTR_RO(errors_source);
COUNT_SHOW(errors_range)
static DEVICE_ATTR_RO(errors_range);
COUNT_SHOW(errors_moving)
static DEVICE_ATTR_RO(errors_moving);

/* Of hosts whose samples come of themselves. */
#define FEED_SHOW(_name, _format, _fact)					\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	struct vmclock_feed_facts facts;					\
										\
	vmclock_feed_facts(&facts);						\
	return sysfs_emit(buf, _format "\n", facts._fact);			\
}

/* Message version spoken with the host; 0: there is no channel. */
FEED_SHOW(timesync_version, "%u", channel)
static DEVICE_ATTR_RO(timesync_version);

/* Of the host's clock, as in NTP; stratum 0: it does not tell. */
FEED_SHOW(leap, "%u", leap)
static DEVICE_ATTR_RO(leap);
FEED_SHOW(stratum, "%u", stratum)
static DEVICE_ATTR_RO(stratum);

/* What the clock is told from: so many samples, by which the host's clock gains so much. */
FEED_SHOW(estimate_samples, "%u", used)
static DEVICE_ATTR_RO(estimate_samples);
FEED_SHOW(estimate_rate_ppb, "%lld", rate_ppb)
static DEVICE_ATTR_RO(estimate_rate_ppb);
FEED_SHOW(estimate_residual_ns, "%llu", residual_ns)
static DEVICE_ATTR_RO(estimate_residual_ns);

FEED_SHOW(rejects_malformed, "%llu", rejects[VMCLOCK_REJECT_MALFORMED])
static DEVICE_ATTR_RO(rejects_malformed);
FEED_SHOW(rejects_range, "%llu", rejects[VMCLOCK_REJECT_RANGE])
static DEVICE_ATTR_RO(rejects_range);
FEED_SHOW(rejects_page, "%llu", rejects[VMCLOCK_REJECT_PAGE])
static DEVICE_ATTR_RO(rejects_page);
FEED_SHOW(rejects_reference, "%llu", rejects[VMCLOCK_REJECT_REFERENCE])
static DEVICE_ATTR_RO(rejects_reference);
FEED_SHOW(rejects_order, "%llu", rejects[VMCLOCK_REJECT_ORDER])
static DEVICE_ATTR_RO(rejects_order);
FEED_SHOW(rejects_late, "%llu", rejects[VMCLOCK_REJECT_LATE])
static DEVICE_ATTR_RO(rejects_late);

static struct attribute *feed_attrs[] = {
	&dev_attr_timesync_version.attr,
	&dev_attr_leap.attr,
	&dev_attr_stratum.attr,
	&dev_attr_estimate_samples.attr,
	&dev_attr_estimate_rate_ppb.attr,
	&dev_attr_estimate_residual_ns.attr,
	&dev_attr_rejects_malformed.attr,
	&dev_attr_rejects_range.attr,
	&dev_attr_rejects_page.attr,
	&dev_attr_rejects_reference.attr,
	&dev_attr_rejects_order.attr,
	&dev_attr_rejects_late.attr,
	NULL
};

static umode_t feed_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	return vmclock_clock_host()->fed ? attr->mode : 0;
}

static const struct attribute_group feed_group = {
	.attrs = feed_attrs,
	.is_visible = feed_visible,
};

static struct attribute *status_attrs[] = {
	&dev_attr_hypervisor.attr,
	&dev_attr_epoch_source.attr,
	&dev_attr_sample_age_us.attr,
	&dev_attr_crosststamp_width_ns.attr,
	&dev_attr_disruptions.attr,
	&dev_attr_last_step_ns.attr,
	&dev_attr_samples.attr,
	&dev_attr_page_changes.attr,
	&dev_attr_errors_page.attr,
	&dev_attr_errors_source.attr,
	&dev_attr_errors_range.attr,
	&dev_attr_errors_moving.attr,
	NULL
};

static const struct attribute_group status_group = {
	.attrs = status_attrs,
};

static const struct attribute_group *status_groups[] = {
	&status_group,
	&feed_group,
	NULL
};

/**
 * vmclock_status_register() - show the facts, and be a parent for the PHC
 *
 * The clock must have been started. A root device, for a platform device named vmclock
 * would be bound to the in-tree driver of ACPI's VMCLOCK.
 *
 * Return: the device, or an error pointer.
 */
struct device *vmclock_status_register(void)
{
	struct device *dev = root_device_register("vmclock");
	int ret;

	if (IS_ERR(dev))
		return dev;
	ret = device_add_groups(dev, status_groups);
	if (ret) {
		root_device_unregister(dev);
		return ERR_PTR(ret);
	}
	return dev;
}

/**
 * vmclock_status_disrupted() - wake who polls "disruptions"
 * @dev: what vmclock_status_register() returned
 *
 * Context: process.
 */
void vmclock_status_disrupted(struct device *dev)
{
	sysfs_notify(&dev->kobj, NULL, "disruptions");
}

/**
 * vmclock_status_unregister() - undo vmclock_status_register()
 * @dev: what that returned, no longer anybody's parent
 */
void vmclock_status_unregister(struct device *dev)
{
	device_remove_groups(dev, status_groups);
	root_device_unregister(dev);
}
