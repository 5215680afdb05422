/* SPDX-License-Identifier: MIT */
/*
 * The test mode MEMPROF_CHECK=N: every Nth recorded stack is compared with
 * the one that _Unwind_Backtrace finds. Slow, and the reference may allocate.
 *
 * Context: owning thread; locks taken: its own (tried only).
 */
#ifndef MEMPROF_PRELOAD_RECORD_CHECK_H
#define MEMPROF_PRELOAD_RECORD_CHECK_H

#include "preload/record/writer.h"

extern uint32_t mp_check_every; /* 0: off */
extern bool mp_check_verify;

/* Boot only. */
void mp_check_init(uint32_t every, bool verify);

/*
 * The test mode MEMPROF_VERIFY=1, for mp_unwind_options.on_difference: says
 * the first differences in full.
 */
void mp_check_differ(const struct mp_regs *regs,
		     const struct mp_walk *remembered,
		     const struct mp_walk *full);

/* Brings the header's verify_* up to date. */
void mp_check_verified(void);

void mp_check_now(struct mp_writer *writer, const struct mp_regs *regs,
		  uint32_t node);

/* node: the frame node recorded for regs; 0 when there was no room. */
static inline void mp_check(struct mp_writer *writer,
			    const struct mp_regs *regs, uint32_t node)
{
	if (__builtin_expect(mp_check_every != 0, 0))
		mp_check_now(writer, regs, node);
}

#endif
