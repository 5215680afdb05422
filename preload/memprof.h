/* SPDX-License-Identifier: MIT */
/*
 * memprof.h - what a program may ask of the recorder.
 *
 * Every function may be called whether or not libmemprof.so is preloaded:
 * without it they do nothing and return 0, so nothing needs to be linked.
 * Any thread may call them; none allocates, locks or fails.
 */
#ifndef MEMPROF_H
#define MEMPROF_H

#ifdef __cplusplus
extern "C" {
#endif

/* Defined by libmemprof.so; do not call these directly. */
extern int memprof_is_recording(void) __attribute__((weak));
extern void memprof_pause(void) __attribute__((weak));
extern void memprof_resume(void) __attribute__((weak));

/* 1 while new allocations of this process are recorded, else 0. */
static inline int MEMPROF_IS_RECORDING(void)
{
	return memprof_is_recording ? memprof_is_recording() : 0;
}

/*
 * Stops recording new allocations, in all threads, until MEMPROF_RESUME().
 * Frees of blocks recorded before are still counted. Does not nest.
 */
static inline void MEMPROF_PAUSE(void)
{
	if (memprof_pause)
		memprof_pause();
}

static inline void MEMPROF_RESUME(void)
{
	if (memprof_resume)
		memprof_resume();
}

#ifdef __cplusplus
}
#endif

#endif
