// SPDX-License-Identifier: GPL-2.0-only
/*
 * The estimate: what several samples together say of the epoch.
 *
 * A line goes through them (see line.c). Through how many? The more, the less is left of their
 * noise; but a host's clock is steered, and by and by a line is wrong for it. Half of the noise
 * is not worth a line that bends. So it rests on the newest 32 samples, or twice as many, and so
 * on, for as long as the longer line ends where all the shorter ones say, to within their own
 * error (Lepski's method, by the intersection of confidence intervals).
 *
 * Medians are slow to see what is really new, so that is looked for: a step, and a row of
 * newest samples that are all off to one side, as after a change of the host's rate. Then
 * the estimate begins anew from these.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "estimate.h"
#include "line.h"

/*
 * Further off than this is no noise but a host's clock that was set: samples are pairs of
 * readings, and who is kept for so long between two of them is not a host that works.
 */
#define STEP_NS			(100 * NSEC_PER_MSEC)

/* A host's clock is read in 100 ns, and nobody is told less than some of these. */
#define NOISE_FLOOR_NS		1000

/* Off by more than so many times what half of the samples are off by is no noise. */
#define OUTLIER_RESIDUALS	8

/*
 * Reference time is that of one boot: 2^59 ns is 18 years. With it, and with UTC up to 2232
 * (see epoch.c), epochs are no further apart than 8.9e18 ns: an s64 holds 9.2e18.
 */
#define REF_NS_MAX		(S64_MAX >> 4)
#define EPOCH_NS_MAX		(TIME_SETTOD_SEC_MAX * NSEC_PER_SEC)

/*
 * So many samples that are off to one side, and on a line of their own, are no chance where no
 * others are off. Each other sample that is off asks for one more: with one in five late that
 * is nine in a row, once in two million.
 */
#define RUN_MIN			3

/*
 * What a line through n samples ends within, in their residuals over the root of n: with
 * Gaussian noise its error's deviation is 3.7 of these, with uniform noise 2.9. Twice that and
 * a bit: where the host's rate wanders, an end is off by a sixth more than that of the
 * shortest line, at the worst; where it does not, by little more than half.
 */
#define END_RESIDUALS		8

/* A host's clock is read in 100 ns: a line through such steps is off by half of one. */
#define END_FLOOR_NS		50

/* Samples that are off count as others (see RUN_MIN) when they are among so many before. */
#define OTHERS_AMONG		VMCLOCK_ESTIMATE_SAMPLES_MIN

/*
 * Samples closer than this to the first of them (a burst, when the host goes on) tell nothing of
 * the rate but their noise, and make many of what may be a single mistake: they are one.
 */
#define SPACING_MIN_NS		(100 * NSEC_PER_MSEC)

/* How far the end of the line may be off; of the root four binary places. */
static s64 end_error_ns(const struct vmclock_line *line)
{
	u64 residual_ns = clamp_t(u64, line->residual_ns, END_FLOOR_NS, STEP_NS);

	return div_u64(END_RESIDUALS * residual_ns << 4, int_sqrt(line->samples << 8));
}

/* The longest line that ends where the shorter ones say. */
static void fit_longest(struct vmclock_estimate *est, struct vmclock_line *line)
{
	unsigned int count = min_t(unsigned int, est->count, VMCLOCK_ESTIMATE_SAMPLES_MIN);
	s64 least_ns = S64_MIN, most_ns = S64_MAX;
	struct vmclock_line longer;
	s64 error_ns;

	vmclock_line_fit(est->scratch, &est->samples[est->count - count], count, line);
	while (count < est->count) {
		error_ns = end_error_ns(line);
		least_ns = max(least_ns, line->epoch_ns - error_ns);
		most_ns = min(most_ns, line->epoch_ns + error_ns);
		count = min(est->count, 2 * count);
		vmclock_line_fit(est->scratch, &est->samples[est->count - count], count, &longer);
		if (longer.epoch_ns < least_ns || longer.epoch_ns > most_ns)
			break;
		*line = longer;
	}
}

/* What half of the samples are off by explains this much. */
static s64 noise_ns(const struct vmclock_line *line)
{
	return max_t(s64, NOISE_FLOOR_NS, OUTLIER_RESIDUALS * line->residual_ns);
}

/* More than the line's noise explains: above it 1, below it -1, otherwise 0. */
static int side(const struct vmclock_line *line, const struct vmclock_sample *sample)
{
	s64 off_ns = vmclock_line_residual_ns(line, sample);

	return off_ns > noise_ns(line) ? 1 : off_ns < -noise_ns(line) ? -1 : 0;
}

/* Late samples are scattered; those of another line are on one. */
static bool agree(s64 *scratch, const struct vmclock_sample *samples, unsigned int count,
		  s64 most_ns)
{
	struct vmclock_line line;
	unsigned int i;

	vmclock_line_fit(scratch, samples, count, &line);
	for (i = 0; i < count; i++)
		if (abs(vmclock_line_residual_ns(&line, &samples[i])) > most_ns)
			return false;
	return true;
}

/* How many of the newest samples tell another line together? 0 if it is just noise. */
static unsigned int newest_apart(struct vmclock_estimate *est, const struct vmclock_line *line)
{
	const struct vmclock_sample *samples = est->samples;
	unsigned int run = 0, others = 0, before, i;
	int newest = side(line, &samples[est->count - 1]);

	if (!newest)
		return 0;
	while (run < est->count && side(line, &samples[est->count - 1 - run]) == newest)
		run++;
	before = est->count - run;
	for (i = before - min_t(unsigned int, before, OTHERS_AMONG); i < before; i++)
		others += side(line, &samples[i]) != 0;
	if (run < RUN_MIN + others ||
	    !agree(est->scratch, &samples[before], run, noise_ns(line)))
		return 0;
	return run;
}

static const struct vmclock_sample *newest_of(const struct vmclock_estimate *est)
{
	return &est->samples[est->count - 1];
}

static void keep_newest(struct vmclock_estimate *est, unsigned int count)
{
	memmove(est->samples, &est->samples[est->count - count],
		count * sizeof(est->samples[0]));
	est->count = count;
}

/* With so many of the newest samples. */
static void begin_anew(struct vmclock_estimate *est, unsigned int count)
{
	keep_newest(est, count);
	est->has_doubted = false;
}

/**
 * vmclock_estimate_reset() - forget all samples
 * @est: the estimate
 *
 * For when the reference clock has changed, or the host says that its own has.
 */
void vmclock_estimate_reset(struct vmclock_estimate *est)
{
	begin_anew(est, 0);
}

/*
 * Is the host's clock a different one from what the line says? One that is ahead has been
 * set. One that is behind, of samples placed by their arrival, may just have come late: it
 * takes a second that says the same.
 */
static int look_for_step(struct vmclock_estimate *est, const struct vmclock_line *line,
			 const struct vmclock_sample *sample)
{
	s64 off_ns = vmclock_line_residual_ns(line, sample);

	if (abs(off_ns) <= STEP_NS) {
		est->has_doubted = false;
		return 0;
	}
	if (off_ns < 0 && sample->by_arrival &&
	    (!est->has_doubted ||
	     abs(sample->epoch_ns - est->doubted.epoch_ns) > STEP_NS)) {
		est->doubted = *sample;
		est->has_doubted = true;
		return -EAGAIN;
	}
	vmclock_estimate_reset(est);
	return 0;
}

/*
 * After a gap that is longer than the line, what the line says of now is worse than what the
 * sample says, or the one before that. Unless it was placed by its arrival, and the gap is what
 * has made it late.
 */
static bool outlived(const struct vmclock_estimate *est, const struct vmclock_line *line,
		     const struct vmclock_sample *sample)
{
	u64 first_ns = est->samples[est->count - line->samples].ref_ns;
	u64 last_ns = newest_of(est)->ref_ns;

	return line->samples >= VMCLOCK_LINE_RATE_MIN && !sample->by_arrival &&
	       sample->ref_ns - last_ns > last_ns - first_ns;
}

/**
 * vmclock_estimate_add() - one more sample
 * @est: the estimate; all zero to begin with
 * @sample: newer than all before
 * @line: what they say together, as the last call left it; it stays so if there is an error
 *
 * Return: 0, also if it adds nothing to the last; -ERANGE if its numbers are no times that a
 * working host tells; -EINVAL if it is not newer than the last; -EAGAIN if it came too late to be
 * believed, unless the next says the same.
 */
int vmclock_estimate_add(struct vmclock_estimate *est, const struct vmclock_sample *sample,
			 struct vmclock_line *line)
{
	unsigned int apart;
	int ret;

	if (sample->ref_ns > REF_NS_MAX || sample->epoch_ns < -REF_NS_MAX ||
	    sample->epoch_ns > EPOCH_NS_MAX)
		return -ERANGE;
	if (est->count) {
		if (sample->ref_ns <= newest_of(est)->ref_ns)
			return -EINVAL;
		if (outlived(est, line, sample))
			begin_anew(est, vmclock_sample_came_late(newest_of(est), sample) ? 1 : 0);
	}
	if (est->count) {
		ret = look_for_step(est, line, sample);
		if (ret)
			return ret;
	}
	if (!est->count || sample->ref_ns - est->burst_ns >= SPACING_MIN_NS) {
		est->burst_ns = sample->ref_ns;
	} else {
		/* Of the two that are one, that which came less late. */
		if (sample->epoch_ns < newest_of(est)->epoch_ns)
			return 0;
		est->count--;
	}

	if (est->count == VMCLOCK_ESTIMATE_SAMPLES)
		keep_newest(est, est->count - 1);
	est->samples[est->count++] = *sample;
	fit_longest(est, line);

	apart = newest_apart(est, line);
	if (apart) {
		keep_newest(est, apart);
		fit_longest(est, line);
	}
	return 0;
}
