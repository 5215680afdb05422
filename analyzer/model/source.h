/* SPDX-License-Identifier: MIT */
/*
 * A source file: where it is on this machine, and its lines. Found by a name
 * from the debug information, it may be anything, of any content.
 */
#ifndef MEMPROF_ANALYZER_MODEL_SOURCE_H
#define MEMPROF_ANALYZER_MODEL_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#define SOURCE_MAX_BYTES (UINT64_C(64) << 20)

struct source_line {
	const char *text; /* not terminated */
	size_t bytes;	  /* without the end of the line */
};

struct source {
	char *path; /* as it was opened; NULL: not found */
	uint64_t mtime_ns;
	struct source_line *lines; /* number 1 is lines[0] */
	size_t count;
	char *text; /* private */
};

struct source_search {
	const char *file;	 /* as the debug information has it */
	const char *given;	 /* what the user called it; NULL: nothing */
	const char *sysroot;	 /* NULL: none */
	const char *const *dirs; /* of the user */
	size_t dir_count;
	const char *directory; /* working directory of the recording */
};

/*
 * Reads the first of these that is there: the file under the sysroot, as
 * recorded, what the user named, in the user's directories (whole path, then
 * ever fewer of its folders), its name in the directory of the recording.
 * 0, also when there is none (then path is NULL), or DUMP_MEMORY.
 */
int source_read(struct source *ret_source, const struct source_search *search);
void source_done(struct source *source);

#endif
