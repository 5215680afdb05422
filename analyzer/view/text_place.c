/* SPDX-License-Identifier: MIT */
/* What a row of a flat table, of a tree or of a difference is called. */
#include "config.h"

#include "analyzer/view/text_place.h"

#include <inttypes.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/view/stack_text.h"
#include "analyzer/view/text.h"

/* The dump that a place is of, and all those beside it. */
struct origin {
	const struct summary *summary;
	const struct analysis *analyses;
	size_t count;
};

unsigned text_place_columns(const struct term *term, unsigned used)
{
	if (!term->is_terminal)
		return 0;
	return term->width > used + TEXT_PLACE_MIN / 2 ? term->width - used
						       : TEXT_PLACE_MIN / 2;
}

/* The columns that are left behind a text; at least enough for a mark. */
static unsigned left_of(unsigned columns, const char *text)
{
	unsigned used = term_text_columns(text) + 2;

	if (columns == 0)
		return 0;
	return columns > used ? columns - used : 0;
}

/* Two texts side by side, the first one more important: the second has at
 * least a third of the room. */
static void print_pair(struct term *term, char *first, enum term_style of_first,
		       char *second, enum term_style of_second,
		       unsigned columns)
{
	unsigned left = left_of(columns, first);

	text_styled(term, of_first, first);
	if (!*second || (columns && left == 0))
		return;
	fputs("  ", term->file);
	text_styled(term, of_second, text_fit(second, left));
}

static unsigned two_thirds(unsigned columns)
{
	return columns ? columns - columns / 3 : 0;
}

/* The path and line of a place; "" where there is none. */
static char *path_of(char buf[static TEXT_NAME_BYTES],
		     const struct place *place, const struct summary *summary)
{
	char path[TEXT_NAME_BYTES];

	buf[0] = '\0';
	if (!place->file)
		return buf;
	text_path(path, place->file, summary);
	if (place->line)
		snprintf(buf, TEXT_NAME_BYTES, "%.*s:%" PRIu32,
			 TEXT_NAME_BYTES - 16, path, place->line);
	else
		memcpy(buf, path, strlen(path) + 1);
	return buf;
}

/* A name fits as it is, or is cut to two thirds when a path follows it. */
static char *function_of(char buf[static TEXT_NAME_BYTES],
			 const struct place *place, unsigned columns,
			 const char *path, bool is_short)
{
	unsigned room = columns;

	if (*path && columns) {
		room = left_of(columns, path);
		if (room < two_thirds(columns))
			room = two_thirds(columns);
	}
	if (is_short)
		return text_short_function(buf, place->function, room);
	return text_function(buf, place->function, room);
}

/* The name of a file, or where there are several of that name its path. */
static char *module_name(char buf[static TEXT_NAME_BYTES],
			 const struct origin *origin, const char *module)
{
	const char *base = keys_base_name(module);

	/* What is stripped of its folders has none to tell. */
	for (size_t i = 0; i < origin->count && base != module; i++) {
		const struct modules *modules =
			&origin->analyses[i].tree.modules;

		for (size_t m = 0; m < modules->count; m++) {
			const char *path = modules->array[m].path;

			if (strcmp(keys_base_name(path), base) == 0 &&
			    strcmp(path, module) != 0)
				return text_path(buf, module, origin->summary);
		}
	}
	return text_base_name(buf, module);
}

static void print_module(struct term *term, enum top_by by,
			 const struct place *place, const char *module,
			 const struct origin *origin, unsigned columns)
{
	char name[TEXT_NAME_BYTES], base[TEXT_NAME_BYTES];
	char buf[TEXT_NAME_BYTES + 2];

	snprintf(buf, sizeof(buf), by == TOP_MODULE ? "%s" : "[%s]",
		 module ? module_name(base, origin, module) : "unknown code");
	if (!module)
		snprintf(buf, sizeof(buf), "[unknown code]");
	if (place->function) {
		function_of(name, place, columns, buf, false);
		if (place->start == 0) {
			print_pair(term, name, TERM_FUNCTION, buf, TERM_PLAIN,
				   columns);
			return;
		}
		snprintf(buf, sizeof(buf), "%s", name);
	}
	fputs(text_fit(buf, columns), term->file);
	if (module && by != TOP_MODULE &&
	    (columns == 0 || left_of(columns, buf) >= 22))
		text_styled(term, TERM_DIM, " (no debug information)");
}

static void print_place(struct term *term, enum top_by by,
			const struct place *place, const char *module,
			const struct origin *origin, unsigned columns)
{
	char name[TEXT_NAME_BYTES], path[TEXT_NAME_BYTES];

	if (!place->file) {
		print_module(term, by, place, module, origin, columns);
		return;
	}
	path_of(path, place, origin->summary);
	name[0] = '\0';
	if (by == TOP_FUNCTION) {
		function_of(name, place, columns, path, false);
		print_pair(term, name, TERM_FUNCTION, path, TERM_PATH, columns);
		return;
	}
	if (by == TOP_LINE && place->function)
		text_short_function(name, place->function, 0);
	text_fit(path, columns);
	print_pair(term, path, TERM_PATH, name, TERM_FUNCTION, columns);
}

static void print_row(struct term *term, const struct set *set, enum top_by by,
		      const struct top_row *row, unsigned columns)
{
	const struct analysis *analysis = &set->array[row->dump];
	const struct origin origin = { &analysis->summary, set->array,
				       set->count };
	const char *module = NULL;

	if (row->place.module != MODULES_NONE)
		module = analysis->tree.modules.array[row->place.module].path;
	if (module && row->is_stripped)
		module = keys_base_name(module);
	print_place(term, by, &row->place, module, &origin, columns);
}

void text_place_key(struct term *term, const struct set *set,
		    const struct keys *keys, uint32_t number, enum places_by by,
		    unsigned columns)
{
	static const enum top_by of[] = {
		[PLACES_FUNCTION] = TOP_FUNCTION,
		[PLACES_LINE] = TOP_LINE,
		[PLACES_FILE] = TOP_FILE,
		[PLACES_MODULE] = TOP_MODULE,
	};
	const struct keys_entry *entry = &keys->array[number];
	const struct origin origin = { &set->array[entry->dump].summary,
				       set->array, set->count };

	print_place(term, of[by], &entry->place, entry->module, &origin,
		    columns);
}

char *text_bucket(char buf[static TEXT_BUCKET_BYTES], const struct term *term,
		  unsigned bucket)
{
	char first[UNITS_TEXT_BYTES], last[UNITS_TEXT_BYTES];
	uint64_t from, to;

	top_bucket_range(bucket, &from, &to);
	units_size(last, term->units, to);
	if (from == to)
		snprintf(buf, TEXT_BUCKET_BYTES, "%s", last);
	else if (to == UINT64_MAX)
		snprintf(buf, TEXT_BUCKET_BYTES, "over %s",
			 units_size(first, term->units, from - 1));
	else
		snprintf(buf, TEXT_BUCKET_BYTES, "over %s to %s",
			 units_size(first, term->units, from - 1), last);
	return buf;
}

int text_place_row(struct term *term, const struct set *set, enum top_by by,
		   const struct top_row *row, struct stack *stack,
		   unsigned used)
{
	struct analysis *analysis = &set->array[row->dump];
	char buf[TEXT_BUCKET_BYTES];
	int ret;

	if (row->has_no_stack && by != TOP_SITE) {
		fputs(stack_text_missing(SITE_STACK), term->file);
		return 0;
	}
	switch (by) {
	case TOP_SITE:
		ret = stack_read(stack, &analysis->names,
				 &analysis->sites.array[row->site]);
		if (ret == 0)
			stack_text_line(term, stack, &analysis->summary, used);
		return ret;
	case TOP_THREAD:
		text_thread(term, row);
		ret = stack_read_start(stack, &analysis->names,
				       row->started_at);
		if (ret == 0 && stack->start_count) {
			fputs("  ", term->file);
			stack_text_starts(term, stack, &analysis->summary);
		}
		return ret;
	case TOP_SIZE:
		fputs(text_bucket(buf, term, row->bucket), term->file);
		return 0;
	default:
		print_row(term, set, by, row, text_place_columns(term, used));
		return 0;
	}
}
