/* SPDX-License-Identifier: GPL-2.0-only */
/* The feed: samples that a host sends of its own accord, and the epoch that they tell. */
#ifndef VMCLOCK_FEED_H
#define VMCLOCK_FEED_H

#include <linux/types.h>

struct vmclock_epoch;
struct vmclock_host;
struct vmclock_instant;

/**
 * struct vmclock_feed_message - what the host says of its clock
 * @utc_ns: host UTC, ns since 1970
 * @ref_ns: reference time at which it was that, ns, if @has_ref; %U64_MAX if that is more
 * @has_ref: the message tells @ref_ns; otherwise it was that some time before it arrived
 * @sync: the host wants the guest's clock set: it has just booted, or come back
 * @leap: leap indicator as in NTP, 0 to 3
 * @stratum: as in NTP; 0 if it is not told
 */
struct vmclock_feed_message {
	s64 utc_ns;
	u64 ref_ns;
	bool has_ref;
	bool sync;
	u8 leap;
	u8 stratum;
};

/**
 * enum vmclock_feed_reject - why a message was not believed
 * @VMCLOCK_REJECT_MALFORMED: too short, too long, or of no kind that there is
 * @VMCLOCK_REJECT_RANGE: no time that a working host tells
 * @VMCLOCK_REJECT_PAGE: from before the reference clock last changed, or maybe so
 * @VMCLOCK_REJECT_REFERENCE: its reference time is none at which it can have been sent
 * @VMCLOCK_REJECT_ORDER: no newer than the last
 * @VMCLOCK_REJECT_LATE: it must have been under way for long
 * @VMCLOCK_REJECTS: so many kinds
 */
enum vmclock_feed_reject {
	VMCLOCK_REJECT_MALFORMED,
	VMCLOCK_REJECT_RANGE,
	VMCLOCK_REJECT_PAGE,
	VMCLOCK_REJECT_REFERENCE,
	VMCLOCK_REJECT_ORDER,
	VMCLOCK_REJECT_LATE,
	VMCLOCK_REJECTS
};

/**
 * struct vmclock_feed_facts - what has come of it so far
 * @samples: messages that were believed
 * @rejects: those that were not, by kind
 * @page_changes: how often the reference clock changed
 * @last_ref_ns: reference time of the last sample, ns; 0 if there is none that holds
 * @rate_ppb: estimated growth of the epoch, in 10^-9
 * @residual_ns: half of the samples that the estimate rests on are no further off it
 * @used: so many samples these are
 * @channel: message version spoken with the host, 0 if there is no channel
 * @leap: of the last message
 * @stratum: of the last message
 */
struct vmclock_feed_facts {
	u64 samples;
	u64 rejects[VMCLOCK_REJECTS];
	u64 page_changes;
	u64 last_ref_ns;
	s64 rate_ppb;
	u64 residual_ns;
	unsigned int used;
	unsigned int channel;
	u8 leap;
	u8 stratum;
};

/* For whoever speaks with the host. */
int vmclock_feed_message(const struct vmclock_feed_message *message);
void vmclock_feed_reject(enum vmclock_feed_reject reject, bool sync);
void vmclock_feed_channel(unsigned int version);
void vmclock_feed_forget(void);

/* For the host's own file. */
int vmclock_feed_start(const struct vmclock_host *host);
void vmclock_feed_stop(void);
int vmclock_feed_epoch(const struct vmclock_instant *now, struct vmclock_epoch *epoch);

/* For everybody else. */
void vmclock_feed_notify(void (*sampled)(bool sync));
void vmclock_feed_facts(struct vmclock_feed_facts *facts);

#endif /* VMCLOCK_FEED_H */
