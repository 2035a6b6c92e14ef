// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference TSC page, rewritten by its host while it is read: the answer is that of one
 * consistent page, or an error.
 */
#include "../../kmod/page_hvtsc.c"

static struct vmclock_hvtsc page;
static struct bytes *host;
static u64 tsc;
static bool rewritten;

/* The moment between the two looks at the sequence. */
u64 rdtsc_ordered(void)
{
	u8 what = 0;

	eat(host, &what, 1);
	if (what & 1)
		page.scale = eat_u64(host);
	if (what & 2)
		page.offset = eat_u64(host);
	rewritten |= what & (1 | 2 | 8);
	/* As the specification has it: whoever changes the data changes the sequence. */
	if (what & 3)
		page.sequence++;
	/* Withdrawn. */
	if (what & 8)
		page.sequence = 0;
	if (what & 4)
		tsc = eat_length(host);
	return tsc;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct bytes bytes = { data, size };
	struct vmclock_instant now, again;
	__int128 want;
	int ret;

	host = &bytes;
	rewritten = false;
	tsc = eat_length(&bytes);
	page.sequence = eat_u64(&bytes);
	page.scale = eat_length(&bytes);
	page.offset = eat_u64(&bytes);

	ret = vmclock_hvtsc_read(&page, &now);
	assert(!ret || ret == -ENODATA || ret == -ETIMEDOUT || ret == -ERANGE);
	/* In 10^-2 of the unit, rounded down: within one of what 64 bits of fraction say. */
	want = (__int128)((unsigned __int128)tsc * page.scale >> 64) * UNIT_NS +
	       (__int128)page.offset * UNIT_NS;
	/* A page that is one, left alone, and a time that there is: no error then. */
	if (!rewritten && page.sequence && page.scale && want >= 0 && want <= S64_MAX - UNIT_NS)
		assert(!ret);
	if (ret)
		return 0;
	assert(page.sequence && now.page.version == page.sequence);
	assert(now.page.scale == page.scale && now.page.ref_base == (u64)page.offset);
	assert(now.tsc == tsc);
	assert(now.ref_ns <= S64_MAX);
	assert((__int128)now.ref_ns >= want && (__int128)now.ref_ns < want + UNIT_NS);
	/* No earlier for a later TSC. */
	again = now;
	if (++again.tsc && !vmclock_hvtsc_ref(&again))
		assert(again.ref_ns > now.ref_ns ||
		       (again.ref_ns == now.ref_ns && again.ref_frac >= now.ref_frac));
	return 0;
}
