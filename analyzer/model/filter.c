/* SPDX-License-Identifier: MIT */
/* Which sites are looked at. */
#include "config.h"

#include "analyzer/model/filter.h"

#include <regex.h>
#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/names.h"
#include "analyzer/model/region.h"
#include "analyzer/model/sites.h"
#include "analyzer/model/tree.h"

/* What a frame, and then a stack, holds. */
enum { HAS_FOCUS = 1, HAS_IGNORED = 2, IS_TRIED = 4 };

struct patterns {
	regex_t *array;
	size_t count;
};

static void free_patterns(struct patterns *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		regfree(&patterns->array[i]);
	free(patterns->array);
}

static int compile(struct patterns *patterns, const char *const *texts,
		   size_t count, char *fault, const char **ret_regex)
{
	patterns->array = calloc(count + 1, sizeof(*patterns->array));
	if (!patterns->array)
		return DUMP_MEMORY;
	for (size_t i = 0; i < count; i++) {
		regex_t *regex = &patterns->array[i];
		int err = regcomp(regex, texts[i], REG_EXTENDED | REG_NOSUB);

		if (err == REG_ESPACE)
			return DUMP_MEMORY;
		if (err) {
			regerror(err, regex, fault, FILTER_FAULT_BYTES);
			*ret_regex = texts[i];
			return FILTER_BAD_REGEX;
		}
		patterns->count++;
	}
	return 0;
}

static bool matches(const struct patterns *patterns, const char *text)
{
	for (size_t i = 0; text && i < patterns->count; i++)
		if (regexec(&patterns->array[i], text, 0, NULL, 0) == 0)
			return true;
	return false;
}

static uint8_t try_text(const struct patterns *focus,
			const struct patterns *ignore, const char *text)
{
	return (uint8_t)((matches(focus, text) ? HAS_FOCUS : 0) |
			 (matches(ignore, text) ? HAS_IGNORED : 0));
}

static uint8_t try_frame(struct names *names, uint32_t frame,
			 const struct patterns *focus,
			 const struct patterns *ignore)
{
	const struct tree_frame *from = &names->tree->frames[frame];
	const struct sym_frame *known;
	size_t count = names_of(names, frame, &known);
	uint8_t bits = IS_TRIED;

	if (from->module != MODULES_NONE)
		bits |= try_text(focus, ignore,
				 names->tree->modules.array[from->module].path);
	for (size_t i = 0; i < count; i++) {
		bits |= try_text(focus, ignore, known[i].function);
		bits |= try_text(focus, ignore, known[i].file);
	}
	return bits;
}

/* Decides for every site: what a stack holds is what its innermost frame
 * does and what the stack of the caller does. */
static int decide(struct filter *filter, struct names *names,
		  const struct patterns *focus, const struct patterns *ignore)
{
	const struct tree *tree = names->tree;
	const struct dump *dump = tree->dump;
	const struct sites *sites = filter->sites;
	uint8_t *of_frame = region_new(tree->frame_count, 1);
	uint8_t *of_node = region_new(dump->node_count, 1);
	int ret = of_frame && of_node ? 0 : DUMP_MEMORY;

	for (size_t i = 1; i < dump->node_count && ret == 0; i++) {
		uint32_t frame = tree->frame_of[i];

		if (frame == 0 || !sites->is_used[i])
			continue;
		if (of_frame[frame] == 0)
			of_frame[frame] =
				try_frame(names, frame, focus, ignore);
		of_node[i] = of_frame[frame] |
			     of_node[tree_parent(tree, (uint32_t)i)];
	}
	for (size_t i = 0; i < sites->count && ret == 0; i++) {
		uint8_t bits = of_node[sites->array[i].node];

		filter->keeps[i] = (focus->count == 0 || (bits & HAS_FOCUS)) &&
				   !(bits & HAS_IGNORED);
	}
	region_free(of_frame, tree->frame_count, 1);
	region_free(of_node, dump->node_count, 1);
	return ret;
}

int filter_init(struct filter *ret_filter, const struct sites *sites,
		struct names *names, const struct filter_options *options,
		char fault[static FILTER_FAULT_BYTES], const char **ret_regex)
{
	struct filter filter = { .sites = sites };
	struct patterns focus = { 0 }, ignore = { 0 };
	int ret = DUMP_MEMORY;

	filter.keeps = region_new(sites->count, 1);
	filter.is_complete = options->focus_count + options->ignore_count == 0;
	if (!filter.keeps)
		goto out;
	ret = compile(&focus, options->focus, options->focus_count, fault,
		      ret_regex);
	if (ret == 0)
		ret = compile(&ignore, options->ignore, options->ignore_count,
			      fault, ret_regex);
	if (ret < 0)
		goto out;
	if (!filter.is_complete)
		ret = decide(&filter, names, &focus, &ignore);
	for (size_t i = 0; i < sites->count && ret == 0; i++) {
		if (filter.is_complete)
			filter.keeps[i] = 1;
		if (!filter.keeps[i])
			continue;
		filter.count++;
		counts_add(&filter.sum, &sites->array[i].counts);
		if (sites->errors)
			error_add(&filter.error, &sites->errors[i]);
	}
out:
	free_patterns(&focus);
	free_patterns(&ignore);
	if (ret == 0)
		*ret_filter = filter;
	else
		region_free(filter.keeps, sites->count, 1);
	return ret;
}

void filter_done(struct filter *filter)
{
	if (filter->sites)
		region_free(filter->keeps, filter->sites->count, 1);
	*filter = (struct filter) { 0 };
}

void filter_drop(struct filter *filter, size_t site)
{
	if (!filter->keeps[site])
		return;
	filter->keeps[site] = 0;
	filter->count--;
	counts_subtract(&filter->sum, &filter->sites->array[site].counts);
	counts_add(&filter->dropped, &filter->sites->array[site].counts);
	if (!filter->sites->errors)
		return;
	error_subtract(&filter->error, &filter->sites->errors[site]);
	error_add(&filter->dropped_error, &filter->sites->errors[site]);
}

struct ranking_source filter_source(const struct filter *filter)
{
	const struct site *first = filter->sites->array;

	return (struct ranking_source) {
		.first = first ? &first->counts : NULL,
		.stride = sizeof(*first),
		.count = filter->sites->count,
		.keeps = filter->keeps,
	};
}
