/* SPDX-License-Identifier: MIT */
/*
 * The memory that a program records into while the file has but a copy. Nobody
 * but its keeper, a process of memprof run, has a descriptor of it.
 */
#ifndef MEMPROF_ANALYZER_MODEL_SEALED_H
#define MEMPROF_ANALYZER_MODEL_SEALED_H

#include <stdint.h>
#include <sys/types.h>

#define SEALED_KEEPER_NAME "memprof-keeper"	      /* of the process */
#define SEALED_MAPPING	   "/memfd:memprof (deleted)" /* in /proc/PID/maps */

/*
 * Opens the memory of a process that started at ticks (0: whenever), made by a
 * user. -1 when there is none or we may not see it.
 */
int sealed_open(uint32_t pid, uint64_t ticks, uid_t user, int flags);

#endif
