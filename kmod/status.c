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
#include "host.h"
#include "status.h"

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

static struct attribute *status_attrs[] = {
	&dev_attr_hypervisor.attr,
	&dev_attr_epoch_source.attr,
	&dev_attr_sample_age_us.attr,
	&dev_attr_crosststamp_width_ns.attr,
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
	ret = device_add_group(dev, &status_group);
	if (ret) {
		root_device_unregister(dev);
		return ERR_PTR(ret);
	}
	return dev;
}

/**
 * vmclock_status_unregister() - undo vmclock_status_register()
 * @dev: what that returned, no longer anybody's parent
 */
void vmclock_status_unregister(struct device *dev)
{
	device_remove_group(dev, &status_group);
	root_device_unregister(dev);
}
