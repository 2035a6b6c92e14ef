// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TimeSync channel's ring: messages as a host should send them, and lengths, offsets and
 * ends of the ring as none should. What is read beyond the ring is a fault, for no memory
 * follows it.
 */
#include <linux/errno.h>
#include <linux/hyperv.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <kunit/test.h>

#include "seed.h"

#define RING	4096U
#define BUF	512U
#define MAGIC	0xab

/* VMBus's part, as Linux 5.10 has it: it trusts the host. */
static u32 made_available(const struct hv_ring_buffer_info *ring)
{
	u32 write = READ_ONCE(ring->ring_buffer->write_index);

	return write >= ring->priv_read_index ? write - ring->priv_read_index :
						ring->ring_datasize - ring->priv_read_index + write;
}

static u8 *ring_memory;

static struct vmpacket_descriptor *made_first(struct vmbus_channel *channel)
{
	if (made_available(&channel->inbound) < sizeof(struct vmpacket_descriptor))
		return NULL;
	return (void *)(ring_memory + channel->inbound.priv_read_index);
}

static struct vmpacket_descriptor *made_next(struct vmbus_channel *channel,
					     const struct vmpacket_descriptor *message)
{
	u32 at = channel->inbound.priv_read_index + message->len8 * 8 + 8;

	channel->inbound.priv_read_index = at % RING;
	return made_first(channel);
}

static void made_close(struct vmbus_channel *channel)
{
	channel->inbound.ring_buffer->read_index = channel->inbound.priv_read_index;
}

#define hv_pkt_iter_first	made_first
#define hv_pkt_iter_next	made_next
#define hv_pkt_iter_close	made_close
#include "../kmod/timesync_ring.c"

static struct vmbus_channel *channel;
static u8 buf[BUF];

static int next(u32 *size, u64 *request)
{
	memset(buf, 0, sizeof(buf));
	*size = U32_MAX;
	return vmclock_ring_next(channel, buf, BUF, size, request);
}

/* Into both of the mappings. */
static void put(u32 at, const void *data, u32 size)
{
	u32 i;

	for (i = 0; i < size; i++) {
		ring_memory[(at + i) % RING] = ((const u8 *)data)[i];
		ring_memory[(at + i) % RING + RING] = ((const u8 *)data)[i];
	}
}

/* A message as hosts send them, with @size bytes of @fill. */
static void send(u32 size, u8 fill, u64 request)
{
	u32 at = channel->inbound.ring_buffer->write_index, i;
	struct vmpacket_descriptor message = {
		.type = VM_PKT_DATA_INBAND,
		.offset8 = sizeof(message) / 8,
		.len8 = (sizeof(message) + round_up(size, 8)) / 8,
		.trans_id = request,
	};

	put(at, &message, sizeof(message));
	for (i = 0; i < round_up(size, 8); i++)
		put(at + sizeof(message) + i, &fill, 1);
	channel->inbound.ring_buffer->write_index = (at + message.len8 * 8 + 8) % RING;
}

/* What begins where the next is read, and the end of it all, as the host says. */
static void claim(u16 len8, u16 offset8, u32 write_index)
{
	struct vmpacket_descriptor message = {
		.type = VM_PKT_DATA_INBAND, .offset8 = offset8, .len8 = len8, .trans_id = 7,
	};

	put(channel->inbound.priv_read_index, &message, sizeof(message));
	channel->inbound.ring_buffer->write_index = write_index;
}

static void begin(u32 at)
{
	channel->inbound.priv_read_index = at;
	channel->inbound.ring_buffer->read_index = at;
	channel->inbound.ring_buffer->write_index = at;
}

static int ring_test_init(struct kunit *test)
{
	channel = kunit_kzalloc(test, sizeof(*channel), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, channel);
	channel->inbound.ring_buffer =
		kunit_kzalloc(test, sizeof(struct hv_ring_buffer), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, channel->inbound.ring_buffer);
	channel->inbound.ring_datasize = RING;
	ring_memory = vzalloc(2 * RING);
	KUNIT_ASSERT_NOT_NULL(test, ring_memory);
	return 0;
}

static void ring_test_exit(struct kunit *test)
{
	vfree(ring_memory);
}

/* Round and round, past the end of the ring as well. */
static void ring_messages_in_order(struct kunit *test)
{
	u64 request;
	u32 size, i;

	KUNIT_EXPECT_EQ(test, next(&size, &request), -ENODATA);
	for (i = 1; i < 200; i++) {
		send(i, i, 1000 + i);
		send(BUF, MAGIC, i);
		KUNIT_ASSERT_EQ(test, next(&size, &request), 0);
		KUNIT_ASSERT_EQ(test, size, round_up(i, 8));
		KUNIT_ASSERT_EQ(test, request, 1000ULL + i);
		KUNIT_ASSERT_EQ(test, buf[0], (u8)i);
		KUNIT_ASSERT_EQ(test, buf[size - 1], (u8)i);
		KUNIT_ASSERT_EQ(test, next(&size, &request), 0);
		KUNIT_ASSERT_EQ(test, size, BUF);
		KUNIT_ASSERT_EQ(test, buf[BUF - 1], (u8)MAGIC);
		KUNIT_ASSERT_EQ(test, next(&size, &request), -ENODATA);
	}
}

/* One that does not fit, or lies outside of itself, is taken all the same, and says nothing. */
static void ring_message_passed_over(struct kunit *test)
{
	u64 request;
	u32 size;

	send(BUF + 8, MAGIC, 1);
	KUNIT_EXPECT_EQ(test, next(&size, &request), 0);
	KUNIT_EXPECT_EQ(test, size, 0U);
	claim(10, 11, channel->inbound.priv_read_index + 88);
	KUNIT_EXPECT_EQ(test, next(&size, &request), 0);
	KUNIT_EXPECT_EQ(test, size, 0U);
	claim(10, 1, channel->inbound.priv_read_index + 88);
	KUNIT_EXPECT_EQ(test, next(&size, &request), 0);
	KUNIT_EXPECT_EQ(test, size, 0U);
	claim(10, 10, channel->inbound.priv_read_index + 88);
	KUNIT_EXPECT_EQ(test, next(&size, &request), 0);
	KUNIT_EXPECT_EQ(test, size, 0U);

	send(8, MAGIC, 2);
	KUNIT_EXPECT_EQ(test, next(&size, &request), 0);
	KUNIT_EXPECT_EQ(test, request, 2ULL);
	KUNIT_EXPECT_EQ(test, buf[7], (u8)MAGIC);
}

static void ring_never_to_be_read(struct kunit *test)
{
	static const struct { u16 len8, offset8; u32 write_index; } claims[] = {
		{ 2, 2, 8 },		/* less than a message begins with */
		{ 0, 0, 64 }, { 1, 1, 64 },
		{ 8, 2, 64 },		/* without its trailer */
		{ 65535, 65100, 64 }, { 65535, 65100, RING - 8 }, { 65535, 2, U32_MAX },
		{ RING / 8, RING / 8 - 1, U32_MAX }, { 65535, 65534, 65535 * 8 + 8 },
	};
	u64 request;
	u32 size;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(claims); i++) {
		begin(i % 2 ? RING - 8 : 0);
		claim(claims[i].len8, claims[i].offset8,
		      i % 2 && claims[i].write_index < RING ? claims[i].write_index - 8 :
							      claims[i].write_index);
		KUNIT_EXPECT_EQ_MSG(test, next(&size, &request), -EBADMSG, "claim %zu", i);
		/* Nor when it is asked for again. */
		KUNIT_EXPECT_EQ_MSG(test, next(&size, &request), -EBADMSG, "claim %zu", i);
	}
}

/* The host says that we are elsewhere in it: VMBus would call us for that again and again. */
static void ring_read_index_of_the_host(struct kunit *test)
{
	u64 request;
	u32 size;

	begin(64);
	channel->inbound.ring_buffer->read_index = 8;
	KUNIT_EXPECT_EQ(test, next(&size, &request), -ENODATA);
	KUNIT_EXPECT_EQ(test, hv_get_bytes_to_read(&channel->inbound), 0U);
	send(8, MAGIC, 2);
	KUNIT_EXPECT_EQ(test, next(&size, &request), 0);
	KUNIT_EXPECT_EQ(test, request, 2ULL);
}

/* As long as the ring, from its last place: the end of what may be read. */
static void ring_full(struct kunit *test)
{
	static u8 whole[RING];
	u64 request;
	u32 size;

	begin(RING - 8);
	claim(RING / 8 - 2, 2, RING - 16);
	KUNIT_EXPECT_EQ(test, vmclock_ring_next(channel, whole, RING, &size, &request), 0);
	KUNIT_EXPECT_EQ(test, size, RING - 32);
}

static void ring_anything(struct kunit *test)
{
	struct rnd_state random = random_begin(test);
	u64 request;
	u32 size;
	int i, ret;

	for (i = 0; i < 100000; i++) {
		begin(8 * random_below(&random, RING / 8));
		claim(random_length(&random), random_length(&random), random_length(&random));
		ret = next(&size, &request);
		if (ret)
			KUNIT_ASSERT_TRUE(test, ret == -ENODATA || ret == -EBADMSG);
		else
			KUNIT_ASSERT_LE(test, size, BUF);
	}
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(ring_messages_in_order),
	KUNIT_CASE(ring_message_passed_over),
	KUNIT_CASE(ring_never_to_be_read),
	KUNIT_CASE(ring_read_index_of_the_host),
	KUNIT_CASE(ring_full),
	KUNIT_CASE(ring_anything),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "vmclock_timesync_ring",
	.init = ring_test_init,
	.exit = ring_test_exit,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/timesync_ring.c");
MODULE_LICENSE("GPL");
