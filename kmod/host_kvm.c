// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM: the CPU's pvclock page, and the choice of where epoch samples come from.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kvm_para.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "compat/compat_kvm.h"
#include "host.h"
#include "host_kvm.h"
#include "log.h"

/*
 * A host that refuses the hypercall is asked again this much later: a live migration
 * can take the guest to one that does not, but an exit for nothing at every sample would
 * be the price of most hosts that refuse.
 */
#define ASK_AGAIN_NS	NSEC_PER_SEC

/* More than the second that it may take to know what a wall clock means. */
#define FIRST_TRY_MS	10
#define FIRST_TRIES	200

enum epoch_source { SOURCE_AUTO, SOURCE_PAIRING, SOURCE_WALLCLOCK };

static const char * const source_names[] = {
	[SOURCE_AUTO] = "auto",
	[SOURCE_PAIRING] = "pairing",
	[SOURCE_WALLCLOCK] = "wallclock",
};

static enum epoch_source wanted_source = SOURCE_AUTO;

/* Of the last sample. */
static enum epoch_source used_source = SOURCE_AUTO;

static int epoch_source_set(const char *val, const struct kernel_param *kp)
{
	int source = sysfs_match_string(source_names, val);

	if (source < 0) {
		pr_err("epoch_source: must be auto, pairing or wallclock\n");
		return -EINVAL;
	}
	wanted_source = source;
	return 0;
}

static int epoch_source_get(char *buf, const struct kernel_param *kp)
{
	return sprintf(buf, "%s\n", source_names[wanted_source]);
}

static const struct kernel_param_ops epoch_source_ops = {
	.set = epoch_source_set,
	.get = epoch_source_get,
};

module_param_cb(epoch_source, &epoch_source_ops, NULL, 0444);
MODULE_PARM_DESC(epoch_source,
		 "KVM: where the host's UTC comes from: pairing (hypercall, exact), wallclock (MSR, any host), auto (default: pairing, and wallclock where the host refuses that)");

/**
 * vmclock_kvm_read() - the reference clock now, by this CPU's page
 * @now: the instant
 *
 * Context: interrupts off. No VM exit.
 *
 * Return: 0; -ENODATA if this CPU has no page; any error of vmclock_pvclock_read().
 */
int vmclock_kvm_read(struct vmclock_instant *now)
{
	const struct pvclock_vcpu_time_info *page = compat_kvm_page();
	int ret = -ENODATA;

	if (page)
		ret = vmclock_pvclock_read(page, now);
	if (ret && ret != -EAGAIN)
		pr_hourly(pr_warn, "no usable pvclock page on CPU %u: %pe\n",
			  smp_processor_id(), ERR_PTR(ret));
	return ret;
}

/* Reference time at which this CPU was last refused the hypercall, or 0. */
static DEFINE_PER_CPU(u64, refused_ref_ns);

static bool refused_lately(u64 ref_ns)
{
	u64 refused_ns = this_cpu_read(refused_ref_ns);

	/* Unsigned: a reference clock that was set back counts as long ago. */
	return refused_ns && ref_ns - refused_ns < ASK_AGAIN_NS;
}

static int kvm_sample(struct vmclock_epoch *epoch)
{
	enum epoch_source source = SOURCE_PAIRING;
	struct vmclock_instant now;
	int ret;

	ret = vmclock_kvm_read(&now);
	if (ret)
		return ret;

	ret = -EOPNOTSUPP;
	if (wanted_source == SOURCE_PAIRING ||
	    (wanted_source == SOURCE_AUTO && !refused_lately(now.ref_ns))) {
		ret = vmclock_kvm_pairing_sample(epoch);
		this_cpu_write(refused_ref_ns, ret == -EOPNOTSUPP ? now.ref_ns : 0);
	}
	if (ret == -EOPNOTSUPP && wanted_source != SOURCE_PAIRING) {
		source = SOURCE_WALLCLOCK;
		ret = vmclock_kvm_wallclock_sample(epoch);
	}
	if (ret == -EOPNOTSUPP)
		pr_hourly(pr_warn, "the host refuses to tell its time (epoch_source=%s)\n",
			  source_names[wanted_source]);
	if (!ret && READ_ONCE(used_source) != source) {
		WRITE_ONCE(used_source, source);
		pr_hourly(pr_info, "KVM: epoch source is %s%s\n", source_names[source],
			  source == SOURCE_WALLCLOCK &&
			  wanted_source == SOURCE_AUTO ?
			  " (the host refuses pairing: its clocksource is not tsc)" : "");
	}
	return ret;
}

static bool kvm_detect(void)
{
	return kvm_para_available();
}

static void kvm_stop(void)
{
	if (!vmclock_kvm_wallclock_stop())
		vmclock_kvm_slots_free();
	else
		pr_err("the host keeps the address of our memory for the wall clock: that is lost\n");
}

/*
 * A sample as soon as it is known what the host's answers mean. Until then one may well meet a
 * change of the page: having it brought up to date has the host write all CPUs' 0.1 s later.
 */
static int first_sample(void)
{
	struct vmclock_epoch epoch;
	unsigned int tries = 0;
	unsigned long flags;
	int ret;

	do {
		if (tries)
			msleep(FIRST_TRY_MS);
		local_irq_save(flags);
		ret = kvm_sample(&epoch);
		local_irq_restore(flags);
	} while ((ret == -EBUSY || ret == -EAGAIN) && ++tries < FIRST_TRIES);
	return ret;
}

static int kvm_start(void)
{
	struct vmclock_instant now;
	unsigned long flags;
	int ret;

	local_irq_save(flags);
	ret = vmclock_kvm_read(&now);
	local_irq_restore(flags);
	if (ret && ret != -EAGAIN) {
		pr_err("KVM guest without kvm-clock, no reference time: take no-kvmclock from the kernel's command line, or have the host offer it (QEMU: -cpu ...,kvmclock=on)\n");
		return -ENODEV;
	}

	ret = vmclock_kvm_slots_alloc();
	if (ret)
		return ret;
	vmclock_kvm_wallclock_start();

	ret = first_sample();
	if (!ret || ret == -EAGAIN)
		return 0;

	if (!vmclock_kvm_wallclock_complain())
		pr_err("KVM guest without an epoch source, the host told no time (epoch_source=%s): pairing wants the host's clocksource to be tsc, wallclock any KVM\n",
		       source_names[wanted_source]);
	kvm_stop();
	return -ENODEV;
}

static const char *kvm_source(void)
{
	return source_names[READ_ONCE(used_source)];
}

const struct vmclock_host vmclock_host_kvm = {
	.name = "kvm",
	.counter_ns = 1,
	.detect = kvm_detect,
	.start = kvm_start,
	.stop = kvm_stop,
	.read = vmclock_kvm_read,
	.ref = vmclock_pvclock_ref,
	.sample = kvm_sample,
	.source = kvm_source,
};
