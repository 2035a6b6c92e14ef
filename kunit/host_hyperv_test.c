// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hyper-V: the page while the host has one, its counter while it has not, and hosts that have
 * neither.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/kmod.h>
#include <linux/string.h>
#include <asm/hypervisor.h>
#include <asm/msr.h>
#include <kunit/test.h>

#include "../kmod/compat/compat_hyperv.h"

static const struct vmclock_hvtsc *made_page(void);
static bool made_acpi_dev(const char *hid);
static int made_rdmsr(u32 msr, u32 *low, u32 *high);
static int made_request_module(const char *name);

#undef rdmsr_safe
#undef request_module_nowait
#define compat_hyperv_page		made_page
#define acpi_dev_present(hid, uid, hrv)	made_acpi_dev(hid)
#define rdmsr_safe			made_rdmsr
#define request_module_nowait		made_request_module
#include "../kmod/host_hyperv.c"

static struct {
	char page;
	bool no_page;
	int read_error;		/* of the page */
	int ref_error;
	u64 count;		/* of the counter */
	bool no_counter;
	int slow_reads;		/* so many to come */
	bool unknown;		/* what became of it */
	const char *vmbus;
	int feed_error, feed_starts;
	u64 looked_ref_ns;
	bool requested;
} made;

static const struct vmclock_hvtsc *made_page(void)
{
	return made.no_page ? NULL : (const void *)&made.page;
}

static bool made_acpi_dev(const char *hid)
{
	return made.vmbus && !strcmp(hid, made.vmbus);
}

static int made_rdmsr(u32 msr, u32 *low, u32 *high)
{
	*low = made.count;
	*high = made.count >> 32;
	/* The number is in the specification: TLFS 12.4. */
	return made.no_counter || msr != 0x40000020 ? -EIO : 0;
}

static int made_request_module(const char *name)
{
	made.requested = !strcmp(name, "vmclock_timesync");
	return 0;
}

int vmclock_hvtsc_read(const struct vmclock_hvtsc *src, struct vmclock_instant *now)
{
	*now = (struct vmclock_instant){ .page.version = 7, .ref_ns = 123 };
	return made.read_error;
}

int vmclock_hvtsc_ref(struct vmclock_instant *at)
{
	return made.ref_error;
}

u32 vmclock_hvcounter_look(struct vmclock_hvcounter *seen, u32 khz, u64 tsc, u64 width_tsc,
			   u64 ref_ns)
{
	made.looked_ref_ns = ref_ns;
	return made.unknown ? 0 : 42;
}

bool vmclock_hvcounter_slow(u32 khz, u64 ticks)
{
	return made.slow_reads-- > 0;
}

int vmclock_feed_start(const struct vmclock_host *host)
{
	made.feed_starts++;
	return made.feed_error;
}

void vmclock_feed_stop(void)
{
}

int vmclock_feed_epoch(const struct vmclock_instant *now, struct vmclock_epoch *epoch)
{
	*epoch = (struct vmclock_epoch){ .ref_ns = now->ref_ns };
	return 0;
}

void vmclock_feed_facts(struct vmclock_feed_facts *facts)
{
}

static int host_hyperv_test_init(struct kunit *test)
{
	memset(&made, 0, sizeof(made));
	made.vmbus = "VMBUS";
	return 0;
}

static void hyperv_page(struct kunit *test)
{
	struct vmclock_instant now;
	struct vmclock_epoch epoch;

	KUNIT_ASSERT_EQ(test, hyperv_read(&now), 0);
	KUNIT_EXPECT_EQ(test, now.ref_ns, 123ULL);
	KUNIT_EXPECT_EQ(test, hyperv_ref(&now), 0);
	KUNIT_ASSERT_EQ(test, hyperv_sample(&epoch), 0);
	KUNIT_EXPECT_EQ(test, epoch.ref_ns, 123ULL);
	KUNIT_EXPECT_EQ(test, made.looked_ref_ns, 0ULL);
}

static void expect_counter(struct kunit *test)
{
	/* What was there before must not be taken for its own. */
	struct vmclock_instant now = { .ref_frac = 99, .page.scale = 99 };
	u64 before = rdtsc_ordered();

	made.count = 0x123456789abcdULL;
	KUNIT_ASSERT_EQ(test, hyperv_read(&now), 0);
	KUNIT_EXPECT_EQ(test, now.ref_ns, 0x123456789abcdULL * 100);
	KUNIT_EXPECT_EQ(test, now.ref_frac, 0U);
	KUNIT_EXPECT_EQ(test, made.looked_ref_ns, now.ref_ns);
	KUNIT_EXPECT_GE(test, now.tsc, before);
	KUNIT_EXPECT_LE(test, now.tsc, rdtsc_ordered());
	KUNIT_EXPECT_EQ(test, now.page.version, 42U);
	KUNIT_EXPECT_EQ(test, now.page.scale, 0ULL);
	/* Nothing is computed from the TSC by it. */
	KUNIT_EXPECT_EQ(test, hyperv_ref(&now), -EOPNOTSUPP);
}

static void hyperv_counter_while_the_page_is_withdrawn(struct kunit *test)
{
	made.read_error = -ENODATA;
	expect_counter(test);
}

static void hyperv_counter_where_there_is_no_page(struct kunit *test)
{
	made.no_page = true;
	expect_counter(test);
}

/* One that was held up is read again, so often. */
static void hyperv_counter_is_read_again(struct kunit *test)
{
	struct vmclock_instant now;

	made.no_page = true;
	made.slow_reads = 4;
	KUNIT_EXPECT_EQ(test, hyperv_read(&now), 0);
	KUNIT_EXPECT_EQ(test, made.slow_reads, -1);
	made.slow_reads = 5;
	made.unknown = true;
	KUNIT_EXPECT_EQ(test, hyperv_read(&now), -ESTALE);
	KUNIT_EXPECT_EQ(test, made.slow_reads, 0);
}

/* A page that is there and bad is no reason. */
static void hyperv_page_that_is_no_clock(struct kunit *test)
{
	static const int errors[] = { -ETIMEDOUT, -ERANGE };
	struct vmclock_instant now;
	struct vmclock_epoch epoch;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		made.read_error = errors[i];
		KUNIT_EXPECT_EQ(test, hyperv_read(&now), errors[i]);
		KUNIT_EXPECT_EQ(test, hyperv_sample(&epoch), errors[i]);
	}
	KUNIT_EXPECT_EQ(test, made.looked_ref_ns, 0ULL);
}

static void hyperv_neither(struct kunit *test)
{
	struct vmclock_instant now;

	made.no_page = true;
	made.no_counter = true;
	KUNIT_EXPECT_EQ(test, hyperv_read(&now), -ENODATA);
}

static void hyperv_counter_out_of_range(struct kunit *test)
{
	struct vmclock_instant now;

	made.no_page = true;
	/* The last that is a time in ns, of 63 bits. */
	made.count = 92233720368547758ULL;
	KUNIT_EXPECT_EQ(test, hyperv_read(&now), 0);
	made.count++;
	KUNIT_EXPECT_EQ(test, hyperv_read(&now), -ERANGE);
}

/* Of a host that keeps the CPU that has it from running. */
static void hyperv_lock_is_not_waited_for(struct kunit *test)
{
	struct vmclock_instant now;

	made.no_page = true;
	raw_spin_lock(&counter_lock);
	KUNIT_EXPECT_EQ(test, hyperv_read(&now), -EAGAIN);
	raw_spin_unlock(&counter_lock);
	KUNIT_EXPECT_EQ(test, hyperv_read(&now), 0);
}

static void hyperv_starts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, hyperv_start(), 0);
	KUNIT_EXPECT_TRUE(test, made.requested);
	made.vmbus = "VMBus";
	KUNIT_EXPECT_EQ(test, hyperv_start(), 0);
	KUNIT_EXPECT_STREQ(test, hyperv_source(), "timesync");
}

static void hyperv_does_not_start(struct kunit *test)
{
	made.vmbus = NULL;
	KUNIT_EXPECT_EQ(test, hyperv_start(), -ENODEV);
	KUNIT_EXPECT_EQ(test, made.feed_starts, 0);

	made.vmbus = "VMBUS";
	made.feed_error = -ENODATA;
	KUNIT_EXPECT_EQ(test, hyperv_start(), -ENODEV);
	KUNIT_EXPECT_FALSE(test, made.requested);
}

static struct kunit_case host_hyperv_cases[] = {
	KUNIT_CASE(hyperv_page),
	KUNIT_CASE(hyperv_counter_while_the_page_is_withdrawn),
	KUNIT_CASE(hyperv_counter_where_there_is_no_page),
	KUNIT_CASE(hyperv_counter_is_read_again),
	KUNIT_CASE(hyperv_page_that_is_no_clock),
	KUNIT_CASE(hyperv_neither),
	KUNIT_CASE(hyperv_counter_out_of_range),
	KUNIT_CASE(hyperv_lock_is_not_waited_for),
	KUNIT_CASE(hyperv_starts),
	KUNIT_CASE(hyperv_does_not_start),
	{}
};

static struct kunit_suite host_hyperv_suite = {
	.name = "vmclock_host_hyperv",
	.init = host_hyperv_test_init,
	.test_cases = host_hyperv_cases,
};

kunit_test_suite(host_hyperv_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/host_hyperv.c");
MODULE_LICENSE("GPL");
