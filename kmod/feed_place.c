// SPDX-License-Identifier: GPL-2.0-only
/*
 * Placing: at which reference time it was what a message says, if that can be known.
 *
 * A message says when it was sent, or does not. It may say so wrongly, may have been held up on
 * its way, and may be of a reference clock that is no longer.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/time64.h>

#include "epoch.h"
#include "feed.h"
#include "feed_place.h"

/* One that was under way for longer is believed if it is off by a sample's noise at most. */
#define LATE_ERROR_NS		(100 * NSEC_PER_MSEC)

/* The host's reference time and ours are one, but for its unit of 100 ns. */
#define FUTURE_MAX_NS		NSEC_PER_USEC

/* So many in a row whose reference time is impossible: the host does not know its own. */
#define DISTRUST_MIN		3

/*
 * A pause that can be told from the noise of a sample. Its length is known to half of that, and
 * to 2^-17 or 8 ppm, for the rate at which two clocks differ is not quite the same at all times.
 * After an hour and a half that is another half, and two pauses could be taken for one.
 */
#define PAUSE_MIN_NS		(100 * NSEC_PER_MSEC)
#define PAUSE_ERROR_NS		(PAUSE_MIN_NS / 2)
#define PAUSE_ERROR_SHIFT	17
#define PAUSE_MAX_NS		(PAUSE_ERROR_NS << PAUSE_ERROR_SHIFT)

/* Is it possible that the message was sent at this reference time? */
static bool possible(u64 ref_ns, const struct vmclock_instant *now)
{
	return ref_ns <= now->ref_ns + FUTURE_MAX_NS &&
	       now->ref_ns <= ref_ns + VMCLOCK_UNDER_WAY_MAX_NS;
}

/* Is it possible that the message was sent before the page changed? */
static bool maybe_from_before(const struct vmclock_place *place,
			      const struct vmclock_sample *sample,
			      const struct vmclock_instant *now)
{
	if (sample->by_arrival)
		return place->since_ns && now->ref_ns - place->since_ns < VMCLOCK_UNDER_WAY_MAX_NS;
	return sample->ref_ns < place->since_ns;
}

/*
 * Was it sent since? A pause stops reference time, but neither UTC nor, as a rule, the TSC:
 * if both say that it was of the same length, the message is from after it.
 */
static bool from_after(const struct vmclock_place *place, const struct vmclock_sample *sample,
		       const struct vmclock_instant *now)
{
	const struct vmclock_line *line = &place->before;
	struct vmclock_instant before = { .page = place->before_page, .tsc = now->tsc };
	s64 by_tsc_ns, by_utc_ns;

	if (!place->has_before || place->ref(&before))
		return false;
	by_tsc_ns = before.ref_ns - now->ref_ns;
	if (by_tsc_ns < (s64)PAUSE_MIN_NS || by_tsc_ns > (s64)PAUSE_MAX_NS)
		return false;
	by_utc_ns = vmclock_line_residual_ns(line, sample);
	/* The TSC's time went by at the reference clock's rate. */
	by_tsc_ns += vmclock_epoch_growth_ns(line->rate, by_tsc_ns);
	return abs(by_utc_ns - by_tsc_ns) <=
	       PAUSE_ERROR_NS + (by_tsc_ns >> PAUSE_ERROR_SHIFT);
}

/* The sample's epoch, if it was this UTC at its reference time. -ERANGE as of the epoch's. */
static int fill_epoch(struct vmclock_sample *sample, s64 utc_ns)
{
	struct vmclock_instant at = { .ref_ns = sample->ref_ns };
	struct vmclock_epoch epoch;
	s64 sec;
	s32 nsec;
	int ret;

	sec = div_s64_rem(utc_ns, NSEC_PER_SEC, &nsec);
	ret = vmclock_epoch_from_utc(&epoch, sec, nsec, &at);
	if (!ret)
		sample->epoch_ns = epoch.epoch_ns;
	return ret;
}

/*
 * It was under way for longer than any message should be. But what it says of the past is what
 * was told of that: then it is as good as one that came in time.
 */
static bool late_and_right(const struct vmclock_place *place,
			   const struct vmclock_feed_message *message,
			   const struct vmclock_instant *now, const struct vmclock_line *told)
{
	struct vmclock_sample sample = { .ref_ns = message->ref_ns };

	if (!told || message->ref_ns > now->ref_ns || message->ref_ns < place->since_ns ||
	    fill_epoch(&sample, message->utc_ns))
		return false;
	return abs(vmclock_line_residual_ns(told, &sample)) <= LATE_ERROR_NS;
}

/*
 * Where the host does not tell, or not rightly, all that is known is that the message was sent
 * before it arrived. Returns the kind of reject, or -1 if it is not that yet.
 */
static int place_in_time(struct vmclock_place *place, const struct vmclock_feed_message *message,
			 const struct vmclock_instant *now, const struct vmclock_line *told,
			 struct vmclock_sample *sample)
{
	bool has_ref = message->has_ref;
	u64 since_last_ns = now->ref_ns - place->last_arrival_ns;

	place->last_arrival_ns = now->ref_ns;
	if (has_ref &&
	    (possible(message->ref_ns, now) || late_and_right(place, message, now, told))) {
		place->distrust = 0;
	} else if (has_ref) {
		/* Some that come together have been held up together, and prove nothing. */
		if (since_last_ns >= VMCLOCK_UNDER_WAY_MAX_NS && place->distrust < DISTRUST_MIN)
			place->distrust++;
		if (since_last_ns < VMCLOCK_UNDER_WAY_MAX_NS || place->distrust < DISTRUST_MIN)
			return VMCLOCK_REJECT_REFERENCE;
		has_ref = false;
	}

	*sample = (struct vmclock_sample){
		.ref_ns = has_ref ? message->ref_ns : now->ref_ns,
		.by_arrival = !has_ref,
	};
	return -1;
}

/**
 * vmclock_place_message() - the sample that a message is
 * @place: what is known of the reference clock
 * @message: has just arrived
 * @now: the reference clock now, on the page in force
 * @told: what was told before on this page, or NULL
 * @sample: the sample, if it is one
 *
 * Return: the kind of reject, see enum vmclock_feed_reject; -1 if it is a sample.
 */
int vmclock_place_message(struct vmclock_place *place, const struct vmclock_feed_message *message,
			  const struct vmclock_instant *now, const struct vmclock_line *told,
			  struct vmclock_sample *sample)
{
	int reject;

	reject = place_in_time(place, message, now, told, sample);
	if (reject >= 0)
		return reject;

	if (fill_epoch(sample, message->utc_ns))
		return VMCLOCK_REJECT_RANGE;
	/* It may have been in the ring when the page changed. */
	if (maybe_from_before(place, sample, now) && !from_after(place, sample, now))
		return VMCLOCK_REJECT_PAGE;
	return -1;
}

/**
 * vmclock_place_page() - the reference clock has become another one
 * @place: what is known of it
 * @now: it, as it is now
 * @told: what was told before, or NULL
 */
void vmclock_place_page(struct vmclock_place *place, const struct vmclock_instant *now,
			const struct vmclock_line *told)
{
	if (told) {
		place->before = *told;
		place->before_page = place->page;
		place->has_before = true;
	}
	place->page = now->page;
	place->since_ns = now->ref_ns;
}
