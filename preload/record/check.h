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

/* Boot only. */
void mp_check_init(uint32_t every);

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
