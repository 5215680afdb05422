/* SPDX-License-Identifier: MIT */
/* What a format writes for each frame. */
#include "config.h"

#include "analyzer/view/export/frame_texts.h"

#include <inttypes.h>
#include <stdio_ext.h>
#include <stdlib.h>

#include "analyzer/model/dump.h"

int frame_texts_init(struct frame_texts *ret_texts,
		     const struct catalog *catalog, frame_texts_fn *put)
{
	struct frame_texts texts = { 0 };
	FILE *file = open_memstream(&texts.bytes, &texts.count);
	int ret = 0;

	texts.starts = calloc(catalog->frame_count + 1, sizeof(*texts.starts));
	if (!file || !texts.starts)
		ret = DUMP_MEMORY;
	if (file)
		__fsetlocking(file, FSETLOCKING_BYCALLER);
	for (size_t i = 0; i < catalog->frame_count && ret == 0; i++) {
		long at;

		put(file, catalog, &catalog->frames[i]);
		at = ftell(file);
		if (at < 0)
			ret = DUMP_MEMORY;
		else
			texts.starts[i + 1] = (size_t)at;
	}
	if (file && fclose(file) != 0)
		ret = DUMP_MEMORY;
	if (ret == 0)
		*ret_texts = texts;
	else
		frame_texts_done(&texts);
	return ret;
}

void frame_texts_done(struct frame_texts *texts)
{
	free(texts->bytes);
	free(texts->starts);
	*texts = (struct frame_texts) { 0 };
}

void frame_texts_stack(FILE *file, const struct catalog *catalog,
		       const struct frame_texts *texts)
{
	for (size_t at = catalog->stack_count; at-- > 0;) {
		size_t bytes;
		const char *text =
			frame_texts_of(texts, catalog->stack[at], &bytes);

		fwrite(text, 1, bytes, file);
		if (at > 0)
			fputc(';', file);
	}
}

void frame_texts_calls(FILE *file, const struct catalog *catalog,
		       const struct catalog_frame *frame,
		       frame_texts_call_fn *put)
{
	for (uint32_t i = frame->count; i-- > 0;) {
		const struct catalog_call *call =
			&catalog->calls[frame->first + i];

		put(file, frame, &catalog->functions[call->function], call);
		if (i > 0)
			fputc(';', file);
	}
}

void frame_texts_numbers(FILE *file, const struct catalog *catalog,
			 const struct catalog_frame *frame)
{
	(void)catalog;
	for (uint32_t i = 0; i < frame->count; i++)
		fprintf(file, "%s%" PRIu64, i ? ", " : "",
			(uint64_t)frame->first + i);
}

void frame_texts_numbers_reversed(FILE *file, const struct catalog *catalog,
				  const struct catalog_frame *frame)
{
	(void)catalog;
	for (uint32_t i = frame->count; i-- > 0;)
		fprintf(file, "%" PRIu64 "%s", (uint64_t)frame->first + i,
			i ? ", " : "");
}

void frame_texts_numbers_from_1(FILE *file, const struct catalog *catalog,
				const struct catalog_frame *frame)
{
	(void)catalog;
	for (uint32_t i = 0; i < frame->count; i++)
		fprintf(file, "%s%" PRIu64, i ? ", " : "",
			(uint64_t)frame->first + i + 1);
}
