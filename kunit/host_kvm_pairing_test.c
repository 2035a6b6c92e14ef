// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's clock pairing, with a host that answers what no real one does.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kvm_para.h>
#include <linux/string.h>
#include <kunit/test.h>

#include "../kmod/host_kvm.h"
#include "../kmod/page.h"

/* The page: at TSC 1000 the reference reads 50 ns, at half a ns a tick. */
#define PAGE_TSC	1000
#define PAGE_REF_NS	50

static union vmclock_kvm_slot *fake_slot(phys_addr_t *gpa);
static int fake_read(struct vmclock_instant *now);
static long fake_hypercall(phys_addr_t gpa);

/* This machine is no KVM guest: what the instruction itself does here can be shown. */
static long real_hypercall(phys_addr_t gpa)
{
	return vmclock_kvm_clock_pairing(gpa);
}

#define vmclock_kvm_slot(gpa)	fake_slot(gpa)
#define vmclock_kvm_read(now)	fake_read(now)
#define vmclock_kvm_clock_pairing(gpa)	fake_hypercall(gpa)
#include "../kmod/epoch.c"
#include "../kmod/page_pvclock.c"
#include "../kmod/host_kvm_pairing.c"

static struct {
	union vmclock_kvm_slot slot;
	struct vmclock_page page;
	u64 tsc;
	long error;
	struct kvm_clock_pairing answer;
	int read_errors[2];
	int reads;
	bool changes_page;
	bool writes_nothing;
	int calls;
} host;

static union vmclock_kvm_slot *fake_slot(phys_addr_t *gpa)
{
	*gpa = (unsigned long)&host.slot;
	return &host.slot;
}

/* The TSC moves on by 100 with each look. */
static int fake_read(struct vmclock_instant *now)
{
	host.tsc += 100;
	*now = (struct vmclock_instant){ .page = host.page, .tsc = host.tsc };
	return host.read_errors[host.reads++ % 2];
}

static long fake_hypercall(phys_addr_t gpa)
{
	host.calls++;
	if (!host.error && !host.writes_nothing)
		memcpy((void *)(unsigned long)gpa, &host.answer, sizeof(host.answer));
	if (host.changes_page)
		host.page.ref_base++;
	return host.error;
}

static int kvm_pairing_test_init(struct kunit *test)
{
	memset(&host, 0, sizeof(host));
	host.page = (struct vmclock_page){ PAGE_TSC, PAGE_REF_NS, 1U << 31 };
	host.tsc = 5000;
	/* Within the call: reads before and after see 5100 and 5200. */
	host.answer = (struct kvm_clock_pairing){
		.sec = 1700000000, .nsec = 123456789, .tsc = 5150,
	};
	return 0;
}

static void kvm_pairing_sample(struct kunit *test)
{
	const u64 ref_ns = PAGE_REF_NS + (5150 - PAGE_TSC) / 2;
	struct vmclock_epoch epoch;

	KUNIT_ASSERT_EQ(test, vmclock_kvm_pairing_sample(&epoch), 0);
	KUNIT_EXPECT_EQ(test, epoch.ref_ns, ref_ns);
	KUNIT_EXPECT_EQ(test, epoch.epoch_ns,
			1700000000123456789LL - (s64)ref_ns);
	KUNIT_EXPECT_TRUE(test, vmclock_page_same(&epoch.page, &host.page));
	KUNIT_EXPECT_EQ(test, host.calls, 1);
}

static void kvm_pairing_refused(struct kunit *test)
{
	static const struct { long error; int want; } cases[] = {
		{ -KVM_EOPNOTSUPP, -EOPNOTSUPP }, { -KVM_ENOSYS, -EOPNOTSUPP },
		{ -KVM_EFAULT, -EIO }, { -KVM_EPERM, -EIO }, { 1, -EIO },
	};
	struct vmclock_epoch epoch;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		host.error = cases[i].error;
		host.reads = 0;
		KUNIT_EXPECT_EQ(test, vmclock_kvm_pairing_sample(&epoch),
				cases[i].want);
	}
}

static void kvm_pairing_tsc_outside_the_call(struct kunit *test)
{
	static const struct { u64 tsc; int want; } cases[] = {
		{ 0, -ERANGE }, { 5099, -ERANGE }, { 5100, 0 }, { 5200, 0 },
		{ 5201, -ERANGE }, { U64_MAX, -ERANGE },
	};
	struct vmclock_epoch epoch;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		host.tsc = 5000;
		host.answer.tsc = cases[i].tsc;
		KUNIT_EXPECT_EQ_MSG(test, vmclock_kvm_pairing_sample(&epoch),
				    cases[i].want, "tsc %llu", cases[i].tsc);
	}
}

static void kvm_pairing_time_out_of_range(struct kunit *test)
{
	static const struct { s64 sec, nsec; } cases[] = {
		{ 1700000000, 1000000000 }, { 1700000000, -1 },
		{ 1700000000, S64_MAX }, { 0, 0 }, { -1700000000, 0 },
		{ 1700000000LL << 32, 0 }, { S64_MIN, S64_MIN },
	};
	struct vmclock_epoch epoch;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		host.tsc = 5000;
		host.answer.sec = cases[i].sec;
		host.answer.nsec = cases[i].nsec;
		KUNIT_EXPECT_EQ_MSG(test, vmclock_kvm_pairing_sample(&epoch),
				    -ERANGE, "%lld s %lld ns", cases[i].sec,
				    cases[i].nsec);
	}
}

/* A host that says yes, and writes nothing: not the answer of the time before. */
static void kvm_pairing_nothing_written(struct kunit *test)
{
	struct vmclock_epoch epoch;

	KUNIT_ASSERT_EQ(test, vmclock_kvm_pairing_sample(&epoch), 0);
	host.tsc = 5000;
	host.writes_nothing = true;
	KUNIT_EXPECT_EQ(test, vmclock_kvm_pairing_sample(&epoch), -ERANGE);
}

static void kvm_pairing_page_changes(struct kunit *test)
{
	struct vmclock_epoch epoch;

	host.changes_page = true;
	KUNIT_EXPECT_EQ(test, vmclock_kvm_pairing_sample(&epoch), -EAGAIN);
}

/* An invalid opcode is an answer, and no oops. */
static void kvm_pairing_no_hypercalls_here(struct kunit *test)
{
	if (kvm_para_available())
		kunit_skip(test, "a KVM guest");
	KUNIT_EXPECT_EQ(test, real_hypercall(0), (long)-KVM_ENOSYS);
}

static void kvm_pairing_passes_errors_on(struct kunit *test)
{
	struct vmclock_epoch epoch;

	host.read_errors[0] = -ENODATA;
	KUNIT_EXPECT_EQ(test, vmclock_kvm_pairing_sample(&epoch), -ENODATA);
	KUNIT_EXPECT_EQ(test, host.calls, 0);
	host.reads = 0;
	host.read_errors[0] = 0;
	host.read_errors[1] = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, vmclock_kvm_pairing_sample(&epoch), -ETIMEDOUT);
}

static struct kunit_case kvm_pairing_cases[] = {
	KUNIT_CASE(kvm_pairing_sample),
	KUNIT_CASE(kvm_pairing_refused),
	KUNIT_CASE(kvm_pairing_tsc_outside_the_call),
	KUNIT_CASE(kvm_pairing_time_out_of_range),
	KUNIT_CASE(kvm_pairing_nothing_written),
	KUNIT_CASE(kvm_pairing_page_changes),
	KUNIT_CASE(kvm_pairing_no_hypercalls_here),
	KUNIT_CASE(kvm_pairing_passes_errors_on),
	{}
};

static struct kunit_suite kvm_pairing_suite = {
	.name = "vmclock_host_kvm_pairing",
	.init = kvm_pairing_test_init,
	.test_cases = kvm_pairing_cases,
};

kunit_test_suite(kvm_pairing_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/host_kvm_pairing.c");
MODULE_LICENSE("GPL");
