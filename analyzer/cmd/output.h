/* SPDX-License-Identifier: MIT */
/*
 * A file that a command writes: complete or not at all, and never in the place
 * of a file that is not one of ours.
 */
#ifndef MEMPROF_ANALYZER_CMD_OUTPUT_H
#define MEMPROF_ANALYZER_CMD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct output {
	FILE *file;
	const char *path; /* the caller's; "-": stdout */
	char *temporary;  /* beside it, until it is complete */
};

/*
 * 0, or a negative number after having said why not. A regular file that does
 * not begin with mark is replaced only with is_forced; what is no regular file
 * (a device, a pipe) is written to.
 */
int output_open(struct output *ret_output, const char *path, const char *mark,
		bool is_forced);

/* Puts the file in its place; not is_good: leaves no trace of it. 0, or a
 * negative number after having said why not. */
int output_close(struct output *output, bool is_good);

/* dump's name with another ending, to be freed by the caller; NULL: no
 * memory. In the working directory: dumps may lie where nobody may write. */
char *output_name(const char *dump, const char *ending);

#endif
