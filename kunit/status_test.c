// SPDX-License-Identifier: GPL-2.0-only
/*
 * Facts in sysfs: what each file says of made numbers, those that are large or negative too.
 */
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <kunit/test.h>

/* Suites run while their module has no place in sysfs yet, to which there would be a link. */
#undef root_device_register
#define root_device_register(name)	__root_device_register(name, NULL)
#include "../kmod/status.c"

static struct {
	struct vmclock_host host;
	struct vmclock_counts counts;
	struct vmclock_disruptions disruptions;
	struct vmclock_feed_facts facts;
	u64 width_ns, age_ns;
	int age_error;
} made;

static char *page;

const struct vmclock_host *vmclock_clock_host(void)
{
	return &made.host;
}

void vmclock_clock_count(struct vmclock_counts *counts)
{
	*counts = made.counts;
}

int vmclock_clock_sample_age(u64 *age_ns)
{
	*age_ns = made.age_ns;
	return made.age_error;
}

u64 vmclock_crosststamp_last_width(void)
{
	return made.width_ns;
}

void vmclock_watch_disruptions(struct vmclock_disruptions *all)
{
	*all = made.disruptions;
}

void vmclock_feed_facts(struct vmclock_feed_facts *facts)
{
	*facts = made.facts;
}

static const char *made_source(void)
{
	return "timesync";
}

static int status_test_init(struct kunit *test)
{
	memset(&made, 0, sizeof(made));
	made.host.name = "hyperv";
	made.host.source = made_source;
	made.host.fed = vmclock_feed_facts;
	/* sysfs_emit() wants a whole one. */
	page = (char *)get_zeroed_page(GFP_KERNEL);
	return page ? 0 : -ENOMEM;
}

static void status_test_exit(struct kunit *test)
{
	free_page((unsigned long)page);
}

static void expect_says(struct kunit *test, struct device_attribute *attr, const char *want)
{
	ssize_t size = attr->show(NULL, attr, page);

	KUNIT_EXPECT_EQ_MSG(test, size, (ssize_t)strlen(want), "%s", attr->attr.name);
	KUNIT_EXPECT_STREQ(test, page, want);
	/* Anybody may read, nobody write. */
	KUNIT_EXPECT_EQ_MSG(test, attr->attr.mode, 0444, "%s", attr->attr.name);
}

static void status_clock(struct kunit *test)
{
	made.width_ns = 12345678901ULL;
	/* Rounded down. */
	made.age_ns = 1999999;
	expect_says(test, &dev_attr_hypervisor, "hyperv\n");
	expect_says(test, &dev_attr_epoch_source, "timesync\n");
	expect_says(test, &dev_attr_sample_age_us, "1999\n");
	expect_says(test, &dev_attr_crosststamp_width_ns, "12345678901\n");
	made.age_ns = U64_MAX;
	expect_says(test, &dev_attr_sample_age_us, "18446744073709551\n");
	made.age_error = -ENODATA;
	KUNIT_EXPECT_EQ(test, dev_attr_sample_age_us.show(NULL, &dev_attr_sample_age_us, page),
			(ssize_t)-ENODATA);
}

static void status_counts(struct kunit *test)
{
	made.counts = (struct vmclock_counts){
		.samples = U64_MAX, .page_changes = 1, .errors_page = 2, .errors_source = 3,
		.errors_range = 4, .errors_moving = 5, .errors_stale = 7,
	};
	made.disruptions = (struct vmclock_disruptions){
		.count = 6, .step_ns = S64_MIN, .cause = "sync",
	};
	expect_says(test, &dev_attr_samples, "18446744073709551615\n");
	expect_says(test, &dev_attr_page_changes, "1\n");
	expect_says(test, &dev_attr_errors_page, "2\n");
	expect_says(test, &dev_attr_errors_source, "3\n");
	expect_says(test, &dev_attr_errors_stale, "7\n");
	expect_says(test, &dev_attr_errors_range, "4\n");
	expect_says(test, &dev_attr_errors_moving, "5\n");
	expect_says(test, &dev_attr_disruptions, "6\n");
	expect_says(test, &dev_attr_last_cause, "sync\n");
	expect_says(test, &dev_attr_last_step_ns, "-9223372036854775808\n");
}

static void status_feed(struct kunit *test)
{
	made.facts = (struct vmclock_feed_facts){
		.rejects = { 1, 2, 3, 4, 5, 6 },
		.rate_ppb = -50000, .residual_ns = 1234567890123ULL,
		.used = 17, .channel = 4, .leap = 3, .stratum = 255,
	};
	expect_says(test, &dev_attr_timesync_version, "4\n");
	expect_says(test, &dev_attr_leap, "3\n");
	expect_says(test, &dev_attr_stratum, "255\n");
	expect_says(test, &dev_attr_estimate_samples, "17\n");
	expect_says(test, &dev_attr_estimate_rate_ppb, "-50000\n");
	expect_says(test, &dev_attr_estimate_residual_ns, "1234567890123\n");
	/* In the order of enum vmclock_feed_reject. */
	expect_says(test, &dev_attr_rejects_malformed, "1\n");
	expect_says(test, &dev_attr_rejects_range, "2\n");
	expect_says(test, &dev_attr_rejects_page, "3\n");
	expect_says(test, &dev_attr_rejects_reference, "4\n");
	expect_says(test, &dev_attr_rejects_order, "5\n");
	expect_says(test, &dev_attr_rejects_late, "6\n");
}

/* A host that is asked has none of what is told by one that sends. */
static void status_feed_is_of_some_hosts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, feed_visible(NULL, feed_attrs[0], 0), 0444);
	made.host.fed = NULL;
	KUNIT_EXPECT_EQ(test, feed_visible(NULL, feed_attrs[0], 0), 0);
}

static void status_registers(struct kunit *test)
{
	struct device *dev = vmclock_status_register();

	KUNIT_ASSERT_EQ(test, PTR_ERR_OR_ZERO(dev), 0);
	KUNIT_EXPECT_STREQ(test, dev_name(dev), "vmclock");
	vmclock_status_disrupted(dev);
	vmclock_status_unregister(dev);
}

static struct kunit_case status_cases[] = {
	KUNIT_CASE(status_clock),
	KUNIT_CASE(status_counts),
	KUNIT_CASE(status_feed),
	KUNIT_CASE(status_feed_is_of_some_hosts),
	KUNIT_CASE(status_registers),
	{}
};

static struct kunit_suite status_suite = {
	.name = "vmclock_status",
	.init = status_test_init,
	.exit = status_test_exit,
	.test_cases = status_cases,
};

kunit_test_suite(status_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/status.c");
MODULE_LICENSE("GPL");
