// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's wall-clock MSR, with a host that is late, silent, or answers what no real
 * one does.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kvm_para.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <asm/msr.h>
#include <asm/pvclock.h>
#include <kunit/test.h>

#include "../kmod/compat/compat_kvm.h"
#include "../kmod/host_kvm.h"
#include "../kmod/page.h"

static union vmclock_kvm_slot *fake_slot(phys_addr_t *gpa);
static int fake_read(struct vmclock_instant *now);
static int fake_rdmsr(u32 msr, u32 *low, u32 *high);
static int fake_wrmsr(u32 msr, u32 low, u32 high);
static struct pvclock_vcpu_time_info *fake_pvti(void);

#undef rdmsr_safe
#undef wrmsr_safe
#define vmclock_kvm_slot(gpa)	fake_slot(gpa)
#define vmclock_kvm_read(now)	fake_read(now)
#define rdmsr_safe		fake_rdmsr
#define wrmsr_safe		fake_wrmsr
#define compat_kvm_page		fake_pvti
#include "../kmod/epoch.c"
#include "../kmod/host_kvm_wallclock.c"

/* Told to the host by the kernel, before us. */
#define KERNEL_GPA	0x1234567800ULL

/* What an answer takes the host, in TSC ticks, and what it then says. */
struct answer {
	u64 width_tsc;
	struct pvclock_wall_clock wall_clock;
};

static struct {
	union vmclock_kvm_slot slot;
	struct pvclock_vcpu_time_info pvti;
	struct vmclock_page page;
	u64 tsc;
	bool has_new, has_old;
	struct answer answers[3];
	int asked;
	int change_page_at;
	int change_page_at_read;
	int read_error_at;
	int reads;
	bool refuses;
	bool unregistered;	/* this CPU's page */
	u32 last_msr;
	u64 last_gpa;
	int updates;
} host;

static union vmclock_kvm_slot *fake_slot(phys_addr_t *gpa)
{
	*gpa = (unsigned long)&host.slot;
	return &host.slot;
}

static int fake_read(struct vmclock_instant *now)
{
	host.reads++;
	if (host.reads == host.change_page_at_read)
		host.page.shift++;
	*now = (struct vmclock_instant){
		.page = host.page, .tsc = host.tsc, .ref_ns = host.tsc,
	};
	return host.reads == host.read_error_at ? -ETIMEDOUT : 0;
}

static struct pvclock_vcpu_time_info *fake_pvti(void)
{
	return &host.pvti;
}

static int fake_rdmsr(u32 msr, u32 *low, u32 *high)
{
	bool is_new = msr == MSR_KVM_WALL_CLOCK_NEW ||
		      msr == MSR_KVM_SYSTEM_TIME_NEW;

	if (is_new ? !host.has_new : !host.has_old)
		return -EIO;
	*low = lower_32_bits(KERNEL_GPA) | (host.unregistered ? 0 : 1);
	*high = upper_32_bits(KERNEL_GPA);
	return 0;
}

static int fake_wrmsr(u32 msr, u32 low, u32 high)
{
	u64 gpa = (u64)high << 32 | low;

	if (msr == MSR_KVM_SYSTEM_TIME_NEW || msr == MSR_KVM_SYSTEM_TIME) {
		host.updates += gpa == (KERNEL_GPA | 1);
		return 0;
	}
	host.last_msr = msr;
	host.last_gpa = gpa;
	if (host.refuses)
		return -EIO;
	if (gpa == (unsigned long)&host.slot) {
		const struct answer *answer = &host.answers[host.asked++ % 3];

		host.tsc += answer->width_tsc;
		host.slot.wall_clock = answer->wall_clock;
		if (host.asked == host.change_page_at)
			host.page.shift++;
	}
	return 0;
}

static int kvm_wall_clock_test_init(struct kunit *test)
{
	memset(&host, 0, sizeof(host));
	host.has_new = true;
	host.has_old = true;
	host.tsc = 5000;
	host.pvti.flags = PVCLOCK_TSC_STABLE_BIT;
	/* The second is the quickest. */
	host.answers[0] = (struct answer){ 900, { 2, 1700000000, 900 } };
	host.answers[1] = (struct answer){ 300, { 2, 1700000000, 300 } };
	host.answers[2] = (struct answer){ 301, { 2, 1700000000, 301 } };
	msr_changed = false;
	host.page.version = 2;
	host.page.stable = true;
	vmclock_kvm_wallclock_start();
	/* These are about the answers, not about what they mean. */
	meaning = MEANS_UTC_AT_ZERO;
	return 0;
}

/* Of three answers the one that took least: it can be the least late. */
static void kvm_wall_clock_believes_the_quickest(struct kunit *test)
{
	struct vmclock_epoch epoch;

	KUNIT_ASSERT_EQ(test, vmclock_kvm_wallclock_sample(&epoch), 0);
	KUNIT_EXPECT_EQ(test, host.asked, 3);
	KUNIT_EXPECT_EQ(test, epoch.epoch_ns, 1700000000000000300LL);
	KUNIT_EXPECT_EQ(test, epoch.ref_ns, 5000ULL + 900 + 300);
	KUNIT_EXPECT_EQ(test, host.last_msr, (u32)MSR_KVM_WALL_CLOCK_NEW);
	KUNIT_EXPECT_EQ(test, host.updates, 0);
}

static void kvm_wall_clock_of_old_hosts(struct kunit *test)
{
	struct vmclock_epoch epoch;

	host.has_new = false;
	vmclock_kvm_wallclock_start();
	meaning = MEANS_UTC_AT_ZERO;
	KUNIT_ASSERT_EQ(test, vmclock_kvm_wallclock_sample(&epoch), 0);
	KUNIT_EXPECT_EQ(test, host.last_msr, (u32)MSR_KVM_WALL_CLOCK);
}

static void kvm_wall_clock_not_there(struct kunit *test)
{
	struct vmclock_epoch epoch;

	host.has_new = false;
	host.has_old = false;
	vmclock_kvm_wallclock_start();
	KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_sample(&epoch),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, host.asked, 0);
}

/* The kernel's address goes back, once we have told the host another. */
static void kvm_wall_clock_gives_back(struct kunit *test)
{
	struct vmclock_epoch epoch;

	KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_stop(), 0);
	KUNIT_EXPECT_EQ(test, host.last_gpa, 0ULL);
	KUNIT_ASSERT_EQ(test, vmclock_kvm_wallclock_sample(&epoch), 0);
	KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_stop(), 0);
	KUNIT_EXPECT_EQ(test, host.last_gpa, KERNEL_GPA | 1);
	/* Moved to a host that lets the guest write no such MSR. */
	host.refuses = true;
	KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_stop(), -EIO);
}

/* A page that is not written tells a time that stands, or that of another boot's TSC. */
static void kvm_wall_clock_page_not_written(struct kunit *test)
{
	struct vmclock_epoch epoch;

	host.unregistered = true;
	KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_sample(&epoch), -ENODATA);
	host.pvti.flags = 0;
	KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_sample(&epoch), -ENODATA);
	KUNIT_EXPECT_EQ(test, host.asked, 0);
	KUNIT_EXPECT_EQ(test, host.updates, 0);
}

/* A page that may have run away is brought up to date first. */
static void kvm_wall_clock_with_unstable_tsc(struct kunit *test)
{
	struct vmclock_epoch epoch;

	host.pvti.flags = 0;
	KUNIT_ASSERT_EQ(test, vmclock_kvm_wallclock_sample(&epoch), 0);
	KUNIT_EXPECT_EQ(test, host.updates, 1);
}

static void kvm_wall_clock_not_answered(struct kunit *test)
{
	/* Never, in the middle of an answer. */
	static const u32 versions[] = { 0, 1, 7 };
	struct vmclock_epoch epoch;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		host.asked = 0;
		host.answers[0].wall_clock.version = versions[i];
		KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_sample(&epoch),
				-EIO);
	}
	host.refuses = true;
	KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_sample(&epoch), -EIO);
}

static void kvm_wall_clock_out_of_range(struct kunit *test)
{
	static const struct pvclock_wall_clock bad[] = {
		{ 2, 1700000000, 1000000000 }, { 2, 1700000000, U32_MAX },
		{ 2, 0, 0 },
	};
	struct vmclock_epoch epoch;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		host.asked = 0;
		host.answers[0].wall_clock = bad[i];
		KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_sample(&epoch),
				-ERANGE);
	}
}

static void kvm_wall_clock_page_changes(struct kunit *test)
{
	struct vmclock_epoch epoch;
	int at;

	for (at = 1; at <= 3; at++) {
		host.asked = 0;
		host.change_page_at = at;
		KUNIT_EXPECT_EQ_MSG(test, vmclock_kvm_wallclock_sample(&epoch),
				    -EAGAIN, "at %d", at);
	}
}

/* The page may also change between two questions, with every answer good. */
static void kvm_wall_clock_page_changes_between(struct kunit *test)
{
	struct vmclock_epoch epoch;

	/* The read that begins the third question: after 1 + 2 * 2 others. */
	host.change_page_at_read = 6;
	KUNIT_EXPECT_EQ(test, vmclock_kvm_wallclock_sample(&epoch), -EAGAIN);
	KUNIT_EXPECT_EQ(test, host.asked, 3);
}

static void kvm_wall_clock_passes_errors_on(struct kunit *test)
{
	struct vmclock_epoch epoch;
	int at;

	/* One read first, then two a question. */
	for (at = 1; at <= 7; at++) {
		host.reads = 0;
		host.read_error_at = at;
		KUNIT_EXPECT_EQ_MSG(test, vmclock_kvm_wallclock_sample(&epoch),
				    -ETIMEDOUT, "at %d", at);
	}
}

/* A sample @ms later, of a host whose wall clock has gone on by so much. */
static int sample_later(u64 ms, u64 grown_ns)
{
	struct vmclock_epoch epoch;
	int i;

	host.tsc += ms * NSEC_PER_MSEC;
	for (i = 0; i < 3; i++)
		host.answers[i].wall_clock.nsec += grown_ns;
	return vmclock_kvm_wallclock_sample(&epoch);
}

static void kvm_wall_clock_meaning_is_learnt(struct kunit *test)
{
	meaning = MEANS_UNKNOWN;
	KUNIT_EXPECT_EQ(test, sample_later(0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(99, 40), -EBUSY);
	KUNIT_EXPECT_FALSE(test, vmclock_kvm_wallclock_complain());
	KUNIT_EXPECT_EQ(test, sample_later(1, 40), 0);
	/* Once known, it is believed: this is a step of the host's clock. */
	KUNIT_EXPECT_EQ(test, sample_later(500, 500000000), 0);
	KUNIT_EXPECT_FALSE(test, vmclock_kvm_wallclock_complain());
}

/* One that is slewed as fast as can be goes on by a tenth of the time. */
static void kvm_wall_clock_slewed(struct kunit *test)
{
	meaning = MEANS_UNKNOWN;
	KUNIT_EXPECT_EQ(test, sample_later(0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(200, 20000000), 0);
}

static void kvm_wall_clock_means_now(struct kunit *test)
{
	/* To the ns, and by a clock that goes by ticks. */
	static const u64 grown_ns[] = { 100000000, 93750000, 109375000 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(grown_ns); i++) {
		vmclock_kvm_wallclock_start();
		KUNIT_EXPECT_EQ(test, sample_later(0, 0), -EBUSY);
		KUNIT_EXPECT_EQ(test, sample_later(100, grown_ns[i]), -EOPNOTSUPP);
		KUNIT_EXPECT_TRUE(test, vmclock_kvm_wallclock_complain());
		KUNIT_EXPECT_EQ(test, sample_later(1000, 0), -EOPNOTSUPP);
	}
}

static void kvm_wall_clock_means_host_boot(struct kunit *test)
{
	meaning = MEANS_UNKNOWN;
	KUNIT_EXPECT_EQ(test, sample_later(0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(999, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(1, 0), -EOPNOTSUPP);
	KUNIT_EXPECT_TRUE(test, vmclock_kvm_wallclock_complain());

	/* Where the page goes by the host's clock, that is as it should be. */
	vmclock_kvm_wallclock_start();
	host.page.stable = false;
	KUNIT_EXPECT_EQ(test, sample_later(0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(100, 0), 0);
}

/* A pause between the two answers is none of the host's clock going on by itself. */
static void kvm_wall_clock_meaning_across_a_pause(struct kunit *test)
{
	meaning = MEANS_UNKNOWN;
	KUNIT_EXPECT_EQ(test, sample_later(0, 0), -EBUSY);
	host.page.ref_base = 1;
	KUNIT_EXPECT_EQ(test, sample_later(100, 100000000), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(100, 40), 0);
	/* Good ones need not be learnt again after the next. */
	host.page.ref_base = 2;
	KUNIT_EXPECT_EQ(test, sample_later(100, 100000000), 0);
}

/* What was found with a page that is not stable says nothing of one that is. */
static void kvm_wall_clock_meaning_once_stable(struct kunit *test)
{
	meaning = MEANS_UNKNOWN;
	host.page.stable = false;
	KUNIT_EXPECT_EQ(test, sample_later(0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(100, 40), 0);
	host.page.stable = true;
	KUNIT_EXPECT_EQ(test, sample_later(100, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(1000, 0), -EOPNOTSUPP);
}

/* Moved on, from a host that means something else to one that does not. */
static void kvm_wall_clock_meaning_on_the_next_host(struct kunit *test)
{
	meaning = MEANS_UNKNOWN;
	KUNIT_EXPECT_EQ(test, sample_later(0, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(100, 100000000), -EOPNOTSUPP);
	host.page.tsc_base = 1;
	KUNIT_EXPECT_EQ(test, sample_later(100, 40), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(100, 40), 0);
}

/* Reference time that was set back begins it anew. */
static void kvm_wall_clock_meaning_after_a_restore(struct kunit *test)
{
	meaning = MEANS_UNKNOWN;
	host.tsc = NSEC_PER_SEC;
	KUNIT_EXPECT_EQ(test, sample_later(0, 0), -EBUSY);
	host.tsc = 5000;
	KUNIT_EXPECT_EQ(test, sample_later(0, 100), -EBUSY);
	KUNIT_EXPECT_EQ(test, sample_later(100, 100), 0);
}

static struct kunit_case kvm_wall_clock_cases[] = {
	KUNIT_CASE(kvm_wall_clock_believes_the_quickest),
	KUNIT_CASE(kvm_wall_clock_of_old_hosts),
	KUNIT_CASE(kvm_wall_clock_not_there),
	KUNIT_CASE(kvm_wall_clock_gives_back),
	KUNIT_CASE(kvm_wall_clock_page_not_written),
	KUNIT_CASE(kvm_wall_clock_with_unstable_tsc),
	KUNIT_CASE(kvm_wall_clock_not_answered),
	KUNIT_CASE(kvm_wall_clock_out_of_range),
	KUNIT_CASE(kvm_wall_clock_page_changes),
	KUNIT_CASE(kvm_wall_clock_page_changes_between),
	KUNIT_CASE(kvm_wall_clock_passes_errors_on),
	KUNIT_CASE(kvm_wall_clock_meaning_is_learnt),
	KUNIT_CASE(kvm_wall_clock_slewed),
	KUNIT_CASE(kvm_wall_clock_means_now),
	KUNIT_CASE(kvm_wall_clock_means_host_boot),
	KUNIT_CASE(kvm_wall_clock_meaning_across_a_pause),
	KUNIT_CASE(kvm_wall_clock_meaning_once_stable),
	KUNIT_CASE(kvm_wall_clock_meaning_on_the_next_host),
	KUNIT_CASE(kvm_wall_clock_meaning_after_a_restore),
	{}
};

static struct kunit_suite kvm_wall_clock_suite = {
	.name = "vmclock_host_kvm_wallclock",
	.init = kvm_wall_clock_test_init,
	.test_cases = kvm_wall_clock_cases,
};

kunit_test_suite(kvm_wall_clock_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/host_kvm_wallclock.c");
MODULE_LICENSE("GPL");
