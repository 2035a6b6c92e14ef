// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM: epoch samples from the wall-clock MSR.
 *
 * Told a guest physical address, the host stores there, at once, its UTC at
 * kvm-clock's zero: the epoch itself. Every KVM host can. Hosts from 6.7 compute
 * it from one reading of the TSC; older ones read two clocks in turn and are
 * late by what lies between. ABI: Documentation/virt/kvm/x86/msr.rst
 * (MSR_KVM_WALL_CLOCK_NEW) and asm/pvclock-abi.h; the seconds are 32 bits there
 * on x86, always.
 *
 * Not all that call themselves KVM mean that by it, so the answers are looked at for a
 * while before they are believed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kvm_para.h>
#include <linux/limits.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/pvclock.h>

#include "compat/compat_kvm.h"
#include "epoch.h"
#include "host_kvm.h"
#include "log.h"
#include "page.h"

/*
 * Hosts are interrupted between their two readings now and then, two of three
 * times in a row hardly ever.
 */
#define WALL_CLOCK_QUESTIONS	3

/*
 * VirtualBox, which can show KVM's signature and page, answers with its UTC now
 * (src/VBox/VMM/VMMR3/GIMKvm.cpp): that grows as reference time does. So long, for it may
 * read a clock that goes by ticks of 16 ms.
 */
#define MEANING_SPAN_MIN_NS	(100 * NSEC_PER_MSEC)

/*
 * KVM before Linux 5.6 answers with the boot time of its own clock, which stays the same to
 * the ns. Where the page goes by that clock, the sum is right. A stable one goes by the TSC, and
 * the sum is wrong by all that NTP has made of the host's clock since. Other answers are the same
 * for so long only on a host whose clock is steered by less than 1e-9.
 */
#define UNCHANGED_SPAN_MIN_NS	NSEC_PER_SEC

enum meaning {
	MEANS_UNKNOWN,
	MEANS_UTC_AT_ZERO,
	/* With a page that is not stable; with one that is, it may be MEANS_HOST_BOOT. */
	MEANS_UTC_AT_ZERO_UNSTABLE,
	MEANS_UTC_NOW,
	MEANS_HOST_BOOT,
};

/* Of this host's answers. What is good is believed from then on, what is not may be moved away. */
static enum meaning meaning;

/* The answer that others are held against, until it is known to be good. */
static DEFINE_RAW_SPINLOCK(first_lock);
static struct vmclock_epoch first;

/* The ones that this host has, or 0. */
static u32 wall_clock_msr, system_time_msr;

/* What the kernel had told the MSR before us, and whether we have changed it. */
static u32 kernel_gpa_low, kernel_gpa_high;
static bool msr_changed;

/**
 * vmclock_kvm_wallclock_start() - find the MSR, and what the kernel wrote to it
 *
 * Hosts have had the new MSR since 2010, the old one before that. Where there is
 * neither, samples answer -EOPNOTSUPP.
 */
void vmclock_kvm_wallclock_start(void)
{
	static const struct { u32 wall_clock, system_time; } msrs[] = {
		{ MSR_KVM_WALL_CLOCK_NEW, MSR_KVM_SYSTEM_TIME_NEW },
		{ MSR_KVM_WALL_CLOCK, MSR_KVM_SYSTEM_TIME },
	};
	size_t i;

	wall_clock_msr = 0;
	meaning = MEANS_UNKNOWN;
	first = (struct vmclock_epoch){};
	for (i = 0; i < ARRAY_SIZE(msrs); i++) {
		if (rdmsr_safe(msrs[i].wall_clock, &kernel_gpa_low,
			       &kernel_gpa_high))
			continue;
		wall_clock_msr = msrs[i].wall_clock;
		system_time_msr = msrs[i].system_time;
		return;
	}
}

/**
 * vmclock_kvm_wallclock_stop() - give the MSR back to the kernel
 *
 * The host stores the wall clock again, at the address it was told last,
 * whenever it restores the guest's registers, after a live migration for
 * instance. By then our memory will be somebody else's.
 *
 * Return: 0; -EIO if the host would not take it, and the memory must stay ours.
 */
int vmclock_kvm_wallclock_stop(void)
{
	if (msr_changed && wrmsr_safe(wall_clock_msr, kernel_gpa_low, kernel_gpa_high))
		return -EIO;
	return 0;
}

/*
 * What the host calls kvm-clock's zero is that of its own clock. The page goes by
 * the TSC, and unless the host's clock does too (it then says that the TSC is
 * stable), the page runs away from it by the error of the TSC's calibration, for
 * up to five minutes: some ms. Telling the host the page's address, which it
 * knows, makes it bring the page of this CPU up to date.
 *
 * If it knows of none it writes none: a CPU that the kernel could not take offline
 * after all has its old page, and goes by that.
 */
static int bring_page_up_to_date(void)
{
	u32 low, high;

	if (rdmsr_safe(system_time_msr, &low, &high))
		return 0;
	if (!(low & KVM_MSR_ENABLED))
		return -ENODATA;
	if (!(READ_ONCE(compat_kvm_page()->flags) & PVCLOCK_TSC_STABLE_BIT))
		wrmsr_safe(system_time_msr, low, high);
	return 0;
}

/* One answer, and how long the host took for it. */
static int ask(struct vmclock_epoch *epoch, u64 *width_tsc)
{
	struct vmclock_instant before, after;
	union vmclock_kvm_slot *slot;
	u32 version, sec, nsec;
	phys_addr_t gpa;
	int ret;

	ret = vmclock_kvm_read(&before);
	if (ret)
		return ret;

	slot = vmclock_kvm_slot(&gpa);
	slot->wall_clock = (struct pvclock_wall_clock){};
	WRITE_ONCE(msr_changed, true);
	if (wrmsr_safe(wall_clock_msr, lower_32_bits(gpa), upper_32_bits(gpa))) {
		pr_hourly(pr_warn, "the host refuses the wall-clock MSR\n");
		return -EIO;
	}

	/*
	 * Even and not zero: the host has come, and has gone. It has done so
	 * before it let this vCPU go on, there is nothing to wait for.
	 */
	version = READ_ONCE(slot->wall_clock.version);
	virt_rmb(); /* version first, as in the pvclock page */
	sec = READ_ONCE(slot->wall_clock.sec);
	nsec = READ_ONCE(slot->wall_clock.nsec);
	virt_rmb(); /* and again last */
	if (!version || version & 1 ||
	    version != READ_ONCE(slot->wall_clock.version)) {
		pr_hourly(pr_warn, "the host does not answer the wall-clock MSR\n");
		return -EIO;
	}

	ret = vmclock_kvm_read(&after);
	if (ret)
		return ret;
	if (!vmclock_page_same(&before.page, &after.page))
		return -EAGAIN;
	*width_tsc = after.tsc - before.tsc;

	ret = vmclock_epoch_from_ref_zero(epoch, sec, nsec, &after);
	if (ret)
		pr_hourly(pr_warn, "wall-clock MSR: host says %u s %u ns, out of range\n",
			  sec, nsec);
	return ret;
}

static enum meaning meaning_of(const struct vmclock_epoch *before,
			       const struct vmclock_epoch *answer)
{
	s64 grown_ns = answer->epoch_ns - before->epoch_ns;
	s64 passed_ns = answer->ref_ns - before->ref_ns;

	if (passed_ns < (s64)MEANING_SPAN_MIN_NS)
		return MEANS_UNKNOWN;
	if (grown_ns > passed_ns / 2 && grown_ns / 2 < passed_ns)
		return MEANS_UTC_NOW;
	if (!answer->page.stable)
		return MEANS_UTC_AT_ZERO_UNSTABLE;
	if (grown_ns)
		return MEANS_UTC_AT_ZERO;
	return passed_ns < (s64)UNCHANGED_SPAN_MIN_NS ? MEANS_UNKNOWN : MEANS_HOST_BOOT;
}

static bool is_good(enum meaning known, const struct vmclock_page *page)
{
	return known == MEANS_UTC_AT_ZERO ||
	       (known == MEANS_UTC_AT_ZERO_UNSTABLE && !page->stable);
}

/*
 * Who finds the lock taken learns it with the next answer. Across a pause, or on another host,
 * answers say nothing of each other.
 */
static enum meaning learn_meaning(const struct vmclock_epoch *answer)
{
	enum meaning known;

	if (!raw_spin_trylock(&first_lock))
		return MEANS_UNKNOWN;
	/* Another CPU may know by now. */
	if (!is_good(meaning, &answer->page) &&
	    (!first.page.version || answer->ref_ns < first.ref_ns ||
	     vmclock_page_anew(&first.page, &answer->page))) {
		first = *answer;
		WRITE_ONCE(meaning, MEANS_UNKNOWN);
	}
	if (meaning == MEANS_UNKNOWN)
		WRITE_ONCE(meaning, meaning_of(&first, answer));
	known = meaning;
	raw_spin_unlock(&first_lock);
	return known;
}

/**
 * vmclock_kvm_wallclock_complain() - say why the wall clock cannot be believed
 *
 * Return: whether there was something to say.
 */
bool vmclock_kvm_wallclock_complain(void)
{
	switch (READ_ONCE(meaning)) {
	case MEANS_UTC_NOW:
		pr_err("KVM guest without an epoch source: no pairing, and the wall clock is that of now: VirtualBox? Then have its Guest Additions tell the time\n");
		return true;
	case MEANS_HOST_BOOT:
		pr_err("KVM guest without an epoch source: no pairing, and the wall clock does not follow the host's time: a KVM before Linux 5.6? Then the host is to be upgraded\n");
		return true;
	default:
		return false;
	}
}

/**
 * vmclock_kvm_wallclock_sample() - take an epoch sample by the MSR
 * @epoch: the sample
 *
 * What a host is late by lies between its two readings, and so within our
 * question: of several questions, the one that took least is the one to believe.
 *
 * Context: interrupts off. %WALL_CLOCK_QUESTIONS VM exits and one, and one more on a
 * host whose TSC is not stable.
 *
 * Return: 0; -EOPNOTSUPP if the host has no such MSR, or means something else by it; -EBUSY
 * if that is not known yet, and will be in a tenth of a second, or in one; -ENODATA if it
 * does not write this CPU's page; -EAGAIN if the page changed meanwhile; -EIO if the host did
 * not answer; -ERANGE if it answered with no time that a working host tells; what
 * vmclock_kvm_read() returns.
 */
int vmclock_kvm_wallclock_sample(struct vmclock_epoch *epoch)
{
	struct vmclock_epoch answer;
	struct vmclock_instant now;
	u64 least_tsc = U64_MAX;
	enum meaning known;
	u64 width_tsc;
	int ret, i;

	if (!wall_clock_msr)
		return -EOPNOTSUPP;

	/* Refuses a CPU without a page, which the next line would follow. */
	ret = vmclock_kvm_read(&now);
	if (ret)
		return ret;
	ret = bring_page_up_to_date();
	if (ret)
		return ret;

	for (i = 0; i < WALL_CLOCK_QUESTIONS; i++) {
		ret = ask(&answer, &width_tsc);
		if (ret)
			return ret;
		if (width_tsc < least_tsc) {
			least_tsc = width_tsc;
			*epoch = answer;
		}
	}
	/* An answer from before the page changed would be about another clock. */
	if (!vmclock_page_same(&answer.page, &epoch->page))
		return -EAGAIN;
	known = READ_ONCE(meaning);
	if (!is_good(known, &epoch->page))
		known = learn_meaning(epoch);
	if (known == MEANS_UNKNOWN)
		return -EBUSY;
	return is_good(known, &epoch->page) ? 0 : -EOPNOTSUPP;
}
