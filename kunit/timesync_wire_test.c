// SPDX-License-Identifier: GPL-2.0-only
/*
 * TimeSync messages: bytes as a host sends them, and as none should.
 */
#include <linux/kernel.h>
#include <kunit/test.h>

#include "seed.h"

#include "../kmod/timesync_wire.c"

/*
 * Written down byte by byte, by the layout of struct vmbuspipe_hdr, icmsg_hdr and so on in
 * the kernel's linux/hyperv.h. The size of what follows the header is at byte 18, the
 * status at 20, the flags at 25.
 */
#define BYTE_TYPE		12
#define BYTE_SIZE		18
#define BYTE_STATUS	20
#define BYTE_FLAGS	25
#define BYTE_PAYLOAD	28

/* 2026-11-26 12:00:00 UTC is 1795694400 s after 1970 and 13440168000 s after 1601. */
#define UTC_S		1795694400LL

/* Frameworks 3 and 1, messages 4, 3 and 1. */
static const u8 offer[] = {
	0x01, 0x00, 0x00, 0x00, 0x30, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x09, 0x03, 0x00, 0x00, 0x02, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
};

/* 100 ns after that, at reference time 77, SYNC, leap indicator 2, stratum 3. */
static const u8 sample_v4[] = {
	0x01, 0x00, 0x00, 0x00, 0x2c, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,
	0x04, 0x00, 0x04, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x09, 0x03, 0x00, 0x00, 0x01, 0xa0, 0x9d, 0xa9, 0x9d, 0x7d, 0xdd, 0x01,
	0x4d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x00,
	0x00, 0x00, 0x00, 0x00,
};

/* Just then, no SYNC. */
static const u8 sample_v3[] = {
	0x01, 0x00, 0x00, 0x00, 0x2d, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,
	0x04, 0x00, 0x04, 0x00, 0x00, 0x00, 0x19, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x09, 0x03, 0x00, 0x00, 0x00, 0xa0, 0x9d, 0xa9, 0x9d, 0x7d, 0xdd, 0x01,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x02,
};

/* What the answer to the offer is from BYTE_SIZE on: framework 3, messages 4. */
static const u8 answer[] = {
	0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x05, 0x00, 0x00, 0x01, 0x00,
	0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x04, 0x00,
	0x00, 0x00,
};

static struct vmclock_timesync_message message;
static u8 buf[512];

static int parse(const u8 *bytes, size_t size, unsigned int version)
{
	memset(&message, 0xaa, sizeof(message));
	memset(buf, 0x55, sizeof(buf));
	memcpy(buf, bytes, size);
	return vmclock_timesync_parse(buf, size, version, &message);
}

static void wire_negotiate(struct kunit *test)
{
	size_t size;

	KUNIT_ASSERT_EQ(test, parse(offer, sizeof(offer), 0), 0);
	KUNIT_EXPECT_EQ(test, (int)message.kind, (int)VMCLOCK_TIMESYNC_NEGOTIATE);
	KUNIT_EXPECT_EQ(test, message.framework, 3U);
	KUNIT_EXPECT_EQ(test, message.version, 4U);

	size = vmclock_timesync_answer(buf, sizeof(offer), &message);
	KUNIT_EXPECT_EQ(test, size, sizeof(offer));
	KUNIT_EXPECT_EQ(test, memcmp(buf + BYTE_SIZE, answer, sizeof(answer)), 0);
}

struct offer_case {
	const char *name;
	u16 versions[6];	/* first the frameworks', then the messages' */
	u16 frameworks, messages;
	unsigned int framework, version;
};

static const struct offer_case offer_cases[] = {
	{ "4, 3 and 1", { 3, 1, 4, 3, 1 }, 2, 3, 3, 4 },
	{ "3 and 1", { 3, 1, 3, 1 }, 2, 2, 3, 3 },
	{ "1 only", { 1, 1 }, 1, 1, 1, 1 },
	{ "the best is last", { 1, 3, 1, 3, 4 }, 2, 3, 3, 4 },
	{ "newer ones, too", { 4, 3, 6, 5, 4 }, 2, 3, 3, 4 },
	{ "none of ours", { 3, 2, 5 }, 1, 2, 3, 0 },
	{ "no framework of ours", { 2, 4 }, 1, 1, 0, 4 },
	{ "no messages at all", { 3 }, 1, 0, 3, 0 },
	{ "nothing at all", { }, 0, 0, 0, 0 },
};

static void offer_case_name(const struct offer_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(offer, offer_cases, offer_case_name);

static void wire_negotiate_offers(struct kunit *test)
{
	const struct offer_case *c = test->param_value;
	unsigned int count = c->frameworks + c->messages, i;
	size_t size = BYTE_PAYLOAD + 8 + 4 * count;
	u8 bytes[BYTE_PAYLOAD + 8 + 4 * 6] = {};

	memcpy(bytes, offer, BYTE_PAYLOAD);
	bytes[BYTE_SIZE] = 8 + 4 * count;
	bytes[BYTE_PAYLOAD] = c->frameworks;
	bytes[BYTE_PAYLOAD + 2] = c->messages;
	for (i = 0; i < count; i++)
		bytes[BYTE_PAYLOAD + 8 + 4 * i] = c->versions[i];

	KUNIT_ASSERT_EQ(test, parse(bytes, size, 0), 0);
	KUNIT_EXPECT_EQ(test, message.framework, c->framework);
	KUNIT_EXPECT_EQ(test, message.version, c->version);

	KUNIT_EXPECT_EQ(test, vmclock_timesync_answer(buf, size, &message), size);
	KUNIT_EXPECT_EQ(test, buf[BYTE_PAYLOAD], c->framework && c->version);
	KUNIT_EXPECT_EQ(test, buf[BYTE_PAYLOAD + 2], c->framework && c->version);
	KUNIT_EXPECT_EQ(test, buf[size], 0x55);
}

static void wire_sample_v4(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, parse(sample_v4, sizeof(sample_v4), 4), 0);
	KUNIT_EXPECT_EQ(test, (int)message.kind, (int)VMCLOCK_TIMESYNC_SAMPLE);
	KUNIT_EXPECT_EQ(test, message.sample.utc_ns, UTC_S * 1000000000 + 100);
	KUNIT_EXPECT_EQ(test, message.sample.ref_ns, 7700ULL);
	KUNIT_EXPECT_TRUE(test, message.sample.has_ref);
	KUNIT_EXPECT_TRUE(test, message.sample.sync);
	KUNIT_EXPECT_EQ(test, message.sample.leap, 2);
	KUNIT_EXPECT_EQ(test, message.sample.stratum, 3);

	KUNIT_EXPECT_EQ(test, vmclock_timesync_answer(buf, sizeof(sample_v4), &message),
			sizeof(sample_v4));
	KUNIT_EXPECT_EQ(test, buf[BYTE_FLAGS], 5);
	KUNIT_EXPECT_EQ(test, buf[BYTE_STATUS], 0);
}

static void wire_sample_v3(struct kunit *test)
{
	unsigned int version;

	for (version = 1; version <= 3; version += 2) {
		KUNIT_ASSERT_EQ(test, parse(sample_v3, sizeof(sample_v3), version), 0);
		KUNIT_EXPECT_EQ(test, message.sample.utc_ns, UTC_S * 1000000000);
		KUNIT_EXPECT_FALSE(test, message.sample.has_ref);
		KUNIT_EXPECT_FALSE(test, message.sample.sync);
	}
}

/* However much of a message comes, nothing is read beyond it. */
static void wire_truncated(struct kunit *test)
{
	static const struct {
		const u8 *bytes;
		size_t size, needed;
		unsigned int version;
	} whole[] = {
		{ offer, sizeof(offer), sizeof(offer), 0 },
		{ sample_v4, sizeof(sample_v4), sizeof(sample_v4), 4 },
		{ sample_v3, sizeof(sample_v3), sizeof(sample_v3), 3 },
	};
	size_t i, size;

	for (i = 0; i < ARRAY_SIZE(whole); i++)
		for (size = 0; size < whole[i].needed; size++)
			KUNIT_EXPECT_EQ_MSG(test, parse(whole[i].bytes, size, whole[i].version),
					    -EMSGSIZE, "%zu bytes of %zu", size, whole[i].size);
}

/* All of it came, but the header says that it is shorter: what follows is not read. */
static void wire_claims_to_be_shorter(struct kunit *test)
{
	u8 bytes[sizeof(sample_v4)];

	memcpy(bytes, sample_v4, sizeof(bytes));
	for (bytes[BYTE_SIZE] = 0; bytes[BYTE_SIZE] < 19; bytes[BYTE_SIZE]++)
		KUNIT_EXPECT_EQ(test, parse(bytes, sizeof(bytes), 4), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, parse(bytes, sizeof(bytes), 4), 0);
}

static void wire_claims_to_be_longer(struct kunit *test)
{
	u8 bytes[sizeof(sample_v4)];

	memcpy(bytes, sample_v4, sizeof(bytes));
	bytes[BYTE_SIZE]++;
	KUNIT_EXPECT_EQ(test, parse(bytes, sizeof(bytes), 4), -EMSGSIZE);
	bytes[BYTE_SIZE + 1] = 0xff;
	KUNIT_EXPECT_EQ(test, parse(bytes, sizeof(bytes), 4), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, vmclock_timesync_answer(buf, sizeof(bytes), NULL), sizeof(bytes));
	KUNIT_EXPECT_EQ(test, buf[BYTE_STATUS], 0x05);
	KUNIT_EXPECT_EQ(test, buf[BYTE_STATUS + 3], 0x80);
}

static void wire_absurd_offers(struct kunit *test)
{
	u8 bytes[sizeof(offer)];

	memcpy(bytes, offer, sizeof(bytes));
	bytes[BYTE_PAYLOAD + 1] = 0xff;
	KUNIT_EXPECT_EQ(test, parse(bytes, sizeof(bytes), 0), -EBADMSG);
	memcpy(bytes, offer, sizeof(bytes));
	bytes[BYTE_PAYLOAD + 2] = 60;
	KUNIT_EXPECT_EQ(test, parse(bytes, sizeof(bytes), 0), -EMSGSIZE);
}

static void wire_before_negotiation(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, parse(sample_v4, sizeof(sample_v4), 0), -EBADMSG);
}

static void wire_responses_are_not_answered(struct kunit *test)
{
	u8 bytes[sizeof(sample_v4)];

	memcpy(bytes, sample_v4, sizeof(bytes));
	bytes[BYTE_FLAGS] |= 4;
	KUNIT_EXPECT_EQ(test, parse(bytes, sizeof(bytes), 4), -EBADMSG);
	KUNIT_EXPECT_EQ(test, vmclock_timesync_answer(buf, sizeof(bytes), NULL), 0U);
	KUNIT_EXPECT_EQ(test, vmclock_timesync_answer(buf, BYTE_PAYLOAD - 1, NULL), 0U);
}

static void wire_unknown_types(struct kunit *test)
{
	u8 bytes[sizeof(sample_v4)];
	unsigned int type;

	memcpy(bytes, sample_v4, sizeof(bytes));
	for (type = 1; type < 256; type++) {
		if (type == 4)
			continue;
		bytes[BYTE_TYPE] = type;
		KUNIT_EXPECT_EQ(test, parse(bytes, sizeof(bytes), 4), 0);
		KUNIT_EXPECT_EQ(test, (int)message.kind, (int)VMCLOCK_TIMESYNC_OTHER);
	}
	KUNIT_EXPECT_EQ(test, vmclock_timesync_answer(buf, sizeof(bytes), &message),
			sizeof(bytes));
	KUNIT_EXPECT_EQ(test, buf[BYTE_STATUS + 3], 0x80);
}

/* Windows' count of 100 ns at the ends of what an s64 of ns holds, and of its own. */
static void wire_times(struct kunit *test)
{
	static const struct {
		u64 units;
		int ret;
		s64 ns;
	} times[] = {
		{ 116444736000000000ULL, 0, 0 },				/* 1970 */
		{ 116444736000000000ULL - 1, 0, -100 },
		{ 0, -ERANGE, 0 },						/* 1601 */
		{ 137919572480000000ULL, 0, 2147483648LL * 1000000000 },	/* 2038 */
		{ 116444736000000000ULL + 92233720368547758ULL, 0, 9223372036854775800LL },
		{ 116444736000000000ULL + 92233720368547759ULL, -ERANGE, 0 },	/* 2262 */
		{ S64_MAX, -ERANGE, 0 },
		{ 1ULL << 63, -ERANGE, 0 },
		{ U64_MAX, -ERANGE, 0 },
	};
	u8 bytes[sizeof(sample_v4)];
	size_t i;

	memcpy(bytes, sample_v4, sizeof(bytes));
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		memcpy(bytes + BYTE_PAYLOAD, &times[i].units, 8);
		KUNIT_EXPECT_EQ_MSG(test, parse(bytes, sizeof(bytes), 4), times[i].ret,
				    "%llu", times[i].units);
		if (!times[i].ret)
			KUNIT_EXPECT_EQ(test, message.sample.utc_ns, times[i].ns);
	}
	memcpy(bytes, sample_v4, sizeof(bytes));
	memset(bytes + BYTE_PAYLOAD + 8, 0xff, 8);
	KUNIT_EXPECT_EQ(test, parse(bytes, sizeof(bytes), 4), 0);
	KUNIT_EXPECT_EQ(test, message.sample.ref_ns, U64_MAX);
}

/* Bytes of any kind: an answer is never longer, and nothing beyond it is written. */
static void wire_random(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	u8 bytes[128];
	size_t size, i;
	int round, ret;

	for (round = 0; round < 20000; round++) {
		size = random_below(&random, sizeof(bytes) + 1);
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = random_u64(&random);
		if (round & 1) {
			bytes[BYTE_TYPE] = random_u64(&random) & 4;
			bytes[BYTE_TYPE + 1] = 0;
			bytes[BYTE_SIZE + 1] = 0;
			bytes[BYTE_FLAGS] = 3;
			bytes[BYTE_PAYLOAD + 1] = 0;
			bytes[BYTE_PAYLOAD + 3] = 0;
		}
		ret = parse(bytes, size, random_below(&random, 5));
		i = vmclock_timesync_answer(buf, size, ret ? NULL : &message);
		KUNIT_ASSERT_TRUE(test, !i || i == size);
		KUNIT_ASSERT_EQ(test, buf[size], 0x55);
	}
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(wire_negotiate),
	KUNIT_CASE_PARAM(wire_negotiate_offers, offer_gen_params),
	KUNIT_CASE(wire_sample_v4),
	KUNIT_CASE(wire_sample_v3),
	KUNIT_CASE(wire_truncated),
	KUNIT_CASE(wire_claims_to_be_shorter),
	KUNIT_CASE(wire_claims_to_be_longer),
	KUNIT_CASE(wire_absurd_offers),
	KUNIT_CASE(wire_before_negotiation),
	KUNIT_CASE(wire_responses_are_not_answered),
	KUNIT_CASE(wire_unknown_types),
	KUNIT_CASE(wire_times),
	KUNIT_CASE(wire_random),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "vmclock_timesync_wire",
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/timesync_wire.c");
MODULE_LICENSE("GPL");
