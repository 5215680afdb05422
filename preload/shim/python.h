/* SPDX-License-Identifier: MIT */
/*
 * What stands before Python's allocators: see preload/python/domains.h.
 *
 * Context: both in one thread, before main().
 */
#ifndef MEMPROF_PRELOAD_SHIM_PYTHON_H
#define MEMPROF_PRELOAD_SHIM_PYTHON_H

/* Boot only: Python's objects are to be recorded. */
void mp_shim_python_init(void);

/* Once all that the program starts with is mapped and bound: looks for an
 * interpreter, because one that is met later has objects already. */
void mp_shim_python_look(void);

#endif
