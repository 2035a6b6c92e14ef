// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmclock_timesync: speaks Hyper-V's TimeSync integration service over VMBus, and feeds the
 * host's samples to vmclock. Who owns the channel is timesync_takeover.c's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/hyperv.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "compat/compat_vmbus.h"
#include "feed.h"
#include "log.h"
#include "timesync_ring.h"
#include "timesync_takeover.h"
#include "timesync_wire.h"

/* As the kernel's own driver has them, for all its services. */
#define RING_SIZE	VMBUS_RING_SIZE(3 * HV_HYP_PAGE_SIZE)

/* VMBus calls again while there are more, and lets others run in between. */
#define MESSAGES_MAX	16

/* What the channel's callback works with. Devices come and go one by one: no probe is async. */
static struct {
	struct hv_device *dev;
	void *buf;
	/* Message version agreed on with the host; 0 before that. */
	unsigned int version;
} service;

static void handle(struct vmbus_channel *channel, u32 size, u64 request)
{
	struct vmclock_timesync_message message;
	int ret = vmclock_timesync_parse(service.buf, size, service.version, &message);

	if (ret)
		vmclock_feed_reject(ret == -ERANGE ? VMCLOCK_REJECT_RANGE :
						     VMCLOCK_REJECT_MALFORMED,
				    message.sample.sync);
	else if (message.kind == VMCLOCK_TIMESYNC_SAMPLE)
		vmclock_feed_message(&message.sample);

	size = vmclock_timesync_answer(service.buf, size, ret ? NULL : &message);
	if (size && vmbus_sendpacket(channel, service.buf, size, request,
				     VM_PKT_DATA_INBAND, 0))
		pr_warn_once("an answer could not be sent: the host does not read them\n");

	if (ret || message.kind != VMCLOCK_TIMESYNC_NEGOTIATE)
		return;
	service.version = message.framework ? message.version : 0;
	vmclock_feed_channel(service.version);
	if (service.version)
		pr_hourly(pr_info, "TimeSync messages of version %u\n", service.version);
	else
		pr_hourly(pr_warn, "the host speaks no version of TimeSync that we do (1, 3, 4)\n");
}

static void received(void *context)
{
	struct vmbus_channel *channel = context;
	unsigned int messages;
	u64 request;
	u32 size;
	int ret;

	for (messages = 0; messages < MESSAGES_MAX; messages++) {
		ret = vmclock_ring_next(channel, service.buf, HV_HYP_PAGE_SIZE, &size, &request);
		if (ret == -EBADMSG) {
			vmclock_feed_reject(VMCLOCK_REJECT_MALFORMED, false);
			/* Not called again and again for what will never be read. */
			set_channel_read_mode(channel, HV_CALL_DIRECT);
		}
		if (ret)
			return;
		handle(channel, size, request);
	}
}

static int open_channel(struct hv_device *dev)
{
	int ret;

	service.version = 0;
	set_channel_read_mode(dev->channel, HV_CALL_BATCHED);
	ret = vmbus_open(dev->channel, RING_SIZE, RING_SIZE, NULL, 0, received, dev->channel);
	/* It leaves our callback there; this does not, and does no more. */
	if (ret)
		vmbus_close(dev->channel);
	return ret;
}

static void close_channel(struct hv_device *dev)
{
	vmbus_close(dev->channel);
	vmclock_feed_channel(0);
}

static int timesync_probe(struct hv_device *dev, const struct hv_vmbus_device_id *id)
{
	int ret;

	/* No host has two; one that says so gets one served. */
	if (service.dev)
		return -EBUSY;
	service.buf = (void *)__get_free_page(GFP_KERNEL);
	if (!service.buf)
		return -ENOMEM;
	service.dev = dev;
	ret = open_channel(dev);
	if (ret) {
		free_page((unsigned long)service.buf);
		service.dev = NULL;
		return ret;
	}
	pr_info("TimeSync channel opened\n");
	return 0;
}

static compat_vmbus_remove_t timesync_remove(struct hv_device *dev)
{
	close_channel(dev);
	free_page((unsigned long)service.buf);
	service.dev = NULL;
	return compat_vmbus_remove_done;
}

/* For hibernation: the host forgets the channel meanwhile, and begins reference time anew. */
static int timesync_suspend(struct hv_device *dev)
{
	close_channel(dev);
	vmclock_feed_forget();
	return 0;
}

static int timesync_resume(struct hv_device *dev)
{
	return open_channel(dev);
}

static struct hv_driver timesync_driver = {
	.name = KBUILD_MODNAME,
	.probe = timesync_probe,
	.remove = timesync_remove,
	.suspend = timesync_suspend,
	.resume = timesync_resume,
	.driver.probe_type = PROBE_FORCE_SYNCHRONOUS,
};

static const struct hv_vmbus_device_id timesync_ids[] = {
	{ HV_TS_GUID, },
	{}
};
MODULE_DEVICE_TABLE(vmbus, timesync_ids);

static int __init timesync_init(void)
{
	return vmclock_takeover_start(&timesync_driver, timesync_ids);
}

static void __exit timesync_exit(void)
{
	vmclock_takeover_stop(&timesync_driver);
}

module_init(timesync_init);
module_exit(timesync_exit);

MODULE_DESCRIPTION("Hyper-V's TimeSync service, for vmclock");
MODULE_AUTHOR("The vmclock developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
