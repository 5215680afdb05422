/* SPDX-License-Identifier: MIT */
/* The bytes of a dump out of the memory that a program records into. */
#ifndef MEMPROF_ANALYZER_CMD_KEEPER_COPY_H
#define MEMPROF_ANALYZER_CMD_KEEPER_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/model/dump.h"

/* The header of a dump there, with no more used than there is. False when it
 * is none. */
bool keeper_copy_header(int memory, struct mpf_header *ret_header);

/*
 * Copies all that the header says is used; the header itself comes last. -1
 * when that fails: errno; the file is as it was when there is no room.
 */
int keeper_copy(int memory, int file, const struct mpf_header *header);

/*
 * As that, while the program goes on: what others point at is copied after
 * them. The header, which is changed to say so, is of now_ns. -1 also when the
 * program is too quick: EAGAIN.
 */
int keeper_copy_running(int memory, int file, struct mpf_header *header,
			uint64_t now_ns);

#endif
