// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line through some samples: the epoch, and what it grows by.
 *
 * A host that tells its time of its own accord does so every few seconds, and each time is
 * off by what came between its reading one clock and the other: mostly nothing, now and
 * then milliseconds. The line is Theil's and Sen's: its rate is the median of the rates
 * between any two samples, its height the median of what is left. Against such noise it is as
 * good as least squares, and up to 29 % of the samples may be off by any amount before it is;
 * least squares is moved by a single one.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sort.h>
#include <linux/time64.h>

#include "epoch.h"
#include "line.h"

/* One that falls behind the one before by more than this came late: no clock is so bad. */
#define RATE_BELIEVED_PPM	1000LL

/*
 * Of fewer than five samples a single one that came late decides the median of the rates. Then
 * another is off that line, by as much of what the one is late as the smallest gap is of the line;
 * those of a host that slews its clock as fast are off by their noise. Half of what the line grows
 * by may be noise, and so may be this, which is no matter.
 */
#define RATE_ROBUST_MIN		5
#define LATE_BELIEVED_NS	(2 * NSEC_PER_MSEC)

/*
 * The fastest that a host's clock can be made to run: the kernel's tick may be changed by
 * a tenth (adjtimex(2)). What exceeds it is noise.
 */
#define RATE_MAX		((1LL << VMCLOCK_RATE_SHIFT) / 10)

/*
 * The error of a rate is the noise over the length of the line. So this many lengths later
 * the line is off by so many times the noise; nothing that is further off is told of it.
 */
#define TRUSTED_LENGTHS		4

static int compare(const void *a, const void *b)
{
	s64 first = *(const s64 *)a, second = *(const s64 *)b;

	return first < second ? -1 : first > second;
}

/* Of an even number of values the lower of the two in the middle. */
static s64 median(s64 *values, unsigned int count)
{
	sort(values, count, sizeof(*values), compare, NULL);
	return values[(count - 1) / 2];
}

/**
 * vmclock_line_residual_ns() - how far a sample is above the line
 * @line: the line
 * @sample: the sample, of any time
 */
s64 vmclock_line_residual_ns(const struct vmclock_line *line, const struct vmclock_sample *sample)
{
	s64 time_ns = (s64)sample->ref_ns - (s64)line->ref_ns;

	return sample->epoch_ns - line->epoch_ns -
	       vmclock_epoch_growth_ns(line->rate, time_ns);
}

/* (dividend << VMCLOCK_RATE_SHIFT) / divisor, for a quotient that fits. */
static s64 ratio(s64 dividend, u64 divisor)
{
	u64 size = mul_u64_u64_div_u64(abs(dividend), 1ULL << VMCLOCK_RATE_SHIFT, divisor);

	return dividend < 0 ? -(s64)size : (s64)size;
}

/*
 * The median of the rates between any two of the samples. Of more than VMCLOCK_LINE_PAIRED only
 * between those that are a multiple of some stride apart, each the same number of times.
 */
static s64 median_rate(s64 *scratch, const struct vmclock_sample *samples,
		       unsigned int count)
{
	unsigned int stride = DIV_ROUND_UP(count * count,
					   VMCLOCK_LINE_PAIRED * VMCLOCK_LINE_PAIRED);
	unsigned int pairs = 0, i, j;

	for (i = 0; i < count; i++) {
		for (j = i + stride; j < count; j += stride) {
			u64 time_ns = samples[j].ref_ns - samples[i].ref_ns;
			s64 growth_ns = samples[j].epoch_ns - samples[i].epoch_ns;

			/* No rate of a clock; and the quotient would not fit. */
			if (abs(growth_ns) >= time_ns)
				continue;
			scratch[pairs++] = ratio(growth_ns, time_ns);
		}
	}
	if (!pairs)
		return 0;
	return clamp_t(s64, median(scratch, pairs), -RATE_MAX, RATE_MAX);
}

/* How high the line is above the newest sample, if it has this rate; scratch is sorted then. */
static s64 median_height_ns(s64 *scratch, const struct vmclock_sample *samples,
			    unsigned int count, const struct vmclock_line *line)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		scratch[i] = vmclock_line_residual_ns(line, &samples[i]);
	return median(scratch, count);
}

/**
 * vmclock_sample_came_late() - did the newer sample, by the older one?
 * @older: some sample
 * @newer: one after that
 */
bool vmclock_sample_came_late(const struct vmclock_sample *older,
			      const struct vmclock_sample *newer)
{
	u64 time_ns = newer->ref_ns - older->ref_ns;

	return older->epoch_ns - newer->epoch_ns >
	       (s64)div_u64(time_ns, 1000000 / RATE_BELIEVED_PPM);
}

/* That of the newest sample, or of the one before if that came late. */
static s64 height_of_two_ns(const struct vmclock_sample *samples, unsigned int count)
{
	const struct vmclock_sample *newest = &samples[count - 1];

	return vmclock_sample_came_late(&samples[0], newest) ?
	       samples[0].epoch_ns - newest->epoch_ns : 0;
}

/* Is that the samples' rate, and not what one of them is off by? Of heights above it, sorted. */
static bool believed(s64 rate, const s64 *heights_ns, const struct vmclock_sample *samples,
		     unsigned int count)
{
	u64 length_ns = samples[count - 1].ref_ns - samples[0].ref_ns;
	u64 off_ns = heights_ns[count - 1] - heights_ns[0];
	u64 gap_ns = length_ns, late_ns;
	unsigned int i;

	if (count >= RATE_ROBUST_MIN)
		return true;
	for (i = 1; i < count; i++)
		gap_ns = min(gap_ns, samples[i].ref_ns - samples[i - 1].ref_ns);
	late_ns = max_t(u64, LATE_BELIEVED_NS, abs(vmclock_epoch_growth_ns(rate, length_ns)) / 2);
	return off_ns <= mul_u64_u64_div_u64(late_ns, gap_ns, length_ns);
}

/**
 * vmclock_line_fit() - draw the line
 * @scratch: room for VMCLOCK_LINE_SCRATCH values, and no fewer than @count
 * @samples: the oldest first, each newer than the one before
 * @count: so many, 1 or more
 * @line: it
 */
void vmclock_line_fit(s64 *scratch, const struct vmclock_sample *samples, unsigned int count,
		      struct vmclock_line *line)
{
	const struct vmclock_sample *newest = &samples[count - 1];
	s64 height_ns;
	unsigned int i;

	*line = (struct vmclock_line){
		.ref_ns = newest->ref_ns,
		.epoch_ns = newest->epoch_ns,
		.trusted_ns = TRUSTED_LENGTHS * (newest->ref_ns - samples[0].ref_ns),
		.samples = count,
	};
	if (count >= VMCLOCK_LINE_RATE_MIN) {
		line->rate = median_rate(scratch, samples, count);
		height_ns = median_height_ns(scratch, samples, count, line);
		if (!believed(line->rate, scratch, samples, count)) {
			line->rate = 0;
			height_ns = median_height_ns(scratch, samples, count, line);
		}
		line->epoch_ns += height_ns;
	} else {
		line->epoch_ns += height_of_two_ns(samples, count);
	}
	for (i = 0; i < count; i++)
		scratch[i] = abs(vmclock_line_residual_ns(line, &samples[i]));
	line->residual_ns = median(scratch, count);
}
