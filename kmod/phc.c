// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PTP hardware clock that user space sees: the host's UTC, read-only.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/time64.h>

#include "clock.h"
#include "compat/compat.h"
#include "crosststamp.h"
#include "log.h"
#include "phc.h"
#include "watch.h"

/*
 * Plain readings are for people and programs that look at the clock; a servo asks for
 * offsets. In a millisecond a host that slews its clock by the 500 ppm which adjtimex()
 * allows moves it by half a microsecond; in the minute that is the most, by 30 ms.
 */
#define SAMPLE_MAX_AGE_US_DEFAULT	1000
#define SAMPLE_MAX_AGE_US_MAX		(60 * USEC_PER_SEC)

/*
 * Reading an emulated HPET takes some microseconds on hardware, and some hundred where
 * the host is a guest itself. A millisecond is beyond what any servo is helped by, and
 * near enough to keep one alive until the clocksource is a better one again.
 */
#define MAX_WIDTH_NS_DEFAULT		NSEC_PER_MSEC
#define MAX_WIDTH_NS_MAX		NSEC_PER_SEC

static unsigned int sample_max_age_us = SAMPLE_MAX_AGE_US_DEFAULT;
static unsigned int crosststamp_max_width_ns = MAX_WIDTH_NS_DEFAULT;

static int set_up_to(const char *val, const struct kernel_param *kp, unsigned int most)
{
	unsigned int value;

	if (kstrtouint(val, 0, &value) || value > most) {
		pr_err("%s: must be a number, 0 to %u\n", kp->name, most);
		return -EINVAL;
	}
	WRITE_ONCE(*(unsigned int *)kp->arg, value);
	return 0;
}

static int sample_max_age_us_set(const char *val, const struct kernel_param *kp)
{
	return set_up_to(val, kp, SAMPLE_MAX_AGE_US_MAX);
}

static const struct kernel_param_ops sample_max_age_us_ops = {
	.set = sample_max_age_us_set,
	.get = param_get_uint,
};

module_param_cb(sample_max_age_us, &sample_max_age_us_ops, &sample_max_age_us, 0644);
MODULE_PARM_DESC(sample_max_age_us,
		 "plain readings may rest on an epoch sample this young, in us (default 1000, at most 60000000; 0: a sample for every reading)");

static int max_width_ns_set(const char *val, const struct kernel_param *kp)
{
	return set_up_to(val, kp, MAX_WIDTH_NS_MAX);
}

static const struct kernel_param_ops max_width_ns_ops = {
	.set = max_width_ns_set,
	.get = param_get_uint,
};

module_param_cb(crosststamp_max_width_ns, &max_width_ns_ops, &crosststamp_max_width_ns,
		0644);
MODULE_PARM_DESC(crosststamp_max_width_ns,
		 "PRECISE is refused where the clocksource allows no exact pair and no bracket this tight, in ns (default 1000000, at most 1000000000; 0: exact or refused)");

/*
 * Who asks for more than a plain reading once is a tool; a servo asks again, not in the same
 * breath, but within twice its longest poll (chrony's is 2^10 s by default).
 */
#define ASKED_AGAIN_MIN_NS	(100 * NSEC_PER_MSEC)
#define ASKED_AGAIN_MAX_NS	(2 * 1024ULL * NSEC_PER_SEC)

/* By ktime_get_boottime_ns(): when somebody last asked, and when again; 0: never. */
static u64 asked_ns, asked_again_ns;

static void asked(void)
{
	u64 before_ns = READ_ONCE(asked_ns), now_ns = ktime_get_boottime_ns();

	if (before_ns && now_ns - before_ns < ASKED_AGAIN_MIN_NS)
		return;
	if (before_ns && now_ns - before_ns <= ASKED_AGAIN_MAX_NS)
		WRITE_ONCE(asked_again_ns, now_ns);
	WRITE_ONCE(asked_ns, now_ns);
}

/*
 * The core calls this for three purposes. With @sts it is PTP_SYS_OFFSET_EXTENDED and
 * wants the system clock before and after: where there is an exact pair, both are that.
 * Without, it is clock_gettime() or PTP_SYS_OFFSET, and nothing tells which.
 */
static int phc_gettimex64(struct ptp_clock_info *info, struct timespec64 *ts,
			  struct ptp_system_timestamp *sts)
{
	u64 max_age_ns = (u64)READ_ONCE(sample_max_age_us) * NSEC_PER_USEC;
	struct vmclock_crosststamp both;
	s64 host_ns;
	int ret;

	if (sts) {
		asked();
		ret = vmclock_crosststamp(compat_sts_clockid(sts), VMCLOCK_EXACT, &both);
		if (!ret) {
			compat_sts_set(sts, &both.system);
			*ts = ns_to_timespec64(both.host_ns);
		}
		if (ret != -EOPNOTSUPP)
			return ret;
		/* That has just taken a sample, which keeps the exit out of the bracket. */
		max_age_ns = NSEC_PER_MSEC;
	}

	ptp_read_system_prets(sts);
	ret = vmclock_clock_read(max_age_ns, &host_ns);
	ptp_read_system_postts(sts);
	if (!ret)
		*ts = ns_to_timespec64(host_ns);
	return ret;
}

static int phc_getcrosststamp(struct ptp_clock_info *info,
			      struct system_device_crosststamp *xtstamp)
{
	struct vmclock_crosststamp both;
	int ret;

	asked();
	ret = vmclock_crosststamp(compat_xtstamp_clockid(xtstamp),
				  READ_ONCE(crosststamp_max_width_ns), &both);
	if (!ret)
		compat_xtstamp_set(xtstamp, ns_to_ktime(both.host_ns), &both.system);
	return ret;
}

static int phc_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	return -EOPNOTSUPP;
}

static int phc_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int phc_settime64(struct ptp_clock_info *info, const struct timespec64 *ts)
{
	return -EOPNOTSUPP;
}

static int phc_enable(struct ptp_clock_info *info, struct ptp_clock_request *request,
		      int on)
{
	return -EOPNOTSUPP;
}

static struct ptp_clock_info phc_info = {
	.owner = THIS_MODULE,
	.name = "vmclock",
	.gettimex64 = phc_gettimex64,
	.getcrosststamp = phc_getcrosststamp,
	.adjfine = phc_adjfine,
	.adjtime = phc_adjtime,
	.settime64 = phc_settime64,
	.enable = phc_enable,
};

static struct ptp_clock *phc;
static struct device *phc_device;

/**
 * vmclock_phc_register() - show the clock to user space
 * @parent: device that the PHC belongs to
 *
 * Return: 0; any error of vmclock_clock_read() or ptp_clock_register().
 */
int vmclock_phc_register(struct device *parent)
{
	char name[16];
	s64 host_ns;
	int ret;

	/* Who finds the clock may read it at once. */
	ret = vmclock_clock_read(0, &host_ns);
	if (ret) {
		pr_hourly(pr_err, "the host tells no time: %pe\n", ERR_PTR(ret));
		return ret;
	}

	phc = ptp_clock_register(&phc_info, parent);
	/* What a kernel without PTP clocks answers. */
	if (!phc)
		phc = ERR_PTR(-EOPNOTSUPP);
	if (IS_ERR(phc)) {
		pr_hourly(pr_err, "cannot register a PTP clock: %pe\n", phc);
		return PTR_ERR(phc);
	}
	snprintf(name, sizeof(name), "ptp%d", ptp_clock_index(phc));
	phc_device = device_find_child_by_name(parent, name);
	pr_info("the host's clock is %s\n", name);
	return 0;
}

/**
 * vmclock_phc_announce() - tell user space of a disruption
 * @all: it, and how many there have been
 *
 * A change of the PHC's device, with VMCLOCK_DISRUPTION, VMCLOCK_STEP_NS and VMCLOCK_CAUSE. The
 * clock must be registered.
 *
 * Context: process.
 */
void vmclock_phc_announce(const struct vmclock_disruptions *all)
{
	char count[40], step[40], cause[20];
	char *env[4] = { count, step, cause };

	snprintf(count, sizeof(count), "VMCLOCK_DISRUPTION=%llu", all->count);
	snprintf(step, sizeof(step), "VMCLOCK_STEP_NS=%lld", all->step_ns);
	snprintf(cause, sizeof(cause), "VMCLOCK_CAUSE=%s", all->cause);
	if (phc_device)
		kobject_uevent_env(&phc_device->kobj, KOBJ_CHANGE, env);
}

/**
 * vmclock_phc_last_asked() - when did a servo last ask?
 *
 * Return: ktime_get_boottime_ns() of then, 0 if none has.
 */
u64 vmclock_phc_last_asked(void)
{
	return READ_ONCE(asked_again_ns);
}

/**
 * vmclock_phc_unregister() - take the clock back
 *
 * On return no reading is under way, and who still holds the device open gets -ENODEV.
 */
void vmclock_phc_unregister(void)
{
	put_device(phc_device);
	ptp_clock_unregister(phc);
}
