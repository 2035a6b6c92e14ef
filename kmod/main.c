// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmclock: the host's clock as a PTP hardware clock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <asm/cpu_device_id.h>
#include <asm/cpufeature.h>

#include "clock.h"
#include "host.h"
#include "phc.h"
#include "status.h"

static const struct vmclock_host * const hosts[] = {
	&vmclock_host_kvm,
};

static const struct vmclock_host *host;
static struct device *status;

static const struct vmclock_host *detect_host(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hosts); i++)
		if (hosts[i]->detect())
			return hosts[i];
	return NULL;
}

static int __init vmclock_init(void)
{
	int ret;

	host = detect_host();
	if (!host) {
		pr_info("no KVM guest: there is no host here to tell the time\n");
		return -ENODEV;
	}

	ret = host->start();
	if (ret)
		return ret;
	vmclock_clock_start(host);

	status = vmclock_status_register();
	if (IS_ERR(status)) {
		ret = PTR_ERR(status);
		goto stop_host;
	}
	ret = vmclock_phc_register(status);
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
	vmclock_phc_unregister();
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
