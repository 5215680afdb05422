/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks, what flamegraph.pl and its kin read: a line for each stack,
 * its functions from the outermost to the innermost, and one number.
 */
#include "config.h"

#include <inttypes.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/export/exporter.h"

static void put_frame(FILE *file, const struct catalog *catalog,
		      uint32_t number, const char *separator)
{
	const struct catalog_frame *frame = &catalog->frames[number];

	for (uint32_t i = frame->count; i-- > 0;) {
		const struct catalog_call *call =
			&catalog->calls[frame->first + i];

		fputs(separator, file);
		export_text(file, catalog->functions[call->function].name, ";");
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
