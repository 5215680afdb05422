/* SPDX-License-Identifier: MIT */
/* The table of formats, and text as they have it. */
#include "config.h"

#include "analyzer/view/export/exporter.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/base/term.h"

const char *const export_names[] = {
	"json",	  "csv",    "folded",	 "pprof",     "speedscope",
	"dhat",	  "massif", "callgrind", "heaptrack",
#ifdef HAVE_SQLITE3
	"sqlite",
#endif
	NULL,
};

const struct exporter *const exporters[] = {
	&export_json,	&export_csv,	    &export_folded,
	&export_pprof,	&export_speedscope, &export_dhat,
	&export_massif, &export_callgrind,  &export_heaptrack,
#ifdef HAVE_SQLITE3
	&export_sqlite,
#endif
	NULL,
};

#define PIECE 256 /* bytes of text that are cleaned at a time */

void export_text(FILE *file, const char *text, const char *special)
{
	size_t bytes = strlen(text);

	while (bytes > 0) {
		char clean[PIECE + 1];
		size_t piece = bytes < PIECE ? bytes : PIECE;

		/* Not within a character. */
		while (piece < bytes && piece > PIECE - 4 &&
		       ((unsigned char)text[piece] & 0xc0) == 0x80)
			piece--;
		term_clean(clean, sizeof(clean), text, piece);
		for (char *c = clean; (c = strpbrk(c, special)); c++)
			*c = '?';
		fputs(clean, file);
		text += piece;
		bytes -= piece;
	}
}

char *export_clean(const char *text)
{
	size_t bytes = strlen(text);
	char *clean = malloc(bytes + 1);

	return clean ? term_clean(clean, bytes + 1, text, bytes) : NULL;
}

void export_command(FILE *file, const struct summary *summary,
		    const char *special)
{
	if (summary->arguments.count == 0)
		export_text(file, summary->program, special);
	for (size_t i = 0; i < summary->arguments.count; i++) {
		if (i)
			fputc(' ', file);
		export_text(file, summary->arguments.array[i], special);
	}
}
