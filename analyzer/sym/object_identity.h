/* SPDX-License-Identifier: MIT */
/*
 * What the names of an object's code depend on, as bytes that are equal as
 * long as the names are: the files they come from, and who reads them.
 */
#ifndef MEMPROF_ANALYZER_SYM_OBJECT_IDENTITY_H
#define MEMPROF_ANALYZER_SYM_OBJECT_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/sym/object_file.h"

/* Three files with the longest build-ids, and the program. */
#define OBJECT_IDENTITY_LIMIT 512u
/* SHA-1 gives 20 bytes; ld can be told any. */
#define OBJECT_IDENTITY_BUILD_ID_LIMIT 64u

struct object_identity {
	uint8_t data[OBJECT_IDENTITY_LIMIT];
	size_t bytes; /* 0: there is none, so nothing can be kept */
};

/*
 * Of the files that were found. A file counts as another one when its build-id,
 * size, inode or one of its times is another; so does the program that reads
 * them. Where a build-id names no file, was chosen by hand or is that of
 * another build, this notices.
 */
void object_identity_read(struct object_identity *identity,
			  const struct object_file *file);

bool object_identity_is(const struct object_identity *a,
			const struct object_identity *b);

#endif
