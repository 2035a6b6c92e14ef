// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmclock: the host's clock as a PTP hardware clock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include <asm/cpu_device_id.h>
#include <asm/cpufeature.h>

#include "clock.h"
#include "feed.h"
#include "host.h"
#include "phc.h"
#include "settime.h"
#include "status.h"
#include "watch.h"

static const struct vmclock_host *host;
static struct device *status;
static bool shown;

static void disrupted(const struct vmclock_disruptions *all)
{
	vmclock_status_disrupted(status);
	vmclock_phc_announce(all);
}

static int show(void)
{
	int ret = vmclock_phc_register(status);

	if (ret)
		return ret;
	vmclock_watch_start(disrupted);
	WRITE_ONCE(shown, true);
	return 0;
}

/* Readings of a clock that is there work at once, so it is shown with its first sample. */
static void show_first(struct work_struct *work)
{
	if (!shown)
		show();
}

static DECLARE_WORK(show_work, show_first);

static void sampled(bool sync)
{
	vmclock_settime_sampled(sync);
	if (!READ_ONCE(shown))
		schedule_work(&show_work);
	else if (sync)
		vmclock_watch_sync();
}

static int __init vmclock_init(void)
{
	int ret = 0;

	vmclock_feed_notify(sampled);
	host = vmclock_hosts_start();
	if (IS_ERR(host))
		return PTR_ERR(host);
	vmclock_clock_start(host);

	status = vmclock_status_register();
	if (IS_ERR(status)) {
		ret = PTR_ERR(status);
		goto stop_host;
	}
	if (!host->fed)
		ret = show();
	if (ret)
		goto unregister_status;
	return 0;

unregister_status:
	vmclock_status_unregister(status);
stop_host:
	host->stop();
	return ret;
}

static void __exit vmclock_exit(void)
{
	cancel_work_sync(&show_work);
	vmclock_settime_stop();
	if (shown) {
		vmclock_watch_stop();
		vmclock_phc_unregister();
	}
	vmclock_status_unregister(status);
	host->stop();
}

module_init(vmclock_init);
module_exit(vmclock_exit);

/* Every hypervisor sets this flag; those we do not know are refused above. */
static const struct x86_cpu_id __maybe_unused hypervisor_flag[] = {
	X86_MATCH_FEATURE(X86_FEATURE_HYPERVISOR, NULL),
	{}
};
MODULE_DEVICE_TABLE(x86cpu, hypervisor_flag);

MODULE_DESCRIPTION("The host's clock as a PTP hardware clock");
MODULE_AUTHOR("The vmclock developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
