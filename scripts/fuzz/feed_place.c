// SPDX-License-Identifier: GPL-2.0-only
/*
 * Placing: whatever a host sends, a sample is in range and placed where it may have been; and of
 * a host that does not lie, but whose messages lie in a ring while it stops the guest as it
 * likes, none is taken that is from before.
 */
#include "../../kmod/epoch.c"
#include "../../kmod/line.c"
#include "../../kmod/feed_place.c"

u64 rdtsc_ordered(void) { return 0; }

/* The host's clock, the reference clock, and a TSC of 1 GHz that no pause stops. */
struct world {
	u64 ref_ns;
	u64 tsc_minus_ref;
	s64 epoch_ns;
	u32 sequence;
	u64 paused_ns;		/* since something was told that holds */
};

static int world_ref(struct vmclock_instant *at)
{
	at->ref_ns = at->tsc - at->page.ref_base;
	return 0;
}

static struct vmclock_instant instant_of(const struct world *world)
{
	return (struct vmclock_instant){
		.page = { .version = world->sequence, .ref_base = world->tsc_minus_ref },
		.tsc = world->ref_ns + world->tsc_minus_ref,
		.ref_ns = world->ref_ns,
	};
}

static struct vmclock_feed_message message_of(const struct world *world, bool has_ref)
{
	return (struct vmclock_feed_message){
		.utc_ns = world->epoch_ns + (s64)world->ref_ns,
		.ref_ns = has_ref ? world->ref_ns : 0,
		.has_ref = has_ref,
	};
}

static void expect_placed(const struct vmclock_sample *sample,
			  const struct vmclock_feed_message *message,
			  const struct vmclock_instant *now, const struct vmclock_line *told)
{
	s64 utc_ns = sample->epoch_ns + (s64)sample->ref_ns;

	assert(utc_ns == message->utc_ns);
	assert(utc_ns >= UTC_SEC_MIN * NSEC_PER_SEC && utc_ns / NSEC_PER_SEC < UTC_SEC_MAX);
	assert(sample->ref_ns == (sample->by_arrival ? now->ref_ns : message->ref_ns));
	assert(sample->ref_ns <= now->ref_ns + NSEC_PER_USEC);
	if (now->ref_ns > sample->ref_ns + VMCLOCK_UNDER_WAY_MAX_NS)
		assert(told && abs(vmclock_line_residual_ns(told, sample)) <= 100 * NSEC_PER_MSEC);
}

/*
 * What it says is the truth of now, but for a pause too short to be seen; or of when it was
 * sent, if that is all that is known, and that is not long ago.
 */
static void expect_true(const struct vmclock_sample *sample, const struct world *world,
			u64 under_way_ns)
{
	s64 off_ns = sample->epoch_ns - world->epoch_ns;

	if (sample->by_arrival)
		off_ns += under_way_ns;
	if (!sample->by_arrival || under_way_ns < VMCLOCK_UNDER_WAY_MAX_NS)
		assert(abs(off_ns) <= (s64)(50 * NSEC_PER_MSEC + world->paused_ns / 100000));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct bytes bytes = { data, size };
	struct world world = {
		.ref_ns = 1 + (eat_length(&bytes) >> 8), .epoch_ns = 1700000000 * NSEC_PER_SEC,
	};
	struct vmclock_place place = { .ref = world_ref };
	struct vmclock_instant now = instant_of(&world);
	struct vmclock_feed_message message = message_of(&world, true);
	struct vmclock_line line, *told = NULL;
	struct vmclock_sample sample;
	u64 sent_ns = world.ref_ns, length_ns;
	bool lied = false, honest = true;
	int reject;
	u8 what;

	vmclock_place_page(&place, &now, NULL);
	while (bytes.size) {
		eat(&bytes, &what, 1);
		length_ns = eat_length(&bytes) >> 22;	/* an hour at most */
		switch (what % 8) {
		case 0:
			world.ref_ns += length_ns;
			continue;
		case 1:
			world.sequence++;
			world.tsc_minus_ref += length_ns;
			world.epoch_ns += length_ns;
			world.paused_ns += length_ns;
			/* No guest that goes on has done something in no time. */
			world.ref_ns++;
			continue;
		case 2:
			message = message_of(&world, what & 8);
			sent_ns = world.ref_ns;
			honest = true;
			continue;
		case 3:
			message = (struct vmclock_feed_message){
				.utc_ns = eat_u64(&bytes), .ref_ns = eat_u64(&bytes),
				.has_ref = what & 8,
			};
			honest = false;
			continue;
		default:
			break;
		}
		now = instant_of(&world);
		if (!vmclock_page_same(&place.page, &now.page)) {
			vmclock_place_page(&place, &now, told);
			told = NULL;
		}
		/* The page alone is looked at. */
		if (what % 8 == 4)
			continue;
		reject = vmclock_place_message(&place, &message, &now, told, &sample);
		assert(reject >= -1 && reject < VMCLOCK_REJECTS);
		if (reject >= 0)
			continue;
		expect_placed(&sample, &message, &now, told);
		lied |= !honest;
		if (!lied)
			expect_true(&sample, &world, world.ref_ns - sent_ns);
		/* Of many samples the truth is told. */
		line = (struct vmclock_line){ .ref_ns = now.ref_ns, .epoch_ns = world.epoch_ns };
		told = &line;
		place.has_before = false;
		world.paused_ns = 0;
	}
	return 0;
}
