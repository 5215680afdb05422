/* SPDX-License-Identifier: MIT */
/*
 * The recorder as `run` sees it: where libmemprof.so lies and how a program
 * is made to load it.
 */
#ifndef MEMPROF_ANALYZER_CMD_RECORDER_H
#define MEMPROF_ANALYZER_CMD_RECORDER_H

#include <limits.h>

/* Folder of our own executable, links resolved; "" when unknown. */
void recorder_own_folder(char buf[static PATH_MAX]);

/*
 * Absolute path of libmemprof.so, to be freed: MEMPROF_LIB where that is set,
 * else beside the executable (a build tree), else in the library folder memprof
 * was built for, else in ../lib and ../lib/x86_64-linux-gnu as seen from the
 * executable. NULL when it is not there or cannot be preloaded, which was said.
 */
char *recorder_find(void);

/*
 * Puts library in front of LD_PRELOAD in our own environment, which the
 * program gets. 0, or -1 when memory is out, said.
 */
int recorder_preload(const char *library);

#endif
