// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TimeSync channel's ring: one message after the other, from a host that is not trusted.
 *
 * VMBus has vmbus_recvpacket() for this. Before Linux 5.14 that believes what the host says of
 * a message's length and offset, and copies from wherever they lead; and at no time does it
 * tell a ring that has been read from one that never will be.
 *
 * The ring is mapped twice in a row: what is no longer than it may be read from any place in
 * it.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/hyperv.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "timesync_ring.h"

/* Lengths and offsets are told in these. */
#define UNIT	sizeof(u64)

/* After each message the ring has a word of its own (drivers/hv/ring_buffer.c). */
#define TRAILER	sizeof(u64)

/* What the host says is there: no more than there can be. */
static u32 readable(const struct hv_ring_buffer_info *ring)
{
	return min(hv_get_bytes_to_read(ring), ring->ring_datasize);
}

/**
 * vmclock_ring_next() - take the next message from the ring
 * @channel: whose ring, from the host
 * @buf: for what it says
 * @buf_size: so much fits
 * @size: so long it is, in bytes; 0 also if it does not fit, or if it is not where the host
 *	says
 * @request: the host's name for it, for the answer
 *
 * Context: the channel's callback.
 *
 * Return: 0; -ENODATA if there is none; -EBADMSG if there is something that no message can be,
 * and so never will be taken.
 */
int vmclock_ring_next(struct vmbus_channel *channel, void *buf, u32 buf_size, u32 *size,
		      u64 *request)
{
	const struct vmpacket_descriptor *in_ring = hv_pkt_iter_first(channel);
	struct vmpacket_descriptor message;
	u32 length, offset, bytes;

	/* Where we are in it is ours to say, and the host may have written that. */
	if (!in_ring)
		hv_pkt_iter_close(channel);
	bytes = readable(&channel->inbound);
	if (!in_ring)
		return bytes && bytes < sizeof(message) ? -EBADMSG : -ENODATA;

	/* The host may write there at any time, up to Linux 5.13. */
	message.len8 = READ_ONCE(in_ring->len8);
	message.offset8 = READ_ONCE(in_ring->offset8);
	message.trans_id = READ_ONCE(in_ring->trans_id);
	length = message.len8 * UNIT;
	offset = message.offset8 * UNIT;
	if (length < sizeof(message) || length + TRAILER > bytes)
		return -EBADMSG;

	*request = message.trans_id;
	*size = 0;
	if (offset >= sizeof(message) && offset <= length && length - offset <= buf_size) {
		*size = length - offset;
		memcpy(buf, (const u8 *)in_ring + offset, *size);
	}
	hv_pkt_iter_next(channel, &message);
	/* At once, and not with the last: what can be read counts from there. */
	hv_pkt_iter_close(channel);
	return 0;
}
