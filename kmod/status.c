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

/* A file for one of the facts that @_get gives together. */
#define FACT(_name, _format, _facts, _get, _fact)				\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	struct _facts facts;							\
										\
	_get(&facts);								\
	return sysfs_emit(buf, _format "\n", facts._fact);			\
}										\
static DEVICE_ATTR_RO(_name)

#define DISRUPTION(_name, _format, _fact)					\
	FACT(_name, _format, vmclock_disruptions, vmclock_watch_disruptions, _fact)

/* How often the host's clock and the guest's have come apart. May be polled. */
DISRUPTION(disruptions, "%llu", count);
/* By how much, at the last. */
DISRUPTION(last_step_ns, "%lld", step_ns);
/* And why: see struct vmclock_disruptions. */
DISRUPTION(last_cause, "%s", cause);

#define COUNT(_name, _fact)							\
	FACT(_name, "%llu", vmclock_counts, vmclock_clock_count, _fact)

COUNT(samples, samples);
COUNT(page_changes, page_changes);
COUNT(errors_page, errors_page);
COUNT(errors_source, errors_source);
COUNT(errors_stale, errors_stale);
COUNT(errors_range, errors_range);
COUNT(errors_moving, errors_moving);

/* Of hosts whose samples come of themselves. */
#define FEED(_name, _format, _fact)						\
	FACT(_name, _format, vmclock_feed_facts, vmclock_feed_facts, _fact)

/* Message version spoken with the host; 0: there is no channel. */
FEED(timesync_version, "%u", channel);

/* Of the host's clock, as in NTP; stratum 0: it does not tell. */
FEED(leap, "%u", leap);
FEED(stratum, "%u", stratum);

/* What the clock is told from: so many samples, by which the host's clock gains so much. */
FEED(estimate_samples, "%u", used);
FEED(estimate_rate_ppb, "%lld", rate_ppb);
FEED(estimate_residual_ns, "%llu", residual_ns);

FEED(rejects_malformed, "%llu", rejects[VMCLOCK_REJECT_MALFORMED]);
FEED(rejects_range, "%llu", rejects[VMCLOCK_REJECT_RANGE]);
FEED(rejects_page, "%llu", rejects[VMCLOCK_REJECT_PAGE]);
FEED(rejects_reference, "%llu", rejects[VMCLOCK_REJECT_REFERENCE]);
FEED(rejects_order, "%llu", rejects[VMCLOCK_REJECT_ORDER]);
FEED(rejects_late, "%llu", rejects[VMCLOCK_REJECT_LATE]);

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
	&dev_attr_last_cause.attr,
	&dev_attr_samples.attr,
	&dev_attr_page_changes.attr,
	&dev_attr_errors_page.attr,
	&dev_attr_errors_source.attr,
	&dev_attr_errors_stale.attr,
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
