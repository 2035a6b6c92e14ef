// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pvclock page, rewritten by its host while it is read: the answer is that of one
 * consistent page, or an error.
 */
#include "../../kmod/page_pvclock.c"

static struct pvclock_vcpu_time_info page;
static struct bytes *host;
static u64 tsc;
static bool rewritten;

/* The moment between the two looks at the version. */
u64 rdtsc_ordered(void)
{
	u8 what = 0;

	eat(host, &what, 1);
	rewritten |= what & (1 | 2 | 8);
	if (what & 1) {
		eat(host, &page.tsc_to_system_mul, sizeof(page.tsc_to_system_mul));
		page.version += 2;
	}
	if (what & 2) {
		page.system_time = eat_u64(host);
		page.version += 2;
	}
	/* Left in mid-update. */
	if (what & 8)
		page.version |= 1;
	if (what & 4)
		tsc = page.tsc_timestamp + eat_length(host);
	return tsc;
}

static bool same(const struct vmclock_instant *a, const struct vmclock_instant *b)
{
	return a->ref_ns == b->ref_ns && a->ref_frac == b->ref_frac;
}

static bool later(const struct vmclock_instant *a, const struct vmclock_instant *b)
{
	return a->ref_ns > b->ref_ns || (a->ref_ns == b->ref_ns && a->ref_frac > b->ref_frac);
}

/* A page that is one, left alone, and a time that there is. */
static bool must_be_read(void)
{
	__int128 ns;

	if (rewritten || page.version & 1 || !page.tsc_to_system_mul || tsc < page.tsc_timestamp ||
	    page.tsc_shift < -31 || page.tsc_shift > 31)
		return false;
	/* 31 bits up, 32 by the factor, are no more than 127. */
	ns = tsc - page.tsc_timestamp;
	ns = page.tsc_shift < 0 ? ns >> -page.tsc_shift : ns << page.tsc_shift;
	return (ns * page.tsc_to_system_mul >> 32) + page.system_time <= S64_MAX;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct bytes bytes = { data, size };
	struct vmclock_instant now, again;
	int ret;

	host = &bytes;
	rewritten = false;
	eat(&bytes, &page, sizeof(page));
	tsc = page.tsc_timestamp + eat_length(&bytes);

	ret = vmclock_pvclock_read(&page, &now);
	assert(!ret || ret == -ENODATA || ret == -ETIMEDOUT || ret == -ERANGE || ret == -EAGAIN);
	if (must_be_read())
		assert(!ret);
	if (ret)
		return 0;
	assert(now.page.version == page.version && !(page.version & 1));
	assert(now.ref_ns <= S64_MAX);
	assert(now.page.ref_base == page.system_time);
	/* The same again, and no earlier for a later TSC. */
	again = now;
	assert(!vmclock_pvclock_ref(&again) && same(&again, &now));
	if (++again.tsc && !vmclock_pvclock_ref(&again))
		assert(same(&again, &now) || later(&again, &now));
	return 0;
}
