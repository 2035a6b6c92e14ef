/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random cases that can be had again: every case prints its seed, and the suite's module
 * parameter seed= makes all of them begin with that one.
 */
#ifndef VMCLOCK_KUNIT_SEED_H
#define VMCLOCK_KUNIT_SEED_H

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/string.h>
#include <kunit/test.h>

static ulong seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "of the randomised cases (default: a new one each time)");

/*
 * A kernel may run the cases before it sets a module's parameters. Their text is
 * there already, and only the setting cuts it up.
 */
static unsigned long seed_wanted(void)
{
	const char *text = strstr(THIS_MODULE->args, "seed=");
	unsigned long value;

	if (seed || !text || sscanf(text, "seed=%lu", &value) != 1)
		return seed;
	return value;
}

/**
 * random_begin() - begin a row of random numbers
 * @test: the case, into whose log the seed goes
 */
static inline struct rnd_state random_begin(struct kunit *test)
{
	unsigned long begin = seed_wanted() ?: get_random_long();
	struct rnd_state random;

	kunit_info(test, "seed=%lu", begin);
	prandom_seed_state(&random, begin);
	return random;
}

/**
 * random_u64() - any 64 bits
 * @random: see random_begin()
 */
static inline u64 random_u64(struct rnd_state *random)
{
	u64 high = prandom_u32_state(random);

	return high << 32 | prandom_u32_state(random);
}

/**
 * random_length() - a number with any count of binary digits, each as likely
 * @random: see random_begin()
 *
 * For what must hold from the smallest numbers to the largest.
 */
static inline u64 random_length(struct rnd_state *random)
{
	return random_u64(random) >> prandom_u32_state(random) % 64;
}

/**
 * random_below() - a number from 0 to @limit - 1
 * @random: see random_begin()
 * @limit: not 0
 */
static inline u64 random_below(struct rnd_state *random, u64 limit)
{
	u64 rest;

	div64_u64_rem(random_u64(random), limit, &rest);
	return rest;
}

#endif /* VMCLOCK_KUNIT_SEED_H */
