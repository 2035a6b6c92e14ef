/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM: what the files of this host share among themselves. */
#ifndef VMCLOCK_HOST_KVM_H
#define VMCLOCK_HOST_KVM_H

#include <linux/kvm_para.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/pvclock-abi.h>

struct vmclock_epoch;
struct vmclock_instant;

/**
 * union vmclock_kvm_slot - where the host puts what one CPU asks for
 * @pairing: answer to the clock pairing hypercall
 * @wall_clock: answer to a write of the wall-clock MSR
 */
union vmclock_kvm_slot {
	struct kvm_clock_pairing pairing;
	struct pvclock_wall_clock wall_clock;
};

/**
 * vmclock_kvm_clock_pairing() - the clock pairing hypercall
 * @gpa: guest physical address of the answer, a struct kvm_clock_pairing
 *
 * As kvm_hypercall2(), but for hypervisors that have KVM's signature and its clock page
 * and answer a hypercall by an invalid opcode (OpenBSD's vmm): nothing tells beforehand
 * whether this one is there. Then the register still holds the number.
 *
 * Return: 0, or an error of KVM's, negative.
 */
static inline long vmclock_kvm_clock_pairing(phys_addr_t gpa)
{
	long ret = KVM_HC_CLOCK_PAIRING;

	asm volatile("1: " KVM_HYPERCALL "\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+a" (ret)
		     : "b" (gpa), "c" (KVM_CLOCK_PAIRING_WALLCLOCK)
		     : "memory");
	return ret == KVM_HC_CLOCK_PAIRING ? -KVM_ENOSYS : ret;
}

/* host_kvm.c */
int vmclock_kvm_read(struct vmclock_instant *now);

/* host_kvm_slots.c */
int vmclock_kvm_slots_alloc(void);
void vmclock_kvm_slots_free(void);
union vmclock_kvm_slot *vmclock_kvm_slot(phys_addr_t *gpa);

/* host_kvm_pairing.c */
int vmclock_kvm_pairing_sample(struct vmclock_epoch *epoch);

/* host_kvm_wallclock.c */
void vmclock_kvm_wallclock_start(void);
int vmclock_kvm_wallclock_stop(void);
int vmclock_kvm_wallclock_sample(struct vmclock_epoch *epoch);
bool vmclock_kvm_wallclock_complain(void);

#endif /* VMCLOCK_HOST_KVM_H */
