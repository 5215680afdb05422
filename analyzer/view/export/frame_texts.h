/* SPDX-License-Identifier: MIT */
/*
 * What a format writes for each frame of a stack, made once: there are far
 * fewer frames than times that they are on a stack.
 */
#ifndef MEMPROF_ANALYZER_VIEW_EXPORT_FRAME_TEXTS_H
#define MEMPROF_ANALYZER_VIEW_EXPORT_FRAME_TEXTS_H

#include <stddef.h>
#include <stdio.h>

#include "analyzer/model/catalog.h"

/* Writes the text of a frame. */
typedef void frame_texts_fn(FILE *file, const struct catalog *catalog,
			    const struct catalog_frame *frame);

struct frame_texts {
	char *bytes;
	size_t count;	/* of bytes */
	size_t *starts; /* per frame, and the end of the last one */
};

/* 0, or DUMP_MEMORY. */
int frame_texts_init(struct frame_texts *ret_texts,
		     const struct catalog *catalog, frame_texts_fn *put);
void frame_texts_done(struct frame_texts *texts);

/* The texts of the stack that was read, or with put those of the calls of a
 * frame, from the outermost to the innermost with semicolons between them. */
typedef void frame_texts_call_fn(FILE *file, const struct catalog_frame *frame,
				 const struct catalog_function *function,
				 const struct catalog_call *call);
void frame_texts_stack(FILE *file, const struct catalog *catalog,
		       const struct frame_texts *texts);
void frame_texts_calls(FILE *file, const struct catalog *catalog,
		       const struct catalog_frame *frame,
		       frame_texts_call_fn *put);

/* The numbers of its calls, as an array of JSON has them: from the innermost
 * on, or the other way round; with 1 added where number 0 is something else. */
void frame_texts_numbers(FILE *file, const struct catalog *catalog,
			 const struct catalog_frame *frame);
void frame_texts_numbers_reversed(FILE *file, const struct catalog *catalog,
				  const struct catalog_frame *frame);
void frame_texts_numbers_from_1(FILE *file, const struct catalog *catalog,
				const struct catalog_frame *frame);

static inline const char *frame_texts_of(const struct frame_texts *texts,
					 uint32_t frame, size_t *ret_bytes)
{
	*ret_bytes = texts->starts[frame + 1] - texts->starts[frame];
	return texts->bytes + texts->starts[frame];
}

#endif
