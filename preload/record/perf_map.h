/* SPDX-License-Identifier: MIT */
/*
 * The names of generated code: what a runtime with a compiler of its own writes
 * into /tmp/perf-PID.map, copied beside the dump, because that file is of the
 * process, and its number is soon another's.
 *
 * Context: the end of the process; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_RECORD_PERF_MAP_H
#define MEMPROF_PRELOAD_RECORD_PERF_MAP_H

#define MP_PERF_MAP_MAX                                      \
	(UINT64_C(64) << 20) /* bytes; what is beyond is cut \
			      */

/*
 * Writes DUMP.map, where stacks go through code of no object and there is a
 * map of this process. A file of that name is replaced when it is a copy made
 * here, and left alone when it is another.
 */
void mp_perf_map_copy(void);

#endif
