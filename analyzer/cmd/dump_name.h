/* SPDX-License-Identifier: MIT */
/* The dump of one recorded process, found by the pattern of its name. */
#ifndef MEMPROF_ANALYZER_CMD_DUMP_NAME_H
#define MEMPROF_ANALYZER_CMD_DUMP_NAME_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/*
 * Path of the newest dump that process pid made by the pattern of MEMPROF_OUT
 * (NULL: the default) at or after since, to be freed; NULL when there is none
 * (or no memory). %p must be pid, %e %h %t may be anything, because a program
 * may have replaced itself by another. Where the recorder falls back to
 * $TMPDIR is looked into as well.
 */
char *dump_name_find(const char *pattern, pid_t pid,
		     const struct timespec *since);

/*
 * True when the recorder itself named the dump as its process ended, or need
 * not: a forked child's. True also for what is no dump, which nobody names.
 */
bool dump_name_was_said(const char *path);

#endif
