// SPDX-License-Identifier: GPL-2.0-only
/* What readers are told of the host's samples: by RCU, so that they wait for nobody. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/time64.h>

#include "epoch.h"
#include "feed_place.h"
#include "feed_told.h"
#include "line.h"
#include "page.h"

/* Ten minutes as in the kernel's own driver (drivers/hv/hv_util.c), a day at most. */
#define TIMEOUT_S_DEFAULT	600
#define TIMEOUT_S_MAX		86400

static unsigned int feed_timeout_s = TIMEOUT_S_DEFAULT;

static int feed_timeout_s_set(const char *val, const struct kernel_param *kp)
{
	unsigned int value;

	if (kstrtouint(val, 0, &value) || !value || value > TIMEOUT_S_MAX) {
		pr_err("feed_timeout_s: must be a number, 1 to %u\n", TIMEOUT_S_MAX);
		return -EINVAL;
	}
	WRITE_ONCE(feed_timeout_s, value);
	return 0;
}

static const struct kernel_param_ops feed_timeout_s_ops = {
	.set = feed_timeout_s_set,
	.get = param_get_uint,
};

module_param_cb(feed_timeout_s, &feed_timeout_s_ops, &feed_timeout_s, 0644);
MODULE_PARM_DESC(feed_timeout_s,
		 "Hyper-V: readings fail when the host's last sample is older than this, in s (default 600, 1 to 86400)");

/* Never changed, but replaced. */
struct told {
	struct vmclock_line line;
	struct vmclock_page page;
	struct rcu_head rcu;
};

static struct told __rcu *told;

/**
 * vmclock_told_timeout_ns() - how old what is told may be
 *
 * Return: the module's parameter feed_timeout_s, in ns.
 */
s64 vmclock_told_timeout_ns(void)
{
	return (s64)READ_ONCE(feed_timeout_s) * NSEC_PER_SEC;
}

/**
 * vmclock_told_replace() - tell something else from now on
 * @line: what; NULL: nothing. Nor without memory, for what was told before may be wrong now.
 * @page: the page that it is of
 *
 * Callers exclude each other. Whoever unloads this calls rcu_barrier() after the last.
 */
void vmclock_told_replace(const struct vmclock_line *line, const struct vmclock_page *page)
{
	struct told *new = NULL, *old;

	if (line)
		new = kmalloc(sizeof(*new), GFP_ATOMIC);
	if (new) {
		new->line = *line;
		new->page = *page;
	}
	old = rcu_replace_pointer(told, new, true);
	if (old)
		kfree_rcu(old, rcu);
}

/**
 * vmclock_told_epoch() - the epoch that is told
 * @now: the reference clock now
 * @epoch: the epoch; good for some seconds round @now
 *
 * Context: any but NMI. No VM exit, waits for nobody.
 *
 * Return: 0; -ENODATA if nothing is told; -ESTALE if it is of another page or older than
 * feed_timeout_s, or if reference time was set back.
 */
int vmclock_told_epoch(const struct vmclock_instant *now, struct vmclock_epoch *epoch)
{
	s64 timeout_ns = vmclock_told_timeout_ns();
	const struct vmclock_line *line;
	const struct told *current_told;
	s64 age_ns;
	int ret;

	rcu_read_lock();
	current_told = rcu_dereference(told);
	ret = -ENODATA;
	if (!current_told)
		goto out;
	line = &current_told->line;
	age_ns = now->ref_ns - line->ref_ns;
	ret = -ESTALE;
	if (!vmclock_page_same(&current_told->page, &now->page) || age_ns > timeout_ns ||
	    age_ns < -(s64)VMCLOCK_UNDER_WAY_MAX_NS)
		goto out;

	*epoch = (struct vmclock_epoch){
		.epoch_ns = line->epoch_ns,
		.ref_ns = line->ref_ns,
		.rate = line->rate,
		.page = now->page,
	};
	if (age_ns > (s64)line->trusted_ns) {
		epoch->epoch_ns += vmclock_epoch_growth_ns(line->rate, line->trusted_ns);
		epoch->rate = 0;
	}
	ret = 0;
out:
	rcu_read_unlock();
	return ret;
}
