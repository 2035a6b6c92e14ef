// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a host may send: nothing is read or written outside of it, what is told is in range,
 * and what is sent back is an answer, no longer than what came.
 */
#include "../../kmod/timesync_wire.c"

u64 rdtsc_ordered(void) { return 0; }

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const unsigned int versions[] = { 0, 1, 3, 4 };
	struct vmclock_timesync_message message, again;
	unsigned int version;
	size_t answer;
	u8 *buf;
	int ret;

	if (!size)
		return 0;
	version = versions[data[0] % ARRAY_SIZE(versions)];
	/* Just as long, so that ASan sees the next byte. */
	buf = malloc(size - 1 ?: 1);
	memcpy(buf, data + 1, size - 1);
	size--;

	ret = vmclock_timesync_parse(buf, size, version, &message);
	assert(!ret || ret == -EMSGSIZE || ret == -EBADMSG || ret == -ERANGE);
	if (!ret && message.kind == VMCLOCK_TIMESYNC_SAMPLE) {
		assert(version);
		assert(message.sample.has_ref == (version == 4));
		assert(message.sample.utc_ns % UNIT_NS == 0);
		assert(message.sample.ref_ns % UNIT_NS == 0 ||
		       message.sample.ref_ns == U64_MAX);
	}
	if (!ret && message.kind == VMCLOCK_TIMESYNC_NEGOTIATE) {
		assert(message.framework <= 3);
		assert(message.version <= 4);
	}

	answer = vmclock_timesync_answer(buf, size, ret ? NULL : &message);
	assert(answer <= size);
	if (answer) {
		assert(answer >= sizeof(struct wire_header));
		/* Nobody takes it for a request. */
		assert(vmclock_timesync_parse(buf, answer, version, &again) < 0);
		assert(!vmclock_timesync_answer(buf, answer, NULL));
	}
	free(buf);
	return 0;
}
