// SPDX-License-Identifier: GPL-2.0-only
/*
 * The estimate: of any samples there is a line that is a clock's, or an error; and of a clock
 * with a noise that is bounded, a line that is no further off than some times that.
 */
#include "../../kmod/epoch.c"
#include "../../kmod/line.c"
#include "../../kmod/estimate.c"

u64 rdtsc_ordered(void) { return 0; }

static void expect_a_clock(const struct vmclock_line *line)
{
	struct vmclock_epoch epoch = {
		.epoch_ns = line->epoch_ns, .ref_ns = line->ref_ns, .rate = line->rate,
	};
	struct vmclock_instant at = { .ref_ns = line->ref_ns };
	struct vmclock_instant later = { .ref_ns = line->ref_ns + NSEC_PER_SEC };
	s64 at_ns, later_ns;

	assert(line->samples >= 1 && line->samples <= VMCLOCK_ESTIMATE_SAMPLES);
	assert(line->rate >= -RATE_MAX && line->rate <= RATE_MAX);
	assert(line->residual_ns <= S64_MAX);
	if (!vmclock_epoch_host_ns(&epoch, &at, &at_ns) &&
	    !vmclock_epoch_host_ns(&epoch, &later, &later_ns))
		assert(later_ns > at_ns);
}

static void any_samples(struct bytes *bytes)
{
	static struct vmclock_estimate est;
	struct vmclock_line line = {};
	u64 ref_ns = eat_length(bytes);
	s64 epoch_ns = eat_u64(bytes);
	u64 last_ns;
	u8 what;
	int ret;

	memset(&est, 0, sizeof(est));
	while (bytes->size) {
		struct vmclock_sample sample;

		eat(bytes, &what, 1);
		/* Near the last, or anywhere. */
		ref_ns = what & 1 ? eat_length(bytes) : ref_ns + (eat_length(bytes) >> 24);
		epoch_ns = what & 2 ? eat_u64(bytes) :
				      (u64)epoch_ns + (eat_length(bytes) >> 32) - (1 << 30);
		sample = (struct vmclock_sample){
			.ref_ns = ref_ns, .epoch_ns = epoch_ns, .by_arrival = what & 4,
		};
		last_ns = est.count ? est.samples[est.count - 1].ref_ns : 0;
		ret = vmclock_estimate_add(&est, &sample, &line);
		assert(!ret || ret == -ERANGE || ret == -EINVAL || ret == -EAGAIN);
		if (ret)
			continue;
		/* All of them; where there are many, the line may rest on the newest. */
		assert(line.samples <= est.count);
		assert(line.samples >= min(est.count, (unsigned int)VMCLOCK_ESTIMATE_SAMPLES_MIN));
		assert(est.count == 1 || ref_ns > last_ns);
		/* Its own, or that of another of a burst. */
		assert(ref_ns - line.ref_ns < SPACING_MIN_NS);
		expect_a_clock(&line);
		if (what & 8)
			vmclock_estimate_reset(&est);
	}
}

static void a_clock(struct bytes *bytes)
{
	static struct vmclock_estimate est;
	struct vmclock_line line = {};
	u64 begin_ns = eat_length(bytes) >> 7, ref_ns = begin_ns;
	s64 noise_max_ns = 1 + (eat_length(bytes) >> 42);	/* 4 ms at most */
	s64 rate_ppb = (s64)(eat_u64(bytes) % 200001) - 100000;
	s64 truth_ns, noise_ns, most_ns;

	memset(&est, 0, sizeof(est));
	while (bytes->size) {
		ref_ns += NSEC_PER_SEC + (eat_length(bytes) >> 31);	/* 1 s to 9 s */
		truth_ns = 1700000000 * NSEC_PER_SEC +
			   (s64)((__int128)(s64)(ref_ns - begin_ns) * rate_ppb / NSEC_PER_SEC);
		noise_ns = (s64)(eat_u64(bytes) % (2 * noise_max_ns + 1)) - noise_max_ns;
		assert(!vmclock_estimate_add(&est, &(struct vmclock_sample){
				.ref_ns = ref_ns, .epoch_ns = truth_ns + noise_ns,
			}, &line));
		expect_a_clock(&line);
		most_ns = 8 * noise_max_ns + NOISE_FLOOR_NS;
		/* Whose rate may not be believed, for all that is known. */
		if (est.count < RATE_ROBUST_MIN)
			most_ns += vmclock_epoch_growth_ns(RATE_MAX / 1000, ref_ns - est.samples[0].ref_ns);
		assert(abs(line.epoch_ns - truth_ns) <= most_ns);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct bytes bytes = { data, size };
	u8 mode;

	eat(&bytes, &mode, 1);
	if (mode & 1)
		any_samples(&bytes);
	else
		a_clock(&bytes);
	return 0;
}
