// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM: memory that the host writes into, one slot a CPU.
 *
 * With a slot of its own no CPU ever waits for another to have its answer:
 * a lock around one slot would stop every CPU for as long as the host keeps
 * the one that holds it from running.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/set_memory.h>
#include <linux/smp.h>

#include "host_kvm.h"

static union vmclock_kvm_slot *slots;

static unsigned int slots_order(void)
{
	return get_order(nr_cpu_ids * sizeof(*slots));
}

/**
 * vmclock_kvm_slots_alloc() - get the memory and share it with the host
 *
 * In a confidential guest the host cannot write to memory that was not given
 * to it; in any other, set_memory_decrypted() has nothing to do.
 *
 * Return: 0, -ENOMEM, or what set_memory_decrypted() returned.
 */
int vmclock_kvm_slots_alloc(void)
{
	unsigned int order = slots_order();
	unsigned long area = __get_free_pages(GFP_KERNEL | __GFP_ZERO, order);
	int ret;

	if (!area)
		return -ENOMEM;

	ret = set_memory_decrypted(area, 1 << order);
	if (ret) {
		/* Who can read these pages now is not known: nobody gets them. */
		pr_err("cannot share memory with the host (%d), %lu bytes lost\n",
		       ret, PAGE_SIZE << order);
		return ret;
	}

	slots = (union vmclock_kvm_slot *)area;
	return 0;
}

/**
 * vmclock_kvm_slots_free() - take the memory back from the host
 */
void vmclock_kvm_slots_free(void)
{
	unsigned int order = slots_order();
	unsigned long area = (unsigned long)slots;

	slots = NULL;
	if (set_memory_encrypted(area, 1 << order)) {
		pr_err("cannot take memory back from the host, %lu bytes lost\n",
		       PAGE_SIZE << order);
		return;
	}
	free_pages(area, order);
}

/**
 * vmclock_kvm_slot() - the slot of the CPU we run on
 * @gpa: its guest physical address, for the host
 *
 * Context: interrupts off, until the answer has been read.
 */
union vmclock_kvm_slot *vmclock_kvm_slot(phys_addr_t *gpa)
{
	union vmclock_kvm_slot *slot = &slots[smp_processor_id()];

	*gpa = virt_to_phys(slot);
	return slot;
}
