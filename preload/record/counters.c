/* SPDX-License-Identifier: MIT */
/* The cold side of the counters: a new peak. */
#include "config.h"

#include "preload/record/counters.h"

#include "preload/base/sys.h"

#define STAMP_SHIFT 6 /* the time is taken anew when a peak grew by 1/64 */

__attribute__((noinline)) void mp_counters_new_peak(uint64_t live)
{
	static _Atomic uint64_t stamped;
	struct mpf_header *header = mp_file.header;
	uint64_t old, last;

	/* The epoch first: a reader that finds it new and the total old sees
	 * more live than the peak, which means the peak is now. */
	__atomic_fetch_add(&header->peak_epoch, 1, __ATOMIC_RELEASE);
	old = __atomic_load_n(&header->peak_bytes, __ATOMIC_RELAXED);
	while (live > old && !__atomic_compare_exchange_n(
				     &header->peak_bytes, &old, live, false,
				     __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	last = atomic_load_explicit(&stamped, memory_order_relaxed);
	if (!__atomic_load_n(&header->peak_ns, __ATOMIC_RELAXED) ||
	    live - last > last >> STAMP_SHIFT) {
		atomic_store_explicit(&stamped, live, memory_order_relaxed);
		__atomic_store_n(&header->peak_ns,
				 mp_sys_clock_ns(CLOCK_MONOTONIC),
				 __ATOMIC_RELAXED);
	}
}
