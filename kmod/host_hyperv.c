// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V: the partition's reference TSC page, or its reference counter while the host
 * withdraws the page. Samples come from vmclock_timesync.ko, which speaks VMBus: a module
 * of its own, for what links to that does not load where there is none.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kmod.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <asm/hypervisor.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "compat/compat_hyperv.h"
#include "epoch.h"
#include "feed.h"
#include "host.h"
#include "log.h"

/* HV_X64_MSR_TIME_REF_COUNT: reference time in 100 ns (TLFS 12.4). */
#define MSR_TIME_REF_COUNT	0x40000020
#define UNIT_NS			100

/* The shift of what stands in place of a page where there is none. A page has 0. */
#define NO_PAGE		1

/* Whoever is held up in all of these is so again and again. */
#define READ_TRIES	5

/* Who holds the lock does so for less than a microsecond, unless the host keeps it. */
#define LOCK_TRIES	1000

static DEFINE_RAW_SPINLOCK(counter_lock);
static struct vmclock_hvcounter counter;

static int read_counter(struct vmclock_instant *now)
{
	unsigned int reads = 0, tries = 0;
	u32 low, high;
	u64 before, count;

	do {
		before = rdtsc_ordered();
		if (rdmsr_safe(MSR_TIME_REF_COUNT, &low, &high))
			return -ENODATA;
		now->tsc = rdtsc_ordered();
	} while (vmclock_hvcounter_slow(tsc_khz, now->tsc - before) && ++reads < READ_TRIES);
	if (reads == READ_TRIES)
		pr_hourly(pr_warn,
			  "the reference counter takes too long to read: a pause would not be seen, and so no time is told by it\n");
	count = (u64)high << 32 | low;
	if (count > S64_MAX / UNIT_NS)
		return -ERANGE;
	now->ref_ns = count * UNIT_NS;
	now->ref_frac = 0;

	while (!raw_spin_trylock(&counter_lock)) {
		if (++tries > LOCK_TRIES)
			return -EAGAIN;
		cpu_relax();
	}
	now->page = (struct vmclock_page){
		.shift = NO_PAGE,
		.version = vmclock_hvcounter_look(&counter, tsc_khz, before,
						  now->tsc - before, now->ref_ns),
	};
	raw_spin_unlock(&counter_lock);
	return now->page.version ? 0 : -ESTALE;
}

static int hyperv_read(struct vmclock_instant *now)
{
	const struct vmclock_hvtsc *page = compat_hyperv_page();
	int ret = -ENODATA;

	if (page)
		ret = vmclock_hvtsc_read(page, now);
	if (ret == -ENODATA)
		ret = read_counter(now);
	if (ret && ret != -ESTALE)
		pr_hourly(pr_warn, "no usable reference TSC page, nor counter: %pe\n",
			  ERR_PTR(ret));
	return ret;
}

static int hyperv_ref(struct vmclock_instant *at)
{
	if (at->page.shift == NO_PAGE)
		return -EOPNOTSUPP;
	return vmclock_hvtsc_ref(at);
}

static int hyperv_sample(struct vmclock_epoch *epoch)
{
	struct vmclock_instant now;
	int ret = hyperv_read(&now);

	return ret ?: vmclock_feed_epoch(&now, epoch);
}

static bool hyperv_detect(void)
{
	return compat_hyperv_built() && hypervisor_is_type(X86_HYPER_MS_HYPERV);
}

/* Found as the kernel's own driver finds it (drivers/hv/vmbus_drv.c). */
static bool has_vmbus(void)
{
	return !IS_ENABLED(CONFIG_ACPI) || acpi_dev_present("VMBUS", NULL, -1) ||
	       acpi_dev_present("VMBus", NULL, -1);
}

static int hyperv_start(void)
{
	int ret;

	if (!has_vmbus()) {
		pr_err("Hyper-V's interface without VMBus, on which its hosts tell the time: KVM in disguise? Then have it show itself (QEMU: without kvm=off, libvirt: without <hidden state='on'/>)\n");
		return -ENODEV;
	}
	ret = vmclock_feed_start(&vmclock_host_hyperv);
	if (ret) {
		pr_err("Hyper-V guest without a reference clock: %pe\n", ERR_PTR(ret));
		return -ENODEV;
	}
	pr_info("Hyper-V: the clock will be there with the host's first sample\n");
	/* Not waited for: it links to us, and so cannot load before we have. */
	request_module_nowait("vmclock_timesync");
	return 0;
}

static const char *hyperv_source(void)
{
	return "timesync";
}

const struct vmclock_host vmclock_host_hyperv = {
	.name = "hyperv",
	.counter_ns = UNIT_NS,
	.fed = vmclock_feed_facts,
	.advice = "Integration Services, Time Synchronization must be on at the host",
	.detect = hyperv_detect,
	.start = hyperv_start,
	.stop = vmclock_feed_stop,
	.read = hyperv_read,
	.ref = hyperv_ref,
	.sample = hyperv_sample,
	.source = hyperv_source,
};
