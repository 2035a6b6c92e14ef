// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which hypervisor's clock it is: the first that can tell its time.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

#include "compat/compat_guest.h"
#include "host.h"

static bool allow_confidential;
module_param(allow_confidential, bool, 0444);
MODULE_PARM_DESC(allow_confidential,
		 "tell the host's time in a confidential guest, too, which is made not to trust its host (default off)");

static const struct vmclock_host * const hosts[] = {
	&vmclock_host_kvm,
	&vmclock_host_hyperv,
};

/* The leaf in which a hypervisor tells its name, or one of its names. */
#define CPUID_HYPERVISOR	0x40000000

static bool is_called_hyperv(void)
{
	u32 max, name[3];

	cpuid(CPUID_HYPERVISOR, &max, &name[0], &name[1], &name[2]);
	return !memcmp(name, "Microsoft Hv", sizeof(name));
}

/* Said where no file of a host's feels concerned. */
static void say_what_is_here(void)
{
	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		pr_info("no guest of a hypervisor, or one that is hidden from it (QEMU: -cpu ...,hypervisor=off): there is no host here to tell the time\n");
	else if (is_called_hyperv())
		pr_info("Hyper-V, but this kernel does not know it (CONFIG_HYPERV): there is no host here to tell the time\n");
	else
		pr_info("no guest of KVM or Hyper-V: there is no host here to tell the time\n");
}

/**
 * vmclock_hosts_start() - find the host, and get it ready to tell the time
 *
 * Return: the host; or -ENODEV, or any other error of its @start, as a pointer, with the
 * reason in the log.
 */
const struct vmclock_host *vmclock_hosts_start(void)
{
	bool found = false;
	int ret = -ENODEV;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hosts); i++) {
		if (!hosts[i]->detect())
			continue;
		found = true;
		if (compat_guest_encrypted() && !allow_confidential) {
			pr_info("confidential guest, which does not trust its host, for the time neither: allow_confidential=1 does\n");
			return ERR_PTR(-ENODEV);
		}
		ret = hosts[i]->start();
		if (!ret)
			return hosts[i];
		if (ret != -ENODEV)
			break;
	}
	if (!found)
		say_what_is_here();
	return ERR_PTR(ret);
}
