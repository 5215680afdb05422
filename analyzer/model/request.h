/* SPDX-License-Identifier: MIT */
/*
 * Asks a running process for a snapshot: a name and a count are written into
 * its dump, which it has mapped. It looks there every 256 allocations of a
 * thread, and when a signal comes that it was told to take for it.
 *
 * Others may ask at the same time: asking takes a lock on the file.
 */
#ifndef MEMPROF_ANALYZER_MODEL_REQUEST_H
#define MEMPROF_ANALYZER_MODEL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "preload/format/format.h"

enum request_code {
	REQUEST_OK = 0,
	REQUEST_NO_PROCESS = -1,  /* there is none */
	REQUEST_NO_DUMP = -2,	  /* nothing in it is recorded, or one may */
				  /* not look */
	REQUEST_DENIED = -3,	  /* the dump cannot be written: errno */
	REQUEST_NO_TIMELINE = -4, /* it takes no snapshots */
	REQUEST_ENDED = -5,	  /* its recording has ended */
	REQUEST_MEMORY = -6,
};

struct request {
	char *path; /* of the dump */
	int fd;
	struct mpf_header *header; /* mapped */
	uint32_t number;	   /* of the last one posted */
	uint64_t lost_before;
};

/* Finds the dump of a process and opens it. REQUEST_OK, or why not. */
enum request_code request_open(struct request *ret_request, pid_t pid);

/*
 * Asks for a snapshot; the name is at most MPF_MOMENT_NAME_BYTES - 1 bytes,
 * "" lets the recorder make one. Waits until an earlier one was served, for
 * at most timeout_ns. False when that did not happen.
 */
bool request_post(struct request *request, pid_t pid, const char *name,
		  uint64_t timeout_ns);

/* Waits until it is served: false when it was not within timeout_ns. */
bool request_wait(const struct request *request, uint64_t timeout_ns);

/* Was it served, but without room for it? */
bool request_is_lost(const struct request *request);

void request_close(struct request *request);

#endif
