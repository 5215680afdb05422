/* SPDX-License-Identifier: MIT */
/* Budgets held against a recording. */
#include "config.h"

#include "analyzer/model/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/diff.h"
#include "analyzer/model/dump.h"

#define PERCENT_PARTS 10000 /* hundredths of a percent in a whole */

/* ---- who is meant ---- */

/* "parser.c" is the end of a path, from a slash on. */
static bool is_file(const char *path, const char *scope)
{
	size_t len, end;

	if (!path)
		return false;
	len = strlen(path);
	end = strlen(scope);
	return len >= end && strcmp(path + len - end, scope) == 0 &&
	       (len == end || path[len - end - 1] == '/' || *scope == '/');
}

/* "f" is f(int) too. */
static bool is_function(const char *name, const char *scope)
{
	size_t len = strlen(scope);

	return strncmp(name, scope, len) == 0 &&
	       (name[len] == '\0' || name[len] == '(');
}

/* Per function of a catalog: is it in the scope? NULL: memory is out. */
static uint8_t *match_functions(const struct catalog *catalog,
				const char *scope)
{
	uint8_t *matches = calloc(catalog->function_count + 1, 1);

	for (size_t i = 0; matches && i < catalog->function_count; i++)
		matches[i] = is_function(catalog->functions[i].name, scope) ||
			     is_file(catalog->functions[i].file, scope);
	return matches;
}

/* Does a call of the stack that was read match? */
static bool is_on_stack(const struct catalog *catalog, const uint8_t *matches)
{
	for (size_t i = 0; i < catalog->stack_count; i++) {
		const struct catalog_frame *frame =
			&catalog->frames[catalog->stack[i]];

		for (uint32_t call = 0; call < frame->count; call++)
			if (matches[catalog->calls[frame->first + call]
					    .function])
				return true;
	}
	return false;
}

/* Per entry: is it in the scope (NULL: all are)? */
static int match_entries(struct catalog *catalog, const char *scope,
			 uint8_t **ret_keeps)
{
	uint8_t *keeps = calloc(catalog->entry_count + 1, 1);
	uint8_t *matches = scope ? match_functions(catalog, scope) : NULL;
	int ret = keeps && (matches || !scope) ? 0 : DUMP_MEMORY;

	for (size_t i = 0; i < catalog->entry_count && ret == 0; i++) {
		keeps[i] = 1;
		if (!scope)
			continue;
		ret = catalog_read(catalog, &catalog->entries[i]);
		keeps[i] = ret == 0 && is_on_stack(catalog, matches);
	}
	free(matches);
	if (ret < 0)
		free(keeps);
	else
		*ret_keeps = keeps;
	return ret;
}

/* ---- how much ---- */

static bool is_of_leaks(const struct verdict *verdict)
{
	return verdict->budget->of == BUDGET_MAX_LEAKED &&
	       !verdict->budget->is_growth;
}

/* Of each entry, or first of all of them. */
static const struct counts *counts_of(const struct verdicts *verdicts,
				      const struct verdict *verdict,
				      uint32_t entry)
{
	return is_of_leaks(verdict) ? &verdicts->leaked[entry]
				    : &verdicts->catalog->entries[entry].counts;
}

int64_t verdict_value(const struct verdicts *verdicts,
		      const struct verdict *verdict, uint32_t entry)
{
	return counts_of(verdicts, verdict, entry)->of[verdict->metric];
}

/* Shares what is said of sites out among the entries. */
static int add_leaks(struct verdicts *verdicts, const struct leaks *leaks)
{
	const struct catalog *catalog = verdicts->catalog;
	size_t sites = catalog->analysis->sites.count;

	verdicts->leaked =
		calloc(catalog->entry_count + 1, sizeof(*verdicts->leaked));
	verdicts->hidden =
		calloc(catalog->entry_count + 1, sizeof(*verdicts->hidden));
	if (!verdicts->leaked || !verdicts->hidden)
		return DUMP_MEMORY;
	for (size_t i = 0; i < sites; i++) {
		uint32_t entry = catalog->entry_of[i];
		struct counts blamed;

		if (entry == CATALOG_NONE)
			continue;
		blamed = leaks_blamed_of(leaks, i);
		counts_add(&verdicts->leaked[entry], &blamed);
		counts_add(&verdicts->hidden[entry], &leaks->hidden[i]);
	}
	return 0;
}

/* What is known of a whole recording is exact, sampled or not. */
static int64_t value_of(const struct verdicts *verdicts,
			const struct verdict *verdict,
			const struct leaks *leaks, const uint8_t *keeps)
{
	const struct catalog *catalog = verdicts->catalog;
	const struct analysis *analysis = catalog->analysis;
	int64_t sum = 0;

	if (!verdict->budget->scope && is_of_leaks(verdict))
		return leaks_blamed(leaks).of[verdict->metric];
	if (!verdict->budget->scope && analysis->filter.is_complete)
		return analysis->sites.totals.of[verdict->metric];
	for (uint32_t i = 0; i < catalog->entry_count; i++)
		if (keeps[i])
			sum += verdict_value(verdicts, verdict, i);
	return sum;
}

static int64_t suppressed_of(const struct verdicts *verdicts,
			     const struct verdict *verdict,
			     const uint8_t *keeps)
{
	int64_t sum = 0;

	if (!is_of_leaks(verdict))
		return 0;
	for (size_t i = 0; i < verdicts->catalog->entry_count; i++)
		if (keeps[i])
			sum += verdicts->hidden[i].of[verdict->metric];
	return sum;
}

/* old plus so many hundredths of a percent, rounded down. */
static int64_t grown(int64_t old, int64_t growth)
{
	long double limit =
		(long double)old * (PERCENT_PARTS + growth) / PERCENT_PARTS;

	return limit >= (long double)DUMP_MAX_COUNT ? DUMP_MAX_COUNT
						    : (int64_t)limit;
}

static int rank(const struct verdicts *verdicts, struct verdict *verdict,
		const uint8_t *keeps)
{
	const struct catalog *catalog = verdicts->catalog;
	const struct ranking_source source = {
		.first = counts_of(verdicts, verdict, 0),
		.stride = is_of_leaks(verdict) ? sizeof(*verdicts->leaked)
					       : sizeof(*catalog->entries),
		.count = catalog->entry_count,
		.keeps = keeps,
	};
	struct ranking ranking;
	int ret = ranking_init(&ranking, &source, verdict->metric, 0);

	if (ret < 0)
		return ret;
	/* Its numbers become ours. */
	verdict->entries = ranking.numbers;
	verdict->entry_count = ranking.shown;
	return 0;
}

static int compare_growth(const void *left, const void *right, void *context)
{
	const uint32_t *a = left, *b = right;
	const int64_t *growth = context;

	if (growth[*a] != growth[*b])
		return growth[*a] > growth[*b] ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

/* What each entry has more than in the older recording. */
static int rank_growth(struct verdict *verdict, const struct catalog *catalog,
		       const struct diff *diff)
{
	verdict->growth =
		calloc(catalog->entry_count + 1, sizeof(*verdict->growth));
	verdict->entries =
		calloc(catalog->entry_count + 1, sizeof(*verdict->entries));
	if (!verdict->growth || !verdict->entries)
		return DUMP_MEMORY;
	for (size_t i = 0; i < diff->count; i++) {
		size_t row = diff->order[i];
		uint32_t entry;

		if (diff->rows[row].dump + 1 != diff->dumps)
			continue; /* there are no such sites any more */
		entry = catalog->entry_of[diff->rows[row].site];
		if (entry != CATALOG_NONE)
			verdict->growth[entry] +=
				(int64_t)diff_change(diff, row, diff->metric);
	}
	for (uint32_t i = 0; i < catalog->entry_count; i++)
		if (verdict->growth[i] > 0)
			verdict->entries[verdict->entry_count++] = i;
	qsort_r(verdict->entries, verdict->entry_count,
		sizeof(*verdict->entries), compare_growth, verdict->growth);
	return 0;
}

/* As `diff` has it. */
static int judge_growth(struct verdict *verdict, const struct catalog *catalog,
			const struct set *set)
{
	const struct diff_options how = { .by = TOP_SITE,
					  .metric = verdict->metric };
	struct diff diff;
	int ret = diff_init(&diff, set, &how);

	if (ret < 0)
		return ret;
	verdict->old = diff_counts(&diff, DIFF_TOTALS, 0)->of[verdict->metric];
	verdict->value = diff_counts(&diff, DIFF_TOTALS, diff.dumps - 1)
				 ->of[verdict->metric];
	verdict->limit = grown(verdict->old, verdict->budget->growth);
	verdict->is_broken = verdict->value > verdict->limit;
	if (verdict->is_broken)
		ret = rank_growth(verdict, catalog, &diff);
	diff_done(&diff);
	return ret;
}

static int judge(const struct verdicts *verdicts, struct verdict *verdict,
		 const struct set *set, const struct leaks *leaks)
{
	const struct budget *budget = verdict->budget;
	struct catalog *catalog = verdicts->catalog;
	uint8_t *keeps;
	int ret;

	verdict->metric = budget_metric(budget->of);
	if (budget->is_growth)
		return judge_growth(verdict, catalog, set);
	ret = match_entries(catalog, budget->scope, &keeps);
	if (ret < 0)
		return ret;
	verdict->value = value_of(verdicts, verdict, leaks, keeps);
	verdict->suppressed = suppressed_of(verdicts, verdict, keeps);
	verdict->is_unmatched =
		budget->scope && !memchr(keeps, 1, catalog->entry_count + 1);
	verdict->limit = budget->limit;
	verdict->is_broken = verdict->value > verdict->limit;
	if (verdict->is_broken)
		ret = rank(verdicts, verdict, keeps);
	free(keeps);
	return ret;
}

int verdicts_init(struct verdicts *ret_verdicts, const struct budgets *budgets,
		  struct catalog *catalog, const struct set *set,
		  const struct leaks *leaks)
{
	struct verdicts verdicts = { .catalog = catalog };
	int ret = 0;

	verdicts.array = calloc(budgets->count + 1, sizeof(*verdicts.array));
	if (!verdicts.array)
		return DUMP_MEMORY;
	if (budgets->has_leaked)
		ret = add_leaks(&verdicts, leaks);
	for (size_t i = 0; i < budgets->count && ret == 0; i++) {
		struct verdict *verdict = &verdicts.array[verdicts.count++];

		verdict->budget = &budgets->array[i];
		ret = judge(&verdicts, verdict, set, leaks);
		verdicts.broken += verdict->is_broken;
	}
	if (ret < 0)
		verdicts_done(&verdicts);
	else
		*ret_verdicts = verdicts;
	return ret;
}

void verdicts_done(struct verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->count; i++) {
		free(verdicts->array[i].entries);
		free(verdicts->array[i].growth);
	}
	free(verdicts->array);
	free(verdicts->leaked);
	free(verdicts->hidden);
	*verdicts = (struct verdicts) { 0 };
}

/* ---- where ---- */

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return len > 1 && strncmp(path, folder, len) == 0 && path[len] == '/';
}

/* How much a call is the program's own. */
enum { OWN_NOT, OWN_FILE, OWN_MODULE, OWN_FOLDER };

static int own(const struct catalog *catalog, const struct catalog_frame *frame,
	       const struct catalog_call *call)
{
	const char *file = catalog->functions[call->function].file;

	if (!file)
		return OWN_NOT;
	if (is_below(file, catalog->analysis->summary.directory))
		return OWN_FOLDER;
	if (frame->module != CATALOG_NONE &&
	    catalog->modules[frame->module]->is_main)
		return OWN_MODULE;
	return OWN_FILE;
}

const struct catalog_call *verdict_place(struct catalog *catalog,
					 uint32_t entry,
					 const struct catalog_frame **ret_frame)
{
	const struct catalog_call *best = NULL;
	int best_own = OWN_NOT;

	if (catalog_read(catalog, &catalog->entries[entry]) < 0)
		return NULL;
	for (size_t i = 0; i < catalog->stack_count; i++) {
		const struct catalog_frame *frame =
			&catalog->frames[catalog->stack[i]];

		for (uint32_t n = 0; n < frame->count; n++) {
			const struct catalog_call *call =
				&catalog->calls[frame->first + n];
			int is_own = own(catalog, frame, call);

			if (is_own <= best_own)
				continue;
			best_own = is_own;
			best = call;
			*ret_frame = frame;
		}
	}
	return best;
}
