/* SPDX-License-Identifier: MIT */
/*
 * What tests of the recorder share: a scratch directory that goes with the
 * test, and the sums of a dump read the way preload/format/format.h says.
 * Recorder state is static, so each test runs in its own process.
 */
#ifndef MEMPROF_TESTS_UNIT_RECORDING_H
#define MEMPROF_TESTS_UNIT_RECORDING_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/format/format.h"
#include "preload/record/recorder.h"

/* Makes the directory and enters it; removed with its files at exit. */
const char *recording_directory(void);

/* Creates the dump "name" there with a header that can be counted in. */
void recording_create(const char *name);

/* Boots the whole recorder in a scratch directory; writes to "out". */
void recording_boot(const char *out);

struct recording_sums {
	uint64_t allocs, alloc_bytes, frees, free_bytes, temporary;
	int64_t peak_blocks, peak_bytes; /* by the rule of the format */
	uint64_t slots, threads, nodes, gaps, segments;
	bool is_whole;	      /* segments are back to back up to used_bytes */
	bool has_stray_class; /* a slot names what is no class node */
};

/* Reads a mapped or loaded dump of bytes. */
void recording_read(const uint8_t *dump, size_t bytes,
		    struct recording_sums *ret_sums);

/* The same for a file. */
void recording_read_file(const char *path, struct mpf_header *ret_header,
			 struct recording_sums *ret_sums);

/* Runs a suite of one case; the exit status for main(). */
int recording_run(TCase *tcase, const char *name);

#endif
