// SPDX-License-Identifier: GPL-2.0-only
/*
 * What TimeSync messages look like on the wire, and nothing of how they travel.
 *
 * Layout as in the kernel's linux/hyperv.h (struct icmsg_hdr, icmsg_negotiate,
 * ictimesync_data, ictimesync_ref_data): a pipe header, the header that all integration
 * services have in common, then what the message is about. Everything is little-endian.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#include "timesync_wire.h"

struct wire_version {
	__le16 major;
	__le16 minor;
} __packed;

struct wire_header {
	/* Pipe header. */
	__le32 pipe_flags;
	__le32 pipe_size;
	/* Integration component's header. */
	struct wire_version framework;
	__le16 type;
	struct wire_version version;
	__le16 size;		/* of what follows the header */
	__le32 status;
	u8 transaction;
	u8 flags;
	u8 reserved[2];
} __packed;

static_assert(sizeof(struct wire_header) == 28);

#define TYPE_NEGOTIATE		0
#define TYPE_TIMESYNC		4

#define FLAG_TRANSACTION	1
#define FLAG_RESPONSE		4

#define STATUS_OK		0
#define STATUS_FAIL		0x80004005	/* HRESULT E_FAIL */

/* Framework versions come first, then message versions. */
struct wire_negotiate {
	struct wire_header header;
	__le16 frameworks;
	__le16 messages;
	__le32 reserved;
	struct wire_version versions[];
} __packed;

static_assert(sizeof(struct wire_negotiate) == 36);

/* Version 4. */
struct wire_sample {
	struct wire_header header;
	__le64 utc;
	__le64 ref;
	u8 flags;
	u8 leap;
	u8 stratum;
} __packed;

/* Versions 1 and 3. */
struct wire_sample_old {
	struct wire_header header;
	__le64 utc;
	__le64 child;
	__le64 round_trip;
	u8 flags;
} __packed;

#define SAMPLE_SYNC		1

/* Windows counts 100 ns since 1601, which is 11,644,473,600 s before 1970. */
#define UNIT_NS			100
#define UNITS_1601_TO_1970	116444736000000000LL

/* Hosts offer three or four of each kind; who offers more than this offers nonsense. */
#define VERSIONS_MAX		64

/* What we speak, the best first. */
static const u16 frameworks_spoken[] = { 3, 1 };
static const u16 versions_spoken[] = { 4, 3, 1 };

static unsigned int best(const struct wire_version *offered, unsigned int count,
			 const u16 *spoken, unsigned int spoken_count)
{
	unsigned int i, j;

	for (i = 0; i < spoken_count; i++)
		for (j = 0; j < count; j++)
			if (le16_to_cpu(offered[j].major) == spoken[i] && !offered[j].minor)
				return spoken[i];
	return 0;
}

static int parse_negotiate(const struct wire_negotiate *wire, size_t size,
			   struct vmclock_timesync_message *message)
{
	unsigned int frameworks, messages;

	if (size < sizeof(*wire))
		return -EMSGSIZE;
	frameworks = le16_to_cpu(wire->frameworks);
	messages = le16_to_cpu(wire->messages);
	if (frameworks > VERSIONS_MAX || messages > VERSIONS_MAX)
		return -EBADMSG;
	if (size - sizeof(*wire) < (frameworks + messages) * sizeof(wire->versions[0]))
		return -EMSGSIZE;

	message->kind = VMCLOCK_TIMESYNC_NEGOTIATE;
	message->framework = best(wire->versions, frameworks, frameworks_spoken,
				  ARRAY_SIZE(frameworks_spoken));
	message->version = best(wire->versions + frameworks, messages, versions_spoken,
				ARRAY_SIZE(versions_spoken));
	return 0;
}

static int utc_ns(u64 units, s64 *ns)
{
	if (units > S64_MAX ||
	    check_mul_overflow((s64)units - UNITS_1601_TO_1970, (s64)UNIT_NS, ns))
		return -ERANGE;
	return 0;
}

static int parse_sample(const void *buf, size_t size, unsigned int version,
			struct vmclock_timesync_message *message)
{
	const struct wire_sample_old *old = buf;
	const struct wire_sample *wire = buf;
	u8 flags;

	message->kind = VMCLOCK_TIMESYNC_SAMPLE;
	if (version < 4) {
		if (size < sizeof(*old))
			return -EMSGSIZE;
		flags = old->flags;
	} else {
		if (size < sizeof(*wire))
			return -EMSGSIZE;
		flags = wire->flags;
		message->sample.has_ref = true;
		message->sample.leap = wire->leap;
		message->sample.stratum = wire->stratum;
		/* Then it is none at which anything was sent, which is not for us to judge. */
		if (check_mul_overflow(le64_to_cpu(wire->ref), (u64)UNIT_NS,
				       &message->sample.ref_ns))
			message->sample.ref_ns = U64_MAX;
	}
	message->sample.sync = flags & SAMPLE_SYNC;
	/* In either it comes first. */
	return utc_ns(le64_to_cpu(wire->utc), &message->sample.utc_ns);
}

/**
 * vmclock_timesync_parse() - what does a message say?
 * @buf: the message, from its pipe header on
 * @size: so many bytes came
 * @version: message version that has been agreed on; 0 if none has yet
 * @message: what it says
 *
 * Return: 0; -EMSGSIZE if it is shorter than it must be or claims to be, -EBADMSG if it
 * is no request, comes before its time, or offers absurdly much, -ERANGE if it tells a
 * time that cannot be.
 */
int vmclock_timesync_parse(const void *buf, size_t size, unsigned int version,
			   struct vmclock_timesync_message *message)
{
	const struct wire_header *header = buf;

	*message = (struct vmclock_timesync_message){ .kind = VMCLOCK_TIMESYNC_OTHER };
	if (size < sizeof(*header))
		return -EMSGSIZE;
	if (le16_to_cpu(header->size) > size - sizeof(*header))
		return -EMSGSIZE;
	if (header->flags & FLAG_RESPONSE)
		return -EBADMSG;
	size = sizeof(*header) + le16_to_cpu(header->size);

	switch (le16_to_cpu(header->type)) {
	case TYPE_NEGOTIATE:
		return parse_negotiate(buf, size, message);
	case TYPE_TIMESYNC:
		if (!version)
			return -EBADMSG;
		return parse_sample(buf, size, version, message);
	default:
		return 0;
	}
}

/**
 * vmclock_timesync_answer() - make a request its answer
 * @buf: the request, as it came; then the answer
 * @size: so many bytes came
 * @message: what vmclock_timesync_parse() made of it; NULL if that failed
 *
 * The host wants every request back, also one that it got wrong.
 *
 * Return: so many bytes are to be sent; 0 if it is no request, or too short to be one.
 */
size_t vmclock_timesync_answer(void *buf, size_t size,
			       const struct vmclock_timesync_message *message)
{
	struct wire_negotiate *negotiate = buf;
	struct wire_header *header = buf;

	if (size < sizeof(*header) || header->flags & FLAG_RESPONSE)
		return 0;
	header->flags = FLAG_TRANSACTION | FLAG_RESPONSE;
	header->status = cpu_to_le32(message && message->kind != VMCLOCK_TIMESYNC_OTHER ?
				     STATUS_OK : STATUS_FAIL);
	if (!message || message->kind != VMCLOCK_TIMESYNC_NEGOTIATE)
		return size;

	/* One of each, or none: the host then does not use the service. */
	negotiate->frameworks = 0;
	negotiate->messages = 0;
	if (message->framework && message->version) {
		header->size = cpu_to_le16(sizeof(*negotiate) - sizeof(*header) +
					   2 * sizeof(negotiate->versions[0]));
		negotiate->frameworks = cpu_to_le16(1);
		negotiate->messages = cpu_to_le16(1);
		negotiate->versions[0] = (struct wire_version){
			.major = cpu_to_le16(message->framework),
		};
		negotiate->versions[1] = (struct wire_version){
			.major = cpu_to_le16(message->version),
		};
	}
	return size;
}
