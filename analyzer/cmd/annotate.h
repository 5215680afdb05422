/* SPDX-License-Identifier: MIT */
/* lines --annotate-dir: annotated sources as files of a folder. */
#ifndef MEMPROF_ANALYZER_CMD_ANNOTATE_H
#define MEMPROF_ANALYZER_CMD_ANNOTATE_H

#include "analyzer/cmd/cmd.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/lines.h"

struct annotate {
	int dir; /* open folder */
	const char *path;
	size_t written, without_source;
};

/* Opens the folder, which is made when it is not there; a link is refused.
 * CMD_DONE, or the exit status after having said why not. */
int annotate_open(struct annotate *ret_annotate, const char *path);

/* Says what was written, on stderr. */
void annotate_close(struct annotate *annotate);

/*
 * Writes the file with its numbers under a name made from its path, in the
 * place of a file or link of that name. A file without source is only counted.
 * CMD_DONE, or the exit status after having said why not.
 */
int annotate_write(struct annotate *annotate, const struct term *term,
		   struct analysis *analysis, const struct lines *lines);

#define ANNOTATE_NAME_BYTES 256

/*
 * The name for a path: '/' becomes '#', letters, digits and ".-_+" stay, all
 * else is %XX; of what is too long the end is kept behind a number that tells
 * one from another.
 */
void annotate_name(char buf[static ANNOTATE_NAME_BYTES], const char *path);

#endif
