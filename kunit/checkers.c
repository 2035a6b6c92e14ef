// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fault for each of the kernel's checkers, inserted after the suites: a checker that does
 * not complain of its fault was never switched on, and its silence before means nothing.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(first_lock);
static DEFINE_SPINLOCK(second_lock);

static void fault_for_kasan(void)
{
	char *room = kmalloc(8, GFP_KERNEL), *hidden = room;

	OPTIMIZER_HIDE_VAR(hidden);
	if (room)
		hidden[8] = 1;
	kfree(room);
}

static void fault_for_ubsan(void)
{
	static int table[4];
	int index = 4, shift = 40;

	OPTIMIZER_HIDE_VAR(index);
	OPTIMIZER_HIDE_VAR(shift);
	pr_info("1 << 40 is %d\n", 1 << shift);
	pr_info("the fifth of four is %d\n", table[index]);
}

static void fault_for_lockdep(void)
{
	spin_lock(&first_lock);
	spin_lock(&second_lock);
	spin_unlock(&second_lock);
	spin_unlock(&first_lock);
	spin_lock(&second_lock);
	spin_lock(&first_lock);
	spin_unlock(&first_lock);
	spin_unlock(&second_lock);
}

static void fault_for_atomic_sleep(void)
{
	spin_lock(&first_lock);
	might_sleep();
	spin_unlock(&first_lock);
}

static int raced;

static int race(void *unused)
{
	while (!kthread_should_stop()) {
		raced++;
		cond_resched();
	}
	return 0;
}

/* Only KCSAN sees it, and it looks at one access in thousands. */
static void fault_for_kcsan(void)
{
	struct task_struct *first = kthread_run(race, NULL, "race/1");
	struct task_struct *second = kthread_run(race, NULL, "race/2");

	msleep(5000);
	if (!IS_ERR(first))
		kthread_stop(first);
	if (!IS_ERR(second))
		kthread_stop(second);
}

static int __init checkers_init(void)
{
	/* First, for once any of the others has complained lockdep trusts itself no more. */
	if (IS_ENABLED(CONFIG_PROVE_LOCKING))
		fault_for_lockdep();
	if (IS_ENABLED(CONFIG_KASAN))
		fault_for_kasan();
	if (IS_ENABLED(CONFIG_UBSAN))
		fault_for_ubsan();
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		fault_for_atomic_sleep();
	if (IS_ENABLED(CONFIG_KCSAN))
		fault_for_kcsan();
	return 0;
}

static void __exit checkers_exit(void)
{
}

module_init(checkers_init);
module_exit(checkers_exit);

MODULE_DESCRIPTION("A fault for each of the kernel's checkers");
MODULE_LICENSE("GPL");
