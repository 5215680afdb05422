/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks, what flamegraph.pl and its kin read: a line for each stack,
 * its functions from the outermost to the innermost, and one number.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/export/exporter.h"
#include "analyzer/view/export/frame_texts.h"

/* There is nothing but names: those of Python have their file with them. */
static void put_python_file(FILE *file, const char *path)
{
	const char *slash = strrchr(path, '/');

	fputs(" (", file);
	export_text(file, slash ? slash + 1 : path, ";");
	putc(')', file);
}

static void put_call(FILE *file, const struct catalog_frame *frame,
		     const struct catalog_function *function,
		     const struct catalog_call *call)
{
	(void)call;
	export_text(file, function->name, ";");
	if (frame->is_python && function->file)
		put_python_file(file, function->file);
}

static void put_frame(FILE *file, const struct catalog *catalog,
		      const struct catalog_frame *frame)
{
	frame_texts_calls(file, catalog, frame, put_call);
}

static int put_entry(FILE *file, struct catalog *catalog,
		     const struct frame_texts *texts,
		     const struct catalog_entry *entry, enum metric metric)
{
	if (catalog_read(catalog, entry) < 0)
		return DUMP_MEMORY;
	frame_texts_stack(file, catalog, texts);
	fprintf(file, " %" PRId64 "\n", entry->counts.of[metric]);
	return 0;
}

static int folded_write(FILE *file, struct catalog *catalog,
			const struct export_options *options)
{
	struct frame_texts texts;
	int ret = frame_texts_init(&texts, catalog, put_frame);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < catalog->entry_count && ret == 0; i++)
		ret = put_entry(file, catalog, &texts, &catalog->entries[i],
				options->metric);
	frame_texts_done(&texts);
	return ret;
}

const struct exporter export_folded = {
	.name = "folded",
	.write = folded_write,
};
