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

/* There is nothing but names: those of Python have their file with them. */
static void put_python_file(FILE *file, const char *path)
{
	const char *slash = strrchr(path, '/');

	fputs(" (", file);
	export_text(file, slash ? slash + 1 : path, ";");
	putc(')', file);
}

static void put_frame(FILE *file, const struct catalog *catalog,
		      uint32_t number, const char *separator)
{
	const struct catalog_frame *frame = &catalog->frames[number];

	for (uint32_t i = frame->count; i-- > 0;) {
		const struct catalog_call *call =
			&catalog->calls[frame->first + i];

		const struct catalog_function *function =
			&catalog->functions[call->function];

		fputs(separator, file);
		export_text(file, function->name, ";");
		if (frame->is_python && function->file)
			put_python_file(file, function->file);
		separator = ";";
	}
}

static int folded_write(FILE *file, struct catalog *catalog,
			const struct export_options *options)
{
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct catalog_entry *entry = &catalog->entries[i];
		const char *separator = "";

		if (catalog_read(catalog, entry) < 0)
			return DUMP_MEMORY;
		for (size_t at = catalog->stack_count; at-- > 0;) {
			put_frame(file, catalog, catalog->stack[at], separator);
			separator = ";";
		}
		fprintf(file, " %" PRId64 "\n",
			entry->counts.of[options->metric]);
	}
	return 0;
}

const struct exporter export_folded = {
	.name = "folded",
	.write = folded_write,
};
