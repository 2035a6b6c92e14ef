// SPDX-License-Identifier: GPL-2.0-only
/* Placing: messages that are late, held up, or from before the reference clock changed. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "made_feed.h"

static void place_page_changed(struct kunit *test)
{
	struct vmclock_feed_message from_before;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.ref_ns += NSEC_PER_SEC;
	from_before = sound(10 * NSEC_PER_USEC);
	/* Stopped for an hour; reference time stood still. */
	made.sequence++;
	made.epoch_ns += 3600 * NSEC_PER_SEC;
	expect_told(test, -ESTALE, 0);
	/* It lay in the ring, and is the first to show the page to have changed. */
	made.ref_ns += 100 * NSEC_PER_USEC;
	KUNIT_EXPECT_EQ(test, send(from_before), -EBADMSG);
	expect_rejects(test, VMCLOCK_REJECT_PAGE, 1);
	expect_told(test, -ESTALE, 0);
	/* Taken whole, without SYNC. */
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
}

/* Nobody has looked since, but by UTC and TSC the pause was of one length. */
static void place_page_changed_and_message_is_from_after(struct kunit *test)
{
	static const u64 pause_ns[] = {
		200 * NSEC_PER_MSEC, 10 * NSEC_PER_SEC, 3000 * NSEC_PER_SEC,
	};
	struct vmclock_feed_message from_before;
	int i;

	for (i = 0; i < ARRAY_SIZE(pause_ns); i++) {
		KUNIT_EXPECT_EQ(test, send_next(), 0);
		made.ref_ns += NSEC_PER_SEC;
		from_before = sound(10 * NSEC_PER_USEC);
		made_pause(pause_ns[i]);
		made.ref_ns += 100 * NSEC_PER_USEC;
		KUNIT_EXPECT_EQ(test, send(from_before), -EBADMSG);
		expect_told(test, -ESTALE, 0);
		made_pause(pause_ns[i]);
		made.ref_ns += 100 * NSEC_PER_USEC;
		KUNIT_EXPECT_EQ(test, send(sound(10 * NSEC_PER_USEC)), 0);
		expect_told(test, 0, 0);
	}
}

/* Sent between two pauses of which nobody has seen the first: by the TSC they are one. */
static void place_page_changed_twice(struct kunit *test)
{
	static const s64 first_ns[] = { NSEC_PER_SEC, 3600 * NSEC_PER_SEC, 86400 * NSEC_PER_SEC };
	struct vmclock_feed_message in_between;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(first_ns); i++) {
		KUNIT_EXPECT_EQ(test, send_next(), 0);
		made_pause(first_ns[i]);
		made.ref_ns += 50 * NSEC_PER_USEC;
		in_between = sound(0);
		made_pause(first_ns[i] < 86400 * NSEC_PER_SEC ? 100 * NSEC_PER_MSEC : 0);
		made.ref_ns += 50 * NSEC_PER_USEC;
		KUNIT_EXPECT_EQ(test, send(in_between), -EBADMSG);
		expect_told(test, -ESTALE, 0);
		KUNIT_EXPECT_EQ(test, send_next(), 0);
		expect_told(test, 0, 0);
	}
}

/* The pause is too short to be told from noise, or the host's clock was moved meanwhile. */
static void place_page_changed_and_nobody_knows(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made_pause(50 * NSEC_PER_MSEC);
	made.ref_ns += 100 * NSEC_PER_USEC;
	KUNIT_EXPECT_EQ(test, send(sound(10 * NSEC_PER_USEC)), -EBADMSG);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);

	made_pause(10 * NSEC_PER_SEC);
	made.epoch_ns += 7 * NSEC_PER_SEC;
	made.ref_ns += 100 * NSEC_PER_USEC;
	KUNIT_EXPECT_EQ(test, send(sound(10 * NSEC_PER_USEC)), -EBADMSG);
	KUNIT_EXPECT_EQ(test, send_next(), 0);
	expect_told(test, 0, 0);
}

/* Without a reference time it may be from before, for as long as messages lie in a ring. */
static void place_page_changed_without_ref(struct kunit *test)
{
	struct vmclock_feed_message message;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	message = sound(0);
	message.has_ref = false;
	made.sequence++;
	made.epoch_ns += 3600 * NSEC_PER_SEC;
	look(&look_work.work);
	made.ref_ns += 10 * NSEC_PER_MSEC;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	expect_told(test, -ESTALE, 0);
	made.ref_ns += PERIOD_NS;
	message = sound(0);
	message.has_ref = false;
	KUNIT_EXPECT_EQ(test, send(message), 0);
	expect_told(test, 0, 0);
}

/* From the future, or from long ago: not by as much as a ring explains. */
static void place_reference_is_impossible(struct kunit *test)
{
	struct vmclock_feed_message message;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.ref_ns += PERIOD_NS;
	message = sound(0);
	message.ref_ns += 2 * NSEC_PER_MSEC;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	message = sound(0);
	message.ref_ns = U64_MAX;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	message = sound(VMCLOCK_UNDER_WAY_MAX_NS + 1);
	message.utc_ns += LATE_ERROR_NS + 1;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	message.ref_ns = 0;
	KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	expect_rejects(test, VMCLOCK_REJECT_REFERENCE, 4);
	expect_told(test, 0, 0);
	message = sound(VMCLOCK_UNDER_WAY_MAX_NS - NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, send(message), 0);
	expect_told(test, 0, 0);
}

/* A host that does not know its reference time: then arrival has to do. */
static void place_reference_is_off_for_good(struct kunit *test)
{
	struct vmclock_feed_message message;
	int i;

	for (i = 0; i < 10; i++) {
		made.ref_ns += PERIOD_NS;
		message = sound(NSEC_PER_MSEC);
		message.ref_ns -= 120 * NSEC_PER_SEC;
		/* The third is believed, whatever its reference time. */
		KUNIT_EXPECT_EQ(test, send(message), i < 2 ? -EBADMSG : 0);
		expect_told(test, i < 2 ? -ENODATA : 0, NSEC_PER_MSEC);
	}
}

/* A guest that is slow to read: what they say of the past is right, and so is what is told. */
static void place_late_and_right(struct kunit *test)
{
	int i;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	for (i = 0; i < 20; i++) {
		made.ref_ns += PERIOD_NS;
		KUNIT_EXPECT_EQ(test, send(sound((1000 + 100 * i) * NSEC_PER_MSEC)), 0);
		expect_told(test, 0, 0);
	}
	expect_rejects(test, VMCLOCK_REJECT_REFERENCE, 0);
}

/* Held up, then many at once: they prove nothing of the host. */
static void place_burst_proves_nothing(struct kunit *test)
{
	struct vmclock_feed_message message;
	int i;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	made.ref_ns += 100 * NSEC_PER_SEC;
	for (i = 20; i > 0; i--) {
		message = sound(i * PERIOD_NS);
		message.ref_ns -= NSEC_PER_SEC;
		KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	}
	expect_told(test, 0, 0);
	/* Nor where each of them says what the others do. */
	for (i = 20; i > 0; i--) {
		message = sound(90 * NSEC_PER_SEC + i * NSEC_PER_MSEC);
		message.ref_ns -= NSEC_PER_SEC;
		KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
	}
	expect_told(test, 0, 0);
	KUNIT_EXPECT_EQ(test, send(sound(0)), 0);
	expect_told(test, 0, 0);
}

static void place_times_out_of_range(struct kunit *test)
{
	static const s64 times_ns[] = { S64_MIN, -1, 0, 946684799999999999LL, S64_MAX };
	struct vmclock_feed_message message;
	size_t i;

	KUNIT_EXPECT_EQ(test, send_next(), 0);
	for (i = 0; i < ARRAY_SIZE(times_ns); i++) {
		made.ref_ns += PERIOD_NS;
		message = sound(0);
		message.utc_ns = times_ns[i];
		KUNIT_EXPECT_EQ(test, send(message), -EBADMSG);
		expect_rejects(test, VMCLOCK_REJECT_RANGE, i + 1);
		expect_told(test, 0, 0);
	}
}

static struct kunit_case place_cases[] = {
	KUNIT_CASE(place_page_changed),
	KUNIT_CASE(place_page_changed_and_message_is_from_after),
	KUNIT_CASE(place_page_changed_twice),
	KUNIT_CASE(place_page_changed_and_nobody_knows),
	KUNIT_CASE(place_page_changed_without_ref),
	KUNIT_CASE(place_reference_is_impossible),
	KUNIT_CASE(place_reference_is_off_for_good),
	KUNIT_CASE(place_late_and_right),
	KUNIT_CASE(place_burst_proves_nothing),
	KUNIT_CASE(place_times_out_of_range),
	{}
};

static struct kunit_suite place_suite = {
	.name = "vmclock_feed_place",
	.init = feed_test_init,
	.exit = feed_test_exit,
	.test_cases = place_cases,
};

kunit_test_suite(place_suite);

MODULE_DESCRIPTION("KUnit tests of kmod/feed_place.c");
MODULE_LICENSE("GPL");
