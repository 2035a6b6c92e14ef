// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which host's clock it is, of made hosts that are there, refuse, or fail.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/string.h>
#include <asm/processor.h>
#include <kunit/test.h>

#include "../kmod/compat/compat_guest.h"

static bool made_encrypted;
static const char *made_name;

static void made_cpuid(u32 leaf, u32 *max, u32 *b, u32 *c, u32 *d)
{
	*max = leaf;
	memcpy(b, made_name, sizeof(*b));
	memcpy(c, made_name + 4, sizeof(*c));
	memcpy(d, made_name + 8, sizeof(*d));
}

#define compat_guest_encrypted()	made_encrypted
#define cpuid				made_cpuid
#include "../kmod/hosts.c"

static struct {
	bool kvm, hyperv;
	int kvm_error, hyperv_error;
	int starts;
} made;

static bool kvm_detect(void)
{
	return made.kvm;
}

static int kvm_start(void)
{
	made.starts++;
	return made.kvm_error;
}

static bool hyperv_detect(void)
{
	return made.hyperv;
}

static int hyperv_start(void)
{
	made.starts++;
	return made.hyperv_error;
}

const struct vmclock_host vmclock_host_kvm = {
	.name = "kvm", .detect = kvm_detect, .start = kvm_start,
};

const struct vmclock_host vmclock_host_hyperv = {
	.name = "hyperv", .detect = hyperv_detect, .start = hyperv_start,
};

static int hosts_test_init(struct kunit *test)
{
	memset(&made, 0, sizeof(made));
	made_encrypted = false;
	made_name = "KVMKVMKVM\0\0\0";
	allow_confidential = false;
	return 0;
}

static const struct hosts_case {
	const char *name;
	bool kvm, hyperv;
	int kvm_error, hyperv_error;
	bool encrypted, allowed;
	const struct vmclock_host *want;
	int want_error, want_starts;
} hosts_cases[] = {
	{ "nobody", .want_error = -ENODEV },
	{ "KVM", .kvm = true, .want = &vmclock_host_kvm, .want_starts = 1 },
	{ "Hyper-V", .hyperv = true, .want = &vmclock_host_hyperv, .want_starts = 1 },
	{ "both signatures", .kvm = true, .hyperv = true, .want = &vmclock_host_kvm,
	  .want_starts = 1 },
	{ "KVM in disguise, without its page", .kvm = true, .hyperv = true,
	  .kvm_error = -ENODEV, .want = &vmclock_host_hyperv, .want_starts = 2 },
	{ "both refuse", .kvm = true, .hyperv = true, .kvm_error = -ENODEV,
	  .hyperv_error = -ENODEV, .want_error = -ENODEV, .want_starts = 2 },
	/* No reason to try another. */
	{ "no memory", .kvm = true, .hyperv = true, .kvm_error = -ENOMEM,
	  .want_error = -ENOMEM, .want_starts = 1 },
	{ "confidential", .kvm = true, .encrypted = true, .want_error = -ENODEV },
	{ "confidential, and allowed", .kvm = true, .encrypted = true, .allowed = true,
	  .want = &vmclock_host_kvm, .want_starts = 1 },
};

static void hosts_case_name(const struct hosts_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(hosts, hosts_cases, hosts_case_name);

static void hosts_start(struct kunit *test)
{
	const struct hosts_case *c = test->param_value;
	const struct vmclock_host *host;

	made.kvm = c->kvm;
	made.hyperv = c->hyperv;
	made.kvm_error = c->kvm_error;
	made.hyperv_error = c->hyperv_error;
	made_encrypted = c->encrypted;
	allow_confidential = c->allowed;
	host = vmclock_hosts_start();
	if (c->want)
		KUNIT_EXPECT_PTR_EQ(test, host, c->want);
	else
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(host), c->want_error);
	KUNIT_EXPECT_EQ(test, made.starts, c->want_starts);
}

static void hosts_names(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, is_called_hyperv());
	made_name = "Microsoft Hv";
	KUNIT_EXPECT_TRUE(test, is_called_hyperv());
	KUNIT_EXPECT_TRUE(test, IS_ERR(vmclock_hosts_start()));
}

static struct kunit_case hosts_test_cases[] = {
	KUNIT_CASE_PARAM(hosts_start, hosts_gen_params),
	KUNIT_CASE(hosts_names),
	{}
};

static struct kunit_suite hosts_suite = {
	.name = "vmclock_hosts",
	.init = hosts_test_init,
	.test_cases = hosts_test_cases,
};

kunit_test_suite(hosts_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/hosts.c");
MODULE_LICENSE("GPL");
