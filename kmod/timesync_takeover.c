// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns the TimeSync channel: we, hv_utils, or nobody.
 *
 * A kernel has hv_utils nearly always, and that takes the channel if it comes first. It is
 * taken from it when we are loaded and when the host offers a new one, and given back when we
 * go. What a person has done by hand stays: a channel that hv_utils is there for and does not
 * have was unbound, one that another driver has was bound, and so was one that hv_utils gets
 * at any other time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/device/driver.h>
#include <linux/hyperv.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "timesync_takeover.h"

#define RIVAL	"hv_utils"

/*
 * At boot both modules are loaded at once, and the one may be looked at while it is between
 * registering its driver and getting its devices. Udev gives a module 30 s.
 */
#define BOOT_S	30

static bool takeover = true;
module_param(takeover, bool, 0444);
MODULE_PARM_DESC(takeover,
		 "take the TimeSync channel from hv_utils if that has it (default on)");

static struct hv_driver *ours;

/* What hv_utils gets until then it got by itself. */
static unsigned long by_itself_until;

static int is_timesync(struct device *dev, void *found)
{
	if (!guid_equal(&device_to_hv_device(dev)->dev_type, &ours->id_table->guid))
		return 0;
	*(struct device **)found = get_device(dev);
	return 1;
}

/* The TimeSync device, to be put; NULL if the host offers none. */
static struct device *get_timesync(void)
{
	struct device *dev = NULL;

	bus_for_each_dev(ours->driver.bus, NULL, &dev, is_timesync);
	return dev;
}

/* Whose it is, by name; empty if nobody's. */
static void owner(struct device *dev, char *name, size_t size)
{
	device_lock(dev);
	strscpy(name, dev->driver ? dev->driver->name : "", size);
	device_unlock(dev);
}

/* A person may have written to its driver_override. */
static bool may_be_ours(struct device *dev)
{
	return ours->driver.bus->match(dev, &ours->driver);
}

static void attach(struct device *dev)
{
	char name[32];

	/* What it returns says nothing. */
	if (driver_attach(&ours->driver))
		return;
	owner(dev, name, sizeof(name));
	if (!name[0] && may_be_ours(dev))
		pr_err("the TimeSync channel cannot be had\n");
}

static void give_back(struct device *dev)
{
	if (device_attach(dev) < 0)
		pr_err("the TimeSync channel cannot be given back\n");
}

static void take(struct work_struct *work)
{
	struct device *dev = get_timesync();
	char name[32];

	if (!dev)
		return;
	owner(dev, name, sizeof(name));
	if (!strcmp(name, RIVAL) && may_be_ours(dev)) {
		pr_info("TimeSync channel taken over from %s\n", name);
		device_release_driver(dev);
		attach(dev);
		owner(dev, name, sizeof(name));
		/* It did not work: better with that driver than with none, and this once. */
		if (!name[0]) {
			by_itself_until = jiffies;
			give_back(dev);
		}
	}
	put_device(dev);
}

static DECLARE_WORK(take_work, take);

static int bus_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct device *dev = data;

	if (!guid_equal(&device_to_hv_device(dev)->dev_type, &ours->id_table->guid))
		return NOTIFY_DONE;
	if (event == BUS_NOTIFY_ADD_DEVICE)
		by_itself_until = jiffies + BOOT_S * HZ;
	else if (event == BUS_NOTIFY_BOUND_DRIVER && takeover &&
		 time_before(jiffies, by_itself_until) && !strcmp(dev->driver->name, RIVAL))
		schedule_work(&take_work);
	return NOTIFY_OK;
}

static struct notifier_block bus_notifier = { .notifier_call = bus_event };

static bool rival_is_there(void)
{
	return driver_find(RIVAL, ours->driver.bus);
}

/* The channel, as it is when we come. */
static void decide(void)
{
	struct device *dev = get_timesync();
	char name[32];

	if (!dev) {
		pr_info("the host offers no TimeSync: Time Synchronization must be ticked among this machine's Integration Services\n");
		return;
	}
	owner(dev, name, sizeof(name));
	if (!name[0] && rival_is_there())
		pr_info("TimeSync was unbound by hand and stays so; echo %s >/sys/bus/vmbus/drivers/%s/bind has us use it\n",
			dev_name(dev), ours->name);
	else if (!name[0])
		attach(dev);
	else if (!strcmp(name, RIVAL) && takeover)
		schedule_work(&take_work);
	else if (name[0])
		pr_info("TimeSync stays with %s\n", name);
	put_device(dev);
}

/**
 * vmclock_takeover_start() - have the channel if we may
 * @driver: ours; not registered yet, without ids
 * @ids: which devices it is for
 *
 * Return: 0; any error of vmbus_driver_register() or bus_register_notifier().
 */
int vmclock_takeover_start(struct hv_driver *driver, const struct hv_vmbus_device_id *ids)
{
	int ret;

	/* Without ids, so that it gets nothing until that has been decided. */
	ret = vmbus_driver_register(driver);
	if (ret)
		return ret;
	ours = driver;
	ours->id_table = ids;
	by_itself_until = jiffies + BOOT_S * HZ;
	ret = bus_register_notifier(ours->driver.bus, &bus_notifier);
	if (ret) {
		vmbus_driver_unregister(driver);
		return ret;
	}
	decide();
	return 0;
}

/**
 * vmclock_takeover_stop() - give the channel back, and unregister
 * @driver: ours
 */
void vmclock_takeover_stop(struct hv_driver *driver)
{
	struct device *dev;
	bool is_ours = false;
	char name[32];

	bus_unregister_notifier(ours->driver.bus, &bus_notifier);
	cancel_work_sync(&take_work);
	dev = get_timesync();
	if (dev) {
		owner(dev, name, sizeof(name));
		is_ours = !strcmp(name, ours->name);
	}
	vmbus_driver_unregister(driver);
	/* To nobody, if hv_utils is not loaded. */
	if (is_ours)
		give_back(dev);
	put_device(dev);
}
