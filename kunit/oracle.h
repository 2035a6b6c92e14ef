/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The oracle's arithmetic: 256-bit unsigned numbers, computed as on paper. Slow, too wide
 * to overflow in its use here, and with no operation in common with the __int128
 * arithmetic of what it judges.
 */
#ifndef VMCLOCK_KUNIT_ORACLE_H
#define VMCLOCK_KUNIT_ORACLE_H

#include <linux/types.h>

#define WIDE_DIGITS	8

/**
 * struct wide - a 256-bit unsigned number
 * @digit: its digits to base 2^32, the least first
 */
struct wide {
	u32 digit[WIDE_DIGITS];
};

/**
 * wide() - a number made wide
 * @value: the number
 */
static inline struct wide wide(u64 value)
{
	return (struct wide){ .digit = { value, value >> 32 } };
}

/**
 * wide_add() - sum
 * @a: one summand
 * @b: the other
 */
static inline struct wide wide_add(struct wide a, struct wide b)
{
	u64 carry = 0;
	int i;

	for (i = 0; i < WIDE_DIGITS; i++) {
		carry += (u64)a.digit[i] + b.digit[i];
		a.digit[i] = carry;
		carry >>= 32;
	}
	return a;
}

/**
 * wide_sub() - difference
 * @a: minuend, no less than @b
 * @b: subtrahend
 */
static inline struct wide wide_sub(struct wide a, struct wide b)
{
	u32 borrow = 0;
	int i;

	for (i = 0; i < WIDE_DIGITS; i++) {
		u64 subtract = (u64)b.digit[i] + borrow;

		borrow = a.digit[i] < subtract;
		a.digit[i] -= subtract;
	}
	return a;
}

/**
 * wide_mul() - product
 * @a: one factor
 * @b: the other
 */
static inline struct wide wide_mul(struct wide a, struct wide b)
{
	struct wide product = {};
	int i, j;

	for (i = 0; i < WIDE_DIGITS; i++) {
		u64 carry = 0;

		for (j = 0; i + j < WIDE_DIGITS; j++) {
			carry += (u64)a.digit[i] * b.digit[j] +
				 product.digit[i + j];
			product.digit[i + j] = carry;
			carry >>= 32;
		}
	}
	return product;
}

/**
 * wide_less() - comparison
 * @a: one number
 * @b: the other
 *
 * Return: true if @a is less than @b.
 */
static inline bool wide_less(struct wide a, struct wide b)
{
	int i;

	for (i = WIDE_DIGITS - 1; i >= 0; i--)
		if (a.digit[i] != b.digit[i])
			return a.digit[i] < b.digit[i];
	return false;
}

/**
 * wide_div() - quotient, rounded down, by long division in base two
 * @a: dividend
 * @b: divisor, not zero
 */
static inline struct wide wide_div(struct wide a, struct wide b)
{
	struct wide rest = {}, quotient = {};
	int i;

	for (i = 32 * WIDE_DIGITS - 1; i >= 0; i--) {
		rest = wide_add(rest, rest);
		rest.digit[0] |= a.digit[i / 32] >> i % 32 & 1;
		if (!wide_less(rest, b)) {
			rest = wide_sub(rest, b);
			quotient.digit[i / 32] |= 1U << i % 32;
		}
	}
	return quotient;
}

/**
 * wide_pow2() - a power of two
 * @exponent: 0 to 255
 */
static inline struct wide wide_pow2(unsigned int exponent)
{
	struct wide power = wide(1);

	while (exponent--)
		power = wide_add(power, power);
	return power;
}

/**
 * wide_u64() - the low 64 bits
 * @a: the number
 */
static inline u64 wide_u64(struct wide a)
{
	return (u64)a.digit[1] << 32 | a.digit[0];
}

#endif /* VMCLOCK_KUNIT_ORACLE_H */
