/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the pure rooms of kmod/ ask of the kernel, for user space: scripts/fuzz/run has the
 * compiler include this before all else, and finds nothing in the headers they name.
 */
#ifndef VMCLOCK_FUZZ_KERNEL_H
#define VMCLOCK_FUZZ_KERNEL_H

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#define S64_MAX		INT64_MAX
#define S64_MIN		INT64_MIN

#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_SEC	1000000000L

/* linux/time64.h */
#define TIME_SETTOD_SEC_MAX	(S64_MAX / NSEC_PER_SEC - 30LL * 365 * 24 * 3600)

#define BIT(n)		(1UL << (n))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __packed	__attribute__((packed))
#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))

#define le16_to_cpu	le16toh
#define le64_to_cpu	le64toh
#define cpu_to_le16	htole16
#define cpu_to_le32	htole32

#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b)	((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define clamp_t(type, v, lo, hi) \
	((type)(v) < (type)(lo) ? (type)(lo) : (type)(v) > (type)(hi) ? (type)(hi) : (type)(v))

/* The C library's is for int. */
#undef abs
#define abs(x)		((x) < 0 ? -(x) : (x))

#define check_add_overflow	__builtin_add_overflow
#define check_mul_overflow	__builtin_mul_overflow

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

#define div_u64(dividend, divisor)	((u64)(dividend) / (u32)(divisor))

static inline s64 div_s64_rem(s64 dividend, s32 divisor, s32 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

/* The kernel's faults where the quotient does not fit. */
static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c)
{
	unsigned __int128 quotient = (unsigned __int128)a * b / c;

	assert(quotient <= U64_MAX);
	return quotient;
}

static inline unsigned long int_sqrt(unsigned long x)
{
	unsigned long root = 0;

	while ((root + 1) * (root + 1) <= x)
		root++;
	return root;
}

static inline void sort(void *base, size_t count, size_t size,
			int (*compare)(const void *, const void *), void *swap)
{
	(void)swap;
	qsort(base, count, size, compare);
}

#define virt_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define cpu_relax()	do { } while (0)

/* asm/tsc.h; each target says what it reads. */
u64 rdtsc_ordered(void);

/* asm/pvclock-abi.h */
struct pvclock_vcpu_time_info {
	u32 version;
	u32 pad0;
	u64 tsc_timestamp;
	u64 system_time;
	u32 tsc_to_system_mul;
	signed char tsc_shift;
	u8 flags;
	u8 pad[2];
};

#define PVCLOCK_TSC_STABLE_BIT	1
#define PVCLOCK_GUEST_STOPPED	2

/* The fuzzer's bytes, eaten one by one; zeroes follow. */
struct bytes {
	const u8 *data;
	size_t size;
};

static inline void eat(struct bytes *bytes, void *to, size_t size)
{
	size_t some = size < bytes->size ? size : bytes->size;

	memset(to, 0, size);
	if (some)
		memcpy(to, bytes->data, some);
	bytes->data += some;
	bytes->size -= some;
}

static inline u64 eat_u64(struct bytes *bytes)
{
	u64 value;

	eat(bytes, &value, sizeof(value));
	return value;
}

/* Any number, small ones as likely as large. */
static inline u64 eat_length(struct bytes *bytes)
{
	u8 bits;

	eat(bytes, &bits, 1);
	return eat_u64(bytes) >> bits % 64;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#endif /* VMCLOCK_FUZZ_KERNEL_H */
