/* SPDX-License-Identifier: MIT */
/* The lines of one source file, and what the sites charge to them. */
#include "config.h"

#include "analyzer/model/lines.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/lines_rows.h"
#include "analyzer/model/places.h"
#include "analyzer/model/ranking.h"
#include "analyzer/model/region.h"

/* How well a file of the debug information fits what the user wrote. */
enum fit { FIT_NONE, FIT_NAME, FIT_END, FIT_EXACT };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static enum fit fit_of(const char *file, const char *wanted, const char *real)
{
	size_t bytes = strlen(file), wanted_bytes;

	if (strcmp(file, wanted) == 0 || (real && strcmp(file, real) == 0))
		return FIT_EXACT;
	while (wanted[0] == '.' && wanted[1] == '/')
		wanted += 2;
	wanted_bytes = strlen(wanted);
	if (wanted_bytes == 0)
		return FIT_NONE;
	if (wanted_bytes == bytes && strcmp(file, wanted) == 0)
		return FIT_END;
	if (wanted[0] != '/' && wanted_bytes < bytes &&
	    file[bytes - wanted_bytes - 1] == '/' &&
	    strcmp(file + bytes - wanted_bytes, wanted) == 0)
		return FIT_END;
	return strcmp(base_name(file), base_name(wanted)) == 0 ? FIT_NAME
							       : FIT_NONE;
}

/* Makes every frame on a stack known to the places. */
static int learn_frames(struct places *places, const struct analysis *analysis)
{
	const struct tree *tree = &analysis->tree;
	const uint32_t *numbers;
	size_t count;

	for (size_t i = 1; i < analysis->dump->node_count; i++)
		if (tree->frame_of[i] != 0 && analysis->sites.is_used[i] &&
		    places_of(places, tree->frame_of[i], &numbers, &count) < 0)
			return DUMP_MEMORY;
	return 0;
}

/* Is it already among the candidates? Files are many times in the places. */
static bool has_candidate(const struct lines_candidates *candidates,
			  const char *file)
{
	size_t n = candidates->count;

	if (n > LINES_CANDIDATES_MAX)
		n = LINES_CANDIDATES_MAX;
	for (size_t i = 0; i < n; i++)
		if (strcmp(candidates->files[i], file) == 0)
			return true;
	return false;
}

static void collect(const struct places *files, const char *wanted,
		    const char *real, enum fit fit,
		    struct lines_candidates *candidates)
{
	for (size_t i = 0; i < files->count; i++) {
		const char *file = files->array[i].file;

		if (!file || fit_of(file, wanted, real) != fit ||
		    has_candidate(candidates, file))
			continue;
		if (candidates->count < LINES_CANDIDATES_MAX)
			candidates->files[candidates->count] = file;
		candidates->count++;
	}
}

/* The file of the debug information that is meant. */
static int choose_file(const struct places *files, const char *wanted,
		       const char **ret_file,
		       struct lines_candidates *ret_candidates)
{
	char *real = realpath(wanted, NULL);
	int ret = LINES_UNKNOWN;

	*ret_candidates = (struct lines_candidates) { .count = 0 };
	for (enum fit fit = FIT_EXACT; fit >= FIT_END; fit--) {
		collect(files, wanted, real, fit, ret_candidates);
		/* Exactly is by the name and by what it leads to: either. */
		if (ret_candidates->count == 0)
			continue;
		ret = ret_candidates->count == 1 || fit == FIT_EXACT
			      ? 0
			      : LINES_AMBIGUOUS;
		*ret_file = ret_candidates->files[0];
		break;
	}
	if (ret == LINES_UNKNOWN)
		collect(files, wanted, real, FIT_NAME, ret_candidates);
	free(real);
	return ret;
}

/*
 * The place that each stack is charged to: that of its innermost activation
 * in the file, which is its innermost frame's or else that of the caller's
 * stack. Numbers + 1; 0: no frame in the file.
 */
static int charge(uint32_t *charged, struct places *places,
		  const struct analysis *analysis, const char *file)
{
	const struct tree *tree = &analysis->tree;

	for (size_t i = 1; i < analysis->dump->node_count; i++) {
		const uint32_t *numbers;
		size_t count;

		if (tree->frame_of[i] == 0 || !analysis->sites.is_used[i])
			continue;
		if (places_of(places, tree->frame_of[i], &numbers, &count) < 0)
			return DUMP_MEMORY;
		charged[i] = charged[tree_parent(tree, (uint32_t)i)];
		for (size_t k = 0; k < count; k++) {
			const struct place *place = &places->array[numbers[k]];

			if (!place->file || strcmp(place->file, file) != 0)
				continue;
			charged[i] = numbers[k] + 1;
			break;
		}
	}
	return 0;
}

static bool is_same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* The charging of sites to the places of a file. */
struct charging {
	struct lines *lines;
	struct places *places;
	struct analysis *analysis;
	const uint32_t *in_file; /* per node, from charge() */
	struct lines_sums sums;
};

static bool is_in_file(const struct charging *charging, uint32_t number)
{
	const char *file = charging->places->array[number].file;

	return file && strcmp(file, charging->lines->file) == 0;
}

/* The number + 1 of the first place with the same key; 0: no memory. */
static uint32_t first_with(struct intmap *map, uint64_t key, uint32_t key2,
			   uint32_t number)
{
	uint32_t *first = intmap_at(map, key, key2);

	if (!first)
		return 0;
	if (*first == 0)
		*first = number + 1;
	return *first;
}

/* The first places with the same line, with the same function, and with the
 * same both. */
static int find_firsts(struct charging *charging)
{
	const struct places *places = charging->places;
	struct intmap lines = { 0 }, parts = { 0 };
	size_t functions = 0;
	uint32_t *known = calloc(places->count + 1, sizeof(*known));
	int ret = known ? 0 : DUMP_MEMORY;

	for (uint32_t i = 0; i < places->count && ret == 0; i++) {
		const struct place *place = &places->array[i];
		struct lines_firsts *firsts = &charging->sums.firsts[i];
		uint32_t line, part;
		size_t k = 0;

		if (!is_in_file(charging, i))
			continue;
		while (k < functions &&
		       !is_same_name(places->array[known[k]].function,
				     place->function))
			k++;
		if (k == functions)
			known[functions++] = i;
		line = first_with(&lines, place->line, 1, i);
		part = first_with(&parts, place->line, known[k], i);
		if (line == 0 || part == 0)
			ret = DUMP_MEMORY;
		*firsts = (struct lines_firsts) {
			.line = line - 1,
			.function = known[k],
			.part = part - 1,
		};
	}
	free(known);
	intmap_clear(&lines);
	intmap_clear(&parts);
	return ret;
}

/* A site counts once for each line, function and line of a function. */
static void add_once(struct lines_sum *sum, const struct sites *sites,
		     size_t site)
{
	const struct error *error = sites_error(sites, site);

	if (sum->last_site == site + 1)
		return;
	sum->last_site = (uint32_t)site + 1;
	counts_add(&sum->row.counts, &sites->array[site].counts);
	if (sites->has_interpreter)
		counts_add(&sum->row.interpreter, &sites->interpreter[site]);
	if (error)
		error_add(&sum->row.error, error);
}

static void add_place(struct charging *charging, uint32_t number, size_t site)
{
	const struct sites *sites = &charging->analysis->sites;
	const struct lines_sums *sums = &charging->sums;
	const struct lines_firsts *firsts = &sums->firsts[number];

	add_once(&sums->of_line[firsts->line], sites, site);
	add_once(&sums->of_function[firsts->function], sites, site);
	add_once(&sums->of_part[firsts->part], sites, site);
}

/* The place of the frame that allocated: of the innermost one at all, or of
 * the innermost Python frame. Number + 1; 0: it is not in the file. */
static int find_self(struct charging *charging, uint32_t node,
		     uint32_t *ret_place)
{
	const struct tree *tree = &charging->analysis->tree;
	const uint32_t *numbers;
	size_t count;

	*ret_place = 0;
	for (bool is_first = true; node != 0 && tree->frame_of[node] != 0;
	     is_first = false, node = tree_parent(tree, node)) {
		const bool is_python =
			tree->frames[tree->frame_of[node]].is_python;

		if (!is_first && !is_python)
			continue;
		if (places_of(charging->places, tree->frame_of[node], &numbers,
			      &count) < 0)
			return DUMP_MEMORY;
		if (is_in_file(charging, numbers[0]))
			*ret_place = numbers[0] + 1;
		if (*ret_place || is_python)
			break;
	}
	return 0;
}

static int add_all(struct charging *charging, uint32_t node, size_t site)
{
	const struct tree *tree = &charging->analysis->tree;
	const uint32_t *numbers;
	size_t count;

	for (; node != 0 && tree->frame_of[node] != 0;
	     node = tree_parent(tree, node)) {
		/* What is further out does not go through the file. */
		if (!charging->in_file[node])
			break;
		if (places_of(charging->places, tree->frame_of[node], &numbers,
			      &count) < 0)
			return DUMP_MEMORY;
		for (size_t i = 0; i < count; i++)
			if (is_in_file(charging, numbers[i]))
				add_place(charging, numbers[i], site);
	}
	return 0;
}

static int add_site(struct charging *charging, size_t site)
{
	struct lines *lines = charging->lines;
	struct analysis *analysis = charging->analysis;
	const struct sites *sites = &analysis->sites;
	const uint32_t node =
		names_self(&analysis->names, sites->array[site].node);
	uint32_t place = charging->in_file[node];
	int ret = 0;

	if (place != 0 && lines->charge == LINES_SELF)
		ret = find_self(charging, node, &place);
	if (place == 0 || ret < 0)
		return ret;
	counts_add(&lines->sum, &sites->array[site].counts);
	if (sites->has_interpreter)
		counts_add(&lines->sum_interpreter, &sites->interpreter[site]);
	if (sites->errors)
		error_add(&lines->sum_error, &sites->errors[site]);
	lines->site_count++;
	if (lines->charge == LINES_CUMULATIVE)
		return add_all(charging, node, site);
	add_place(charging, place - 1, site);
	return 0;
}

/* Sums the sites up by the lines that they are charged to. */
static int add_sites(struct lines *lines, const uint32_t *in_file,
		     struct places *places, struct analysis *analysis)
{
	const size_t room = places->count + 1;
	struct charging charging = {
		.lines = lines,
		.places = places,
		.analysis = analysis,
		.in_file = in_file,
	};
	struct lines_sums *sums = &charging.sums;
	int ret = DUMP_MEMORY;

	lines->is_estimate = analysis->sites.errors != NULL;
	lines->has_interpreter = analysis->sites.has_interpreter;
	sums->firsts = calloc(room, sizeof(*sums->firsts));
	sums->of_line = calloc(room, sizeof(*sums->of_line));
	sums->of_function = calloc(room, sizeof(*sums->of_function));
	sums->of_part = calloc(room, sizeof(*sums->of_part));
	if (sums->firsts && sums->of_line && sums->of_function && sums->of_part)
		ret = find_firsts(&charging);
	for (size_t i = 0; i < analysis->sites.count && ret == 0; i++)
		if (analysis->filter.keeps[i])
			ret = add_site(&charging, i);
	if (ret == 0)
		ret = lines_rows_make(lines, places, sums);
	free(sums->firsts);
	free(sums->of_line);
	free(sums->of_function);
	free(sums->of_part);
	return ret;
}

/*
 * When was the newest code made that has frames in the file? 0: unknown.
 * Python reads its code from the source, at the start or later.
 */
static uint64_t code_time(struct places *places,
			  const struct analysis *analysis, const char *file,
			  bool *ret_is_python)
{
	const struct tree *tree = &analysis->tree;
	uint64_t newest = 0;

	for (uint32_t i = 1; i < tree->frame_count; i++) {
		const struct tree_frame *frame = &tree->frames[i];
		const struct sym_frame *frames;
		uint64_t time = analysis->summary.start_unix_ns;
		size_t count;

		if ((frame->module == MODULES_NONE && !frame->is_python) ||
		    !places->of_frame[i].is_known)
			continue;
		if (!frame->is_python)
			time = tree->modules.array[frame->module].file_mtime_ns;
		count = names_of(places->names, i, &frames);
		for (size_t k = 0; k < count; k++) {
			if (!frames[k].file ||
			    strcmp(frames[k].file, file) != 0)
				continue;
			*ret_is_python |= frame->is_python;
			if (time > newest)
				newest = time;
		}
	}
	return newest;
}

static int find_source(struct lines *lines, struct places *places,
		       const struct analysis *analysis,
		       const struct lines_search *search)
{
	const struct source_search where = {
		.file = lines->file,
		.given = search->file,
		.sysroot = search->sysroot,
		.dirs = search->source_dirs,
		.dir_count = search->source_dir_count,
		.directory = analysis->summary.directory,
	};
	uint64_t time =
		code_time(places, analysis, lines->file, &lines->is_python);
	int ret = source_read(&lines->source, &where);

	if (ret < 0 || !lines->source.path)
		return ret;
	lines->is_source_newer = time != 0 && lines->source.mtime_ns > time;
	return 0;
}

int lines_init(struct lines *ret_lines, struct analysis *analysis,
	       const struct lines_search *search,
	       struct lines_candidates *ret_candidates)
{
	struct lines lines = { .charge = search->charge };
	struct places places;
	size_t nodes = analysis->dump->node_count;
	uint32_t *charged = region_new(nodes, sizeof(*charged));
	int ret = places_init(&places, &analysis->names, PLACES_LINE);

	if (ret < 0) {
		region_free(charged, nodes, sizeof(*charged));
		return ret;
	}
	if (!charged)
		ret = DUMP_MEMORY;
	if (ret == 0)
		ret = learn_frames(&places, analysis);
	if (ret == 0)
		ret = choose_file(&places, search->file, &lines.file,
				  ret_candidates);
	if (ret == 0)
		ret = charge(charged, &places, analysis, lines.file);
	if (ret == 0)
		ret = add_sites(&lines, charged, &places, analysis);
	if (ret == 0)
		ret = find_source(&lines, &places, analysis, search);
	region_free(charged, nodes, sizeof(*charged));
	places_done(&places);
	if (ret == 0)
		*ret_lines = lines;
	else
		lines_done(&lines);
	return ret;
}

static int compare_texts(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

int lines_files(struct analysis *analysis, const char ***ret_files,
		size_t *ret_count)
{
	struct places places;
	const char **files = NULL;
	size_t count = 0, kept = 0;
	int ret = places_init(&places, &analysis->names, PLACES_FILE);

	if (ret < 0)
		return ret;
	ret = learn_frames(&places, analysis);
	if (ret == 0)
		files = calloc(places.count + 1, sizeof(*files));
	for (size_t i = 0; i < places.count && files; i++)
		if (places.array[i].file)
			files[count++] = places.array[i].file;
	places_done(&places);
	if (!files)
		return DUMP_MEMORY;
	qsort(files, count, sizeof(*files), compare_texts);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(files[kept - 1], files[i]) != 0)
			files[kept++] = files[i];
	*ret_files = files;
	*ret_count = kept;
	return 0;
}

void lines_done(struct lines *lines)
{
	free(lines->rows);
	free(lines->parts);
	free(lines->functions);
	source_done(&lines->source);
	*lines = (struct lines) { 0 };
}

int lines_rank(struct lines *lines, enum metric metric, size_t limit,
	       bool by_line)
{
	const struct ranking_source source = {
		.first = &lines->rows->counts,
		.stride = sizeof(*lines->rows),
		.count = lines->row_count,
		.has_zeros = true,
	};
	struct lines_row *rows;
	struct ranking ranking;
	int ret;

	if (by_line && limit == 0)
		return 0;
	ret = ranking_init(&ranking, &source, metric, limit);
	if (ret < 0)
		return ret;
	rows = calloc(ranking.shown + 1, sizeof(*rows));
	if (!rows) {
		ranking_done(&ranking);
		return DUMP_MEMORY;
	}
	for (size_t i = 0; i < ranking.shown; i++)
		rows[i] = lines->rows[ranking.numbers[i]];
	if (by_line && ranking.shown)
		qsort(rows, ranking.shown, sizeof(*rows), lines_compare_rows);
	free(lines->rows);
	lines->rows = rows;
	lines->rows_left_out += lines->row_count - ranking.shown;
	lines->row_count = ranking.shown;
	ranking_done(&ranking);
	return 0;
}
