// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM: where the epoch is taken from, with hosts that refuse the hypercall, begin to, or answer
 * it again; and the slots that they write to.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/string.h>
#include <kunit/test.h>

#include "../kmod/compat/compat_kvm.h"

static struct pvclock_vcpu_time_info *made_page(void);

#define compat_kvm_page		made_page
#include "../kmod/host_kvm.c"
#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include "../kmod/host_kvm_slots.c"

static struct {
	struct pvclock_vcpu_time_info page;
	bool no_page;
	u64 ref_ns;
	int read_error, pairing_error, wallclock_error;
	int busy;
	int pairings, wallclocks, wallclock_starts, wallclock_stop_error;
} made;

static struct pvclock_vcpu_time_info *made_page(void)
{
	return made.no_page ? NULL : &made.page;
}

int vmclock_pvclock_read(const struct pvclock_vcpu_time_info *src, struct vmclock_instant *now)
{
	*now = (struct vmclock_instant){ .ref_ns = made.ref_ns };
	return made.read_error;
}

int vmclock_pvclock_ref(struct vmclock_instant *at)
{
	return 0;
}

int vmclock_kvm_pairing_sample(struct vmclock_epoch *epoch)
{
	made.pairings++;
	return made.pairing_error;
}

int vmclock_kvm_wallclock_sample(struct vmclock_epoch *epoch)
{
	/* Every second time the page changes meanwhile. */
	if (++made.wallclocks <= made.busy)
		return made.wallclocks % 2 ? -EBUSY : -EAGAIN;
	return made.wallclock_error;
}

void vmclock_kvm_wallclock_start(void)
{
	made.wallclock_starts++;
}

bool vmclock_kvm_wallclock_complain(void)
{
	return made.wallclock_error == -EOPNOTSUPP;
}

int vmclock_kvm_wallclock_stop(void)
{
	made.wallclock_starts--;
	return made.wallclock_stop_error;
}

static int sample(void)
{
	struct vmclock_epoch epoch;
	unsigned long flags;
	int ret;

	local_irq_save(flags);
	ret = kvm_sample(&epoch);
	local_irq_restore(flags);
	return ret;
}

static int host_kvm_test_init(struct kunit *test)
{
	unsigned int cpu;

	memset(&made, 0, sizeof(made));
	made.ref_ns = 100 * NSEC_PER_SEC;
	wanted_source = SOURCE_AUTO;
	used_source = SOURCE_AUTO;
	for_each_possible_cpu(cpu)
		per_cpu(refused_ref_ns, cpu) = 0;
	return 0;
}

static void kvm_pairing_is_preferred(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, sample(), 0);
	KUNIT_EXPECT_EQ(test, made.pairings, 1);
	KUNIT_EXPECT_EQ(test, made.wallclocks, 0);
	KUNIT_EXPECT_STREQ(test, kvm_source(), "pairing");
}

/* An exit for nothing at every sample would be the price. */
static void kvm_refused_is_asked_again_later(struct kunit *test)
{
	int i;

	/* One CPU's memory of it, which this thread must not leave. */
	migrate_disable();
	made.pairing_error = -EOPNOTSUPP;
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, sample(), 0);
		made.ref_ns += NSEC_PER_MSEC;
	}
	KUNIT_EXPECT_EQ(test, made.pairings, 1);
	KUNIT_EXPECT_EQ(test, made.wallclocks, 10);
	KUNIT_EXPECT_STREQ(test, kvm_source(), "wallclock");

	/* A migration has taken us to one that answers. */
	made.pairing_error = 0;
	made.ref_ns += NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, sample(), 0);
	KUNIT_EXPECT_EQ(test, sample(), 0);
	KUNIT_EXPECT_EQ(test, made.pairings, 3);
	KUNIT_EXPECT_STREQ(test, kvm_source(), "pairing");

	/* And to one that does not, whose reference clock is younger. */
	made.pairing_error = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, sample(), 0);
	made.ref_ns = NSEC_PER_SEC;
	made.pairing_error = 0;
	KUNIT_EXPECT_EQ(test, sample(), 0);
	KUNIT_EXPECT_STREQ(test, kvm_source(), "pairing");
	migrate_enable();
}

/* Only a refusal is a reason: what fails is asked again by who reads. */
static void kvm_failure_is_told(struct kunit *test)
{
	static const int errors[] = { -EAGAIN, -EIO, -ERANGE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		made.pairing_error = errors[i];
		KUNIT_EXPECT_EQ(test, sample(), errors[i]);
	}
	KUNIT_EXPECT_EQ(test, made.pairings, 3);
	KUNIT_EXPECT_EQ(test, made.wallclocks, 0);
}

static void kvm_nobody_tells(struct kunit *test)
{
	made.pairing_error = -EOPNOTSUPP;
	made.wallclock_error = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, sample(), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kvm_start(), -ENODEV);
	KUNIT_EXPECT_EQ(test, made.wallclock_starts, 0);
	KUNIT_EXPECT_NULL(test, slots);
}

/* What the answers mean is waited for, and not for ever. */
static void kvm_waits_for_the_meaning(struct kunit *test)
{
	made.pairing_error = -EOPNOTSUPP;
	made.busy = 3;
	KUNIT_EXPECT_EQ(test, kvm_start(), 0);
	KUNIT_EXPECT_EQ(test, made.wallclocks, 4);
	kvm_stop();

	/* An odd number, so that the last is not yet known. */
	made.wallclocks = 1;
	made.busy = INT_MAX;
	KUNIT_EXPECT_EQ(test, kvm_start(), -ENODEV);
	KUNIT_EXPECT_EQ(test, made.wallclocks, 1 + FIRST_TRIES);

	made.busy = 0;
	made.wallclock_error = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, kvm_start(), -ENODEV);
	KUNIT_EXPECT_EQ(test, made.wallclock_starts, 0);
	KUNIT_EXPECT_NULL(test, slots);
}

static void kvm_source_is_forced(struct kunit *test)
{
	const struct kernel_param kp = {};
	char said[16];

	KUNIT_EXPECT_EQ(test, epoch_source_set("wallclock\n", &kp), 0);
	KUNIT_EXPECT_EQ(test, sample(), 0);
	KUNIT_EXPECT_EQ(test, made.pairings, 0);
	KUNIT_EXPECT_EQ(test, epoch_source_get(said, &kp), (int)strlen("wallclock\n"));
	KUNIT_EXPECT_STREQ(test, said, "wallclock\n");

	KUNIT_EXPECT_EQ(test, epoch_source_set("pairing", &kp), 0);
	made.pairing_error = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, sample(), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, sample(), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, made.pairings, 2);
	KUNIT_EXPECT_EQ(test, made.wallclocks, 1);

	KUNIT_EXPECT_EQ(test, epoch_source_set("both", &kp), -EINVAL);
	KUNIT_EXPECT_EQ(test, epoch_source_set("", &kp), -EINVAL);
	KUNIT_EXPECT_EQ(test, wanted_source, SOURCE_PAIRING);
}

static void kvm_without_a_page(struct kunit *test)
{
	made.no_page = true;
	KUNIT_EXPECT_EQ(test, sample(), -ENODATA);
	KUNIT_EXPECT_EQ(test, kvm_start(), -ENODEV);
	made.no_page = false;
	made.read_error = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, sample(), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kvm_start(), -ENODEV);
	KUNIT_EXPECT_EQ(test, made.pairings + made.wallclocks, 0);
}

/* Each CPU its own, and nobody else's memory. */
static void kvm_slots(struct kunit *test)
{
	union vmclock_kvm_slot *slot;
	unsigned long flags;
	phys_addr_t gpa;

	KUNIT_ASSERT_EQ(test, kvm_start(), 0);
	KUNIT_EXPECT_EQ(test, made.wallclock_starts, 1);
	KUNIT_EXPECT_GE(test, PAGE_SIZE << slots_order(), nr_cpu_ids * sizeof(*slots));
	/* The hypercall's answer must not cross a page. */
	KUNIT_EXPECT_EQ(test, (unsigned long)slots % PAGE_SIZE, 0UL);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE % sizeof(*slots), 0UL);

	local_irq_save(flags);
	slot = vmclock_kvm_slot(&gpa);
	KUNIT_EXPECT_PTR_EQ(test, slot, &slots[smp_processor_id()]);
	KUNIT_EXPECT_EQ(test, gpa, virt_to_phys(slot));
	local_irq_restore(flags);

	/* The host may write there still: nobody else's yet. */
	made.wallclock_stop_error = -EIO;
	kvm_stop();
	KUNIT_EXPECT_NOT_NULL(test, slots);

	made.wallclock_starts = 1;
	made.wallclock_stop_error = 0;
	kvm_stop();
	KUNIT_EXPECT_NULL(test, slots);
	KUNIT_EXPECT_EQ(test, made.wallclock_starts, 0);
}

static struct kunit_case host_kvm_cases[] = {
	KUNIT_CASE(kvm_pairing_is_preferred),
	KUNIT_CASE(kvm_refused_is_asked_again_later),
	KUNIT_CASE(kvm_failure_is_told),
	KUNIT_CASE(kvm_nobody_tells),
	KUNIT_CASE(kvm_waits_for_the_meaning),
	KUNIT_CASE(kvm_source_is_forced),
	KUNIT_CASE(kvm_without_a_page),
	KUNIT_CASE(kvm_slots),
	{}
};

static struct kunit_suite host_kvm_suite = {
	.name = "vmclock_host_kvm",
	.init = host_kvm_test_init,
	.test_cases = host_kvm_cases,
};

kunit_test_suite(host_kvm_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/host_kvm.c and kmod/host_kvm_slots.c");
MODULE_LICENSE("GPL");
