/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM: what the files of this host share among themselves. */
#ifndef VMCLOCK_HOST_KVM_H
#define VMCLOCK_HOST_KVM_H

#include <linux/types.h>
#include <asm/pvclock-abi.h>
#include <uapi/asm/kvm_para.h>

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
void vmclock_kvm_wallclock_stop(void);
int vmclock_kvm_wallclock_sample(struct vmclock_epoch *epoch);

#endif /* VMCLOCK_HOST_KVM_H */
