// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM: epoch samples from the clock pairing hypercall.
 *
 * The host reads its UTC and the TSC at one instant, which is as exact as a sample can
 * be. It can do so only while its own clocksource is the TSC; others refuse.
 * ABI: Documentation/virt/kvm/x86/hypercalls.rst.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kvm_para.h>
#include <linux/printk.h>

#include "epoch.h"
#include "host_kvm.h"
#include "log.h"
#include "page.h"

/**
 * vmclock_kvm_pairing_sample() - take an epoch sample by hypercall
 * @epoch: the sample
 *
 * Context: interrupts off. One VM exit.
 *
 * Return: 0; -EOPNOTSUPP if the host refuses; -EAGAIN if the page changed meanwhile;
 * -EIO if the call fails otherwise; -ERANGE if the host answers with an instant outside
 * the call, or with no time that a working host tells; any error of vmclock_kvm_read().
 */
int vmclock_kvm_pairing_sample(struct vmclock_epoch *epoch)
{
	struct vmclock_instant before, paired, after;
	union vmclock_kvm_slot *slot;
	s64 utc_sec, utc_nsec;
	phys_addr_t gpa;
	long err;
	int ret;

	ret = vmclock_kvm_read(&before);
	if (ret)
		return ret;

	slot = vmclock_kvm_slot(&gpa);
	/* A host that says yes and writes nothing has told no time. */
	slot->pairing = (struct kvm_clock_pairing){};
	err = vmclock_kvm_clock_pairing(gpa);
	if (err == -KVM_EOPNOTSUPP || err == -KVM_ENOSYS)
		return -EOPNOTSUPP;
	if (err) {
		pr_hourly(pr_warn, "clock pairing: the host's hypercall failed: %ld\n", err);
		return -EIO;
	}

	/* Once each: the host could change its answer between check and use. */
	utc_sec = READ_ONCE(slot->pairing.sec);
	utc_nsec = READ_ONCE(slot->pairing.nsec);
	paired.tsc = READ_ONCE(slot->pairing.tsc);

	ret = vmclock_kvm_read(&after);
	if (ret)
		return ret;
	if (!vmclock_page_same(&before.page, &after.page))
		return -EAGAIN;

	if (paired.tsc < before.tsc || paired.tsc > after.tsc) {
		pr_hourly(pr_warn,
			  "clock pairing: TSC %llu is not from within the call, %llu to %llu\n",
			  paired.tsc, before.tsc, after.tsc);
		return -ERANGE;
	}

	paired.page = before.page;
	ret = vmclock_pvclock_ref(&paired);
	if (!ret)
		ret = vmclock_epoch_from_utc(epoch, utc_sec, utc_nsec, &paired);
	if (ret)
		pr_hourly(pr_warn, "clock pairing: the host says %lld s %lld ns, out of range\n",
			  utc_sec, utc_nsec);
	return ret;
}
