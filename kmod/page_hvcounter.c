// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference counter (Hyper-V): what tells of a pause while there is no page.
 *
 * A page changes when the host has stopped the guest, and its reference time with it. The
 * counter, an MSR, has nothing of the sort. But the TSC goes on meanwhile, or is set to
 * something else: a counter that is out of step with it is not the one it was.
 */
#include <linux/math64.h>
#include <linux/time64.h>

#include "page.h"

#define RATE_SHIFT	32

/*
 * What two clocks that are read one after the other may be out of step by. A pause that is
 * shorter goes unnoticed, and makes us wrong by as much. A look that took longer says nothing:
 * what it was held up by may hide a pause of the same length.
 */
#define NOISE_NS	(100 * NSEC_PER_USEC)

/*
 * The kernel knows the TSC's rate to some ppm where the host tells it, and to some hundred
 * where it was measured (arch/x86/kernel/tsc.c refines until it agrees within 1 %, and then
 * over a second). This is 977 ppm.
 */
#define RATE_ERROR_SHIFT	10

/* With so much between them, noise is no more than a thousandth of the rate. */
#define SPAN_MIN_NS	(100 * NSEC_PER_MSEC)

/* CPUs that read it one after the other are no further apart. */
#define BACKWARDS_MAX_NS	NSEC_PER_SEC

static void begin_anew(struct vmclock_hvcounter *seen, u64 tsc, u64 ref_ns, u64 rate)
{
	seen->tsc = tsc;
	seen->ref_ns = ref_ns;
	seen->rate = rate;
	/* As a page's, it is never 0. */
	if (rate && !++seen->version)
		seen->version = 1;
	seen->begun = true;
}

/* The rate over a span; 0 if it is none that a TSC has, which is over 1 MHz. */
static u64 rate_of(s64 d_tsc, s64 d_ref_ns)
{
	if (d_tsc <= d_ref_ns >> 10)
		return 0;
	return mul_u64_u64_div_u64(d_ref_ns, 1ULL << RATE_SHIFT, d_tsc);
}

static bool in_step(const struct vmclock_hvcounter *seen, s64 d_tsc, s64 d_ref_ns)
{
	__int128 expected_ns = (__int128)d_tsc * seen->rate >> RATE_SHIFT;
	__int128 allowed_ns = NOISE_NS;
	__int128 off_ns = d_ref_ns - expected_ns;

	/* Both from the start again, in step with what they were: another boot. */
	if (d_ref_ns < -(s64)BACKWARDS_MAX_NS)
		return false;
	allowed_ns += (expected_ns < 0 ? -expected_ns : expected_ns) >> RATE_ERROR_SHIFT;
	return off_ns <= allowed_ns && off_ns >= -allowed_ns;
}

/**
 * vmclock_hvcounter_slow() - did a look take too long to tell anything?
 * @tsc_khz: frequency of the TSC; 0 if nobody knows, and nobody can tell then
 * @ticks: of the TSC, from just before the counter was read to just after
 *
 * Return: whether it did.
 */
bool vmclock_hvcounter_slow(u32 tsc_khz, u64 ticks)
{
	return tsc_khz && ticks > div_u64((u64)tsc_khz * NOISE_NS, NSEC_PER_MSEC);
}

/**
 * vmclock_hvcounter_look() - is the reference counter still the one it was?
 * @seen: what was seen of it before; all zero to begin with
 * @tsc_khz: frequency of the TSC, as it is then
 * @tsc: TSC ticks, just before the counter was read
 * @ticks: so many passed until just after
 * @ref_ns: the counter, in ns, at most S64_MAX
 *
 * It may have been read before what was seen last, by another CPU.
 *
 * A TSC that has another rate than before, as after a migration, is out of step, too. Then
 * the new rate is measured: without one a pause would not be seen, so meanwhile the counter
 * is none to go by.
 *
 * Return: the version of the counter: another one if it is not the one it was. 0 if nobody can
 * tell by this look.
 */
u32 vmclock_hvcounter_look(struct vmclock_hvcounter *seen, u32 tsc_khz, u64 tsc, u64 ticks,
			   u64 ref_ns)
{
	s64 d_tsc = tsc - seen->tsc, d_ref_ns = ref_ns - seen->ref_ns;

	if (vmclock_hvcounter_slow(tsc_khz, ticks))
		return 0;
	if (!seen->begun) {
		begin_anew(seen, tsc, ref_ns, rate_of(tsc_khz, NSEC_PER_MSEC));
	} else if (!seen->rate) {
		if (d_ref_ns >= (s64)SPAN_MIN_NS)
			begin_anew(seen, tsc, ref_ns, rate_of(d_tsc, d_ref_ns));
		else if (d_ref_ns < -(s64)SPAN_MIN_NS)
			begin_anew(seen, tsc, ref_ns, 0);
	} else if (!in_step(seen, d_tsc, d_ref_ns)) {
		begin_anew(seen, tsc, ref_ns, 0);
	} else if (d_ref_ns >= (s64)SPAN_MIN_NS) {
		seen->tsc = tsc;
		seen->ref_ns = ref_ns;
	}
	return seen->rate ? seen->version : 0;
}
