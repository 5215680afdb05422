/* SPDX-License-Identifier: MIT */
/*
 * A file that a result goes to: written under another name beside it and moved
 * into its place once it is whole, so that nobody ever sees half of it and an
 * older one stays until then. Neither links nor devices are written to or
 * replaced. Messages come from here.
 *
 *	struct outfile out;
 *
 *	if (outfile_open(&out, path) < 0)
 *		return CMD_FAILED;
 *	fputs("text", out.file);
 *	if (outfile_close(&out, is_good) < 0)
 *		return CMD_FAILED;
 */
#ifndef MEMPROF_ANALYZER_BASE_OUTFILE_H
#define MEMPROF_ANALYZER_BASE_OUTFILE_H

#include <stdbool.h>
#include <stdio.h>

struct outfile {
	FILE *file;
	const char *path; /* the caller's, until it is closed */
	char *temporary;
};

/* 0, or -1 after having said why not. */
int outfile_open(struct outfile *ret_out, const char *path);

/*
 * Puts the file into its place, or, when not is_good or when it could not be
 * written whole, removes it. 0, or -1 after having said why it failed.
 */
int outfile_close(struct outfile *out, bool is_good);

#endif
