// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PTP clock as the PTP core calls it, over a made clock, and as the core of the
 * kernel that this runs in takes it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kobject.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <kunit/test.h>

static int made_uevent(struct kobject *kobj, enum kobject_action action, char *env[]);

#define kobject_uevent_env(kobj, action, env)	made_uevent(kobj, action, env)
#include "../kmod/phc.c"

#define HOST_NS		(1700000000 * NSEC_PER_SEC + 123)

static struct {
	int read_error, crosststamp_error;
	int reads, crosststamps;
	u64 max_age_ns, max_width_ns;
	struct kobject *uevent_of;
	char uevent[4][40];
} made;

static int made_uevent(struct kobject *kobj, enum kobject_action action, char *env[])
{
	size_t i;

	made.uevent_of = action == KOBJ_CHANGE ? kobj : NULL;
	for (i = 0; env[i] && i < ARRAY_SIZE(made.uevent); i++)
		strscpy(made.uevent[i], env[i], sizeof(made.uevent[i]));
	return 0;
}

int vmclock_clock_read(u64 max_age_ns, s64 *host_ns)
{
	made.reads++;
	made.max_age_ns = max_age_ns;
	if (!made.read_error)
		*host_ns = HOST_NS;
	return made.read_error;
}

int vmclock_crosststamp(clockid_t clockid, u64 max_width_ns,
			struct vmclock_crosststamp *both)
{
	made.crosststamps++;
	made.max_width_ns = max_width_ns;
	if (made.crosststamp_error)
		return made.crosststamp_error;
	*both = (struct vmclock_crosststamp){ .host_ns = HOST_NS };
	return compat_get_snapshot(clockid, &both->system) ? 0 : -EOPNOTSUPP;
}

static int phc_test_init(struct kunit *test)
{
	memset(&made, 0, sizeof(made));
	asked_ns = 0;
	asked_again_ns = 0;
	sample_max_age_us = SAMPLE_MAX_AGE_US_DEFAULT;
	crosststamp_max_width_ns = MAX_WIDTH_NS_DEFAULT;
	return 0;
}

static struct ptp_system_timestamp realtime_sts(void)
{
	struct ptp_system_timestamp sts = {};

#if COMPAT_STS_CLOCKID
	sts.clockid = CLOCK_REALTIME;
#endif
	return sts;
}

static s64 since_before_ns(const struct ptp_system_timestamp *sts)
{
#if COMPAT_STS_SNAPSHOTS
	return sts->post_sts.systime - sts->pre_sts.systime;
#else
	return timespec64_to_ns(&sts->post_ts) - timespec64_to_ns(&sts->pre_ts);
#endif
}

static void phc_plain_reading(struct kunit *test)
{
	struct timespec64 ts;

	KUNIT_ASSERT_EQ(test, phc_gettimex64(&phc_info, &ts, NULL), 0);
	KUNIT_EXPECT_EQ(test, timespec64_to_ns(&ts), HOST_NS);
	KUNIT_EXPECT_EQ(test, made.crosststamps, 0);
	/* 1000 us, the default. */
	KUNIT_EXPECT_EQ(test, made.max_age_ns, 1000000ULL);
	sample_max_age_us = 0;
	KUNIT_ASSERT_EQ(test, phc_gettimex64(&phc_info, &ts, NULL), 0);
	KUNIT_EXPECT_EQ(test, made.max_age_ns, 0ULL);
	sample_max_age_us = 60000000;
	KUNIT_ASSERT_EQ(test, phc_gettimex64(&phc_info, &ts, NULL), 0);
	KUNIT_EXPECT_EQ(test, made.max_age_ns, 60000000000ULL);
	/* Nobody disciplines a clock by it. */
	KUNIT_EXPECT_EQ(test, asked_ns, 0ULL);
}

/* Before and after are one instant, and nothing else is read. */
static void phc_extended_is_the_exact_pair(struct kunit *test)
{
	struct ptp_system_timestamp sts = realtime_sts();
	struct timespec64 ts;

	KUNIT_ASSERT_EQ(test, phc_gettimex64(&phc_info, &ts, &sts), 0);
	KUNIT_EXPECT_EQ(test, timespec64_to_ns(&ts), HOST_NS);
	KUNIT_EXPECT_EQ(test, since_before_ns(&sts), 0LL);
	KUNIT_EXPECT_EQ(test, made.max_width_ns, (u64)VMCLOCK_EXACT);
	KUNIT_EXPECT_GT(test, asked_ns, 0ULL);
	KUNIT_EXPECT_EQ(test, made.reads, 0);
}

/* Where there is none: a bracket round a reading that makes no exit. */
static void phc_extended_brackets_else(struct kunit *test)
{
	struct ptp_system_timestamp sts = realtime_sts();
	struct timespec64 ts;

	made.crosststamp_error = -EOPNOTSUPP;
	sample_max_age_us = 0;
	KUNIT_ASSERT_EQ(test, phc_gettimex64(&phc_info, &ts, &sts), 0);
	KUNIT_EXPECT_EQ(test, timespec64_to_ns(&ts), HOST_NS);
	KUNIT_EXPECT_GT(test, since_before_ns(&sts), 0LL);
	KUNIT_EXPECT_EQ(test, made.reads, 1);
	KUNIT_EXPECT_EQ(test, made.max_age_ns, 1000000ULL);
}

/* A tool asks once, or some times in the same breath; a servo again and again. */
static void phc_asked_by_a_servo(struct kunit *test)
{
	u64 now_ns = ktime_get_boottime_ns();

	asked();
	asked();
	KUNIT_EXPECT_EQ(test, vmclock_phc_last_asked(), 0ULL);
	asked_ns = now_ns - ASKED_AGAIN_MAX_NS - NSEC_PER_SEC;
	asked();
	KUNIT_EXPECT_EQ(test, vmclock_phc_last_asked(), 0ULL);
	asked_ns = now_ns - NSEC_PER_SEC;
	asked();
	KUNIT_EXPECT_GE(test, vmclock_phc_last_asked(), now_ns);
}

static void phc_precise(struct kunit *test)
{
	struct system_device_crosststamp xtstamp = {};

#if COMPAT_XTSTAMP_CLOCK_ID
	xtstamp.clock_id = CLOCK_REALTIME;
#endif
	KUNIT_ASSERT_EQ(test, phc_getcrosststamp(&phc_info, &xtstamp), 0);
	KUNIT_EXPECT_EQ(test, ktime_to_ns(xtstamp.device), HOST_NS);
	KUNIT_EXPECT_GT(test, ktime_to_ns(xtstamp.sys_monoraw), 0LL);
	KUNIT_EXPECT_LE(test, ktime_to_ns(xtstamp.sys_monoraw), (s64)ktime_get_raw_ns());
	KUNIT_EXPECT_EQ(test, made.max_width_ns, 1000000ULL);
	KUNIT_EXPECT_GT(test, asked_ns, 0ULL);
	crosststamp_max_width_ns = 5;
	KUNIT_ASSERT_EQ(test, phc_getcrosststamp(&phc_info, &xtstamp), 0);
	KUNIT_EXPECT_EQ(test, made.max_width_ns, 5ULL);
}

/* A clock that is not to be believed is not by any of its ways. */
static void phc_tells_errors(struct kunit *test)
{
	struct ptp_system_timestamp sts = realtime_sts();
	struct system_device_crosststamp xtstamp = {};
	struct timespec64 ts = { 42, 43 };

	made.read_error = -ETIMEDOUT;
	made.crosststamp_error = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, phc_gettimex64(&phc_info, &ts, NULL), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, phc_gettimex64(&phc_info, &ts, &sts), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, phc_getcrosststamp(&phc_info, &xtstamp), -ETIMEDOUT);
	made.crosststamp_error = -EOPNOTSUPP;
	KUNIT_EXPECT_EQ(test, phc_gettimex64(&phc_info, &ts, &sts), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, phc_getcrosststamp(&phc_info, &xtstamp), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, (s64)ts.tv_sec, 42LL);
}

static void phc_is_read_only(struct kunit *test)
{
	struct timespec64 ts = { 1, 2 };

	KUNIT_EXPECT_EQ(test, phc_info.settime64(&phc_info, &ts), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, phc_info.adjtime(&phc_info, 1), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, phc_info.adjfine(&phc_info, 1), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, phc_info.enable(&phc_info, NULL, 1), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, phc_info.max_adj, 0);
	/* What users' rules match, exactly. */
	KUNIT_EXPECT_STREQ(test, phc_info.name, "vmclock");
}

static void phc_parameter_bounds(struct kunit *test)
{
	static const struct {
		const char *text;
		int want;
		unsigned int us;
	} cases[] = {
		{ "0", 0, 0 }, { "60000000", 0, 60000000 }, { "0x10", 0, 16 },
		/* What it was before. */
		{ "60000001", -EINVAL, 77 }, { "-1", -EINVAL, 77 }, { "", -EINVAL, 77 },
		{ "4294967296", -EINVAL, 77 }, { "default", -EINVAL, 77 },
	};
	const struct kernel_param kp = {
		.name = "sample_max_age_us", .arg = &sample_max_age_us,
	};
	const struct kernel_param width_kp = {
		.name = "crosststamp_max_width_ns", .arg = &crosststamp_max_width_ns,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		sample_max_age_us = 77;
		KUNIT_EXPECT_EQ_MSG(test, sample_max_age_us_set(cases[i].text, &kp),
				    cases[i].want, "%s", cases[i].text);
		KUNIT_EXPECT_EQ_MSG(test, sample_max_age_us, cases[i].us, "%s",
				    cases[i].text);
	}
	KUNIT_EXPECT_EQ(test, max_width_ns_set("1000000000", &width_kp), 0);
	KUNIT_EXPECT_EQ(test, max_width_ns_set("1000000001", &width_kp), -EINVAL);
	KUNIT_EXPECT_EQ(test, crosststamp_max_width_ns, 1000000000U);
}

static void phc_announces(struct kunit *test)
{
	const struct vmclock_disruptions all = {
		.count = U64_MAX, .step_ns = S64_MIN, .cause = "page",
	};
	struct device device = {};

	vmclock_phc_announce(&all);
	KUNIT_EXPECT_PTR_EQ(test, made.uevent_of, NULL);

	phc_device = &device;
	vmclock_phc_announce(&all);
	phc_device = NULL;
	KUNIT_EXPECT_PTR_EQ(test, made.uevent_of, &device.kobj);
	KUNIT_EXPECT_STREQ(test, made.uevent[0], "VMCLOCK_DISRUPTION=18446744073709551615");
	KUNIT_EXPECT_STREQ(test, made.uevent[1], "VMCLOCK_STEP_NS=-9223372036854775808");
	KUNIT_EXPECT_STREQ(test, made.uevent[2], "VMCLOCK_CAUSE=page");
}

static void phc_registers(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, vmclock_phc_register(NULL), 0);
	KUNIT_EXPECT_GE(test, ptp_clock_index(phc), 0);
	/* On a sample of its own: who finds the clock may read it at once. */
	KUNIT_EXPECT_EQ(test, made.max_age_ns, 0ULL);
	vmclock_phc_unregister();

	made.read_error = -EIO;
	KUNIT_EXPECT_EQ(test, vmclock_phc_register(NULL), -EIO);
}

static struct kunit_case phc_cases[] = {
	KUNIT_CASE(phc_plain_reading),
	KUNIT_CASE(phc_extended_is_the_exact_pair),
	KUNIT_CASE(phc_extended_brackets_else),
	KUNIT_CASE(phc_asked_by_a_servo),
	KUNIT_CASE(phc_precise),
	KUNIT_CASE(phc_tells_errors),
	KUNIT_CASE(phc_is_read_only),
	KUNIT_CASE(phc_parameter_bounds),
	KUNIT_CASE(phc_announces),
	KUNIT_CASE(phc_registers),
	{}
};

static struct kunit_suite phc_suite = {
	.name = "vmclock_phc",
	.init = phc_test_init,
	.test_cases = phc_cases,
};

kunit_test_suite(phc_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/phc.c");
MODULE_LICENSE("GPL");
