// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reference counter: any numbers; and of a clock that is stopped now and then, by more than
 * noise, a new version each time and else hardly any, however long a look is held up.
 */
#include "../../kmod/page_hvcounter.c"

#define KHZ	2000000

u64 rdtsc_ordered(void) { return 0; }

static void any_numbers(struct bytes *bytes)
{
	struct vmclock_hvcounter seen = {};

	while (bytes->size) {
		u64 tsc = eat_length(bytes), ticks = eat_length(bytes);
		u64 ref_ns = eat_length(bytes) & S64_MAX;

		vmclock_hvcounter_look(&seen, eat_length(bytes), tsc, ticks, ref_ns);
	}
}

/* 2 ticks a ns, to a thousandth. */
static bool knows_the_rate(const struct vmclock_hvcounter *seen)
{
	s64 off = seen->rate - (1LL << (RATE_SHIFT - 1));

	return abs(off) <= 1LL << (RATE_SHIFT - 1 - 10);
}

static void a_clock(struct bytes *bytes)
{
	struct vmclock_hvcounter seen = {}, before;
	u64 tsc = eat_length(bytes) >> 1, ref_ns = eat_length(bytes) >> 2;
	/* The last that was told, and that of before a pause. */
	u32 now, told = 0, stale = 0;

	vmclock_hvcounter_look(&seen, KHZ, tsc, 0, ref_ns);
	while (bytes->size) {
		/* Up to 4 s of it, then maybe a pause of up to 4 s. */
		u64 ran_ns = eat_length(bytes) >> 32, paused_ns, held_up_ns, span_ns;
		u8 what;

		eat(bytes, &what, 1);
		paused_ns = what & 1 ? eat_length(bytes) >> 32 : 0;
		held_up_ns = what & 2 ? eat_length(bytes) >> 32 : 0;
		tsc += (ran_ns + paused_ns) * 2;
		ref_ns += ran_ns + held_up_ns;
		before = seen;
		span_ns = (tsc - before.tsc) / 2;
		now = vmclock_hvcounter_look(&seen, KHZ, tsc, held_up_ns * 2, ref_ns);
		tsc += held_up_ns * 2;
		if (held_up_ns > NOISE_NS) {
			assert(!now && !memcmp(&seen, &before, sizeof(seen)));
			continue;
		}
		if (held_up_ns)
			continue;
		if (knows_the_rate(&before)) {
			if (span_ns - (ref_ns - before.ref_ns) > 2 * NOISE_NS + span_ns / 500) {
				assert(now != before.version);
				stale = told;
			}
			if (span_ns == ref_ns - before.ref_ns)
				assert(now == before.version);
		}
		if (now) {
			assert(now != stale);
			told = now;
		}
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct bytes bytes = { data, size };
	u8 mode;

	eat(&bytes, &mode, 1);
	if (mode & 1)
		any_numbers(&bytes);
	else
		a_clock(&bytes);
	return 0;
}
