/* SPDX-License-Identifier: MIT */
/* memprof tree: who called what, from the top down or inverted. */
#include "config.h"

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/sort_keys.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/json_tree.h"
#include "analyzer/view/text_tree.h"

#define LINES_SHOWN   200
#define MIN_PERCENT   "1"
#define PERCENT_SCALE 100000000u

struct options_of_tree {
	struct report_options report;
	int by;
	const char *sort;
	bool is_inverted;
	int64_t depth;
	const char *min_percent;
	bool folds_recursion;
	bool strip_dirs;
};

/* In the order of enum places_by. */
static const char *const by_keys[] = { "function", "line", "file", "module",
				       NULL };

#define FIELD(field) .offset = offsetof(struct options_of_tree, field)

static const struct option_spec tree_specs[] = {
	{ OPTION_ENUM, "by", 'b', "WHAT", FIELD(by), .help = "nodes are",
	  .choices = by_keys },
	{ OPTION_STRING, "sort", 's', "KEY", FIELD(sort),
	  .help = "show live, peak, allocated (the default), count, frees or "
		  "temporary, largest first" },
	{ OPTION_FLAG, "inverted", 'i', FIELD(is_inverted),
	  .help = "begin at what allocates and go on to who called it" },
	{ OPTION_INT, "depth", .argument = "N", FIELD(depth), .max = INT32_MAX,
	  .help = "not deeper than N; 0: all" },
	{ OPTION_STRING, "min-percent", .argument = "P", FIELD(min_percent),
	  .help = "leave out what has less of the whole (default: " MIN_PERCENT
		  ")" },
	{ OPTION_FLAG, "fold-recursion", 'f', FIELD(folds_recursion),
	  .help = "what calls itself again, at whatever distance, is one "
		  "node" },
	{ OPTION_FLAG, "strip-dirs", FIELD(strip_dirs),
	  .help = "files of one name are one file, whatever their folders" },
	{ 0 }
};

static const struct option_table tree_tables[] = {
	{ .heading = "Options", .specs = tree_specs },
	REPORT_OPTIONS_TABLE(struct options_of_tree, report),
	{ 0 }
};

static const struct options_of_tree tree_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
	.min_percent = MIN_PERCENT,
};

struct request {
	const struct options_of_tree *options;
	struct calltree_options how;
};

/* "1", "0.05": from 0 to 100, whatever the locale. */
static bool parse_percent(const char *text, double *ret_percent)
{
	uint64_t number = 0, scale = 1;
	bool has_point = false, has_digits = false;

	for (; *text; text++) {
		if (*text == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (*text < '0' || *text > '9' || scale >= PERCENT_SCALE ||
		    number >= PERCENT_SCALE * UINT64_C(1000))
			return false;
		number = 10 * number + (uint64_t)(*text - '0');
		has_digits = true;
		if (has_point)
			scale *= 10;
	}
	*ret_percent = (double)number / (double)scale;
	return has_digits && *ret_percent <= 100;
}

static int print(struct term *term, struct set *set, const void *context)
{
	const struct request *request = context;
	const struct report_options *report = &request->options->report;
	struct calltree tree;
	int ret = calltree_init(&tree, set, &request->how);

	if (ret == CALLTREE_TOO_LARGE) {
		diag_error("tree: has more than %u nodes; --depth, --focus or "
			   "--fold-recursion make it smaller",
			   CALLTREE_MAX_NODES);
		return CMD_FAILED;
	}
	if (ret < 0)
		return ret;
	if (report->is_json)
		json_tree_print(term->file, set, &tree, &request->how);
	else
		text_tree_print(term, set, &tree, &request->how,
				subject_limit(report, LINES_SHOWN));
	calltree_done(&tree);
	return CMD_DONE;
}

static int tree_run(const void *values, int argc, char **argv)
{
	const struct options_of_tree *options = values;
	struct request request = {
		.options = options,
		.how = {
			.by = (enum places_by)options->by,
			.metric = METRIC_ALLOCATED_BYTES,
			.is_inverted = options->is_inverted,
			.folds_recursion = options->folds_recursion,
			.strip_dirs = options->strip_dirs,
			.depth = (size_t)options->depth,
		},
	};

	if (!sort_keys_metric(options->sort, "tree", &request.how.metric))
		return CMD_USAGE;
	if (!parse_percent(options->min_percent, &request.how.min_percent)) {
		diag_error("tree: --min-percent: '%s' is no number from 0 to "
			   "100",
			   options->min_percent);
		return CMD_USAGE;
	}
	return subject_show_all(&options->report, argv, argc, print, &request);
}

const struct cmd cmd_tree = {
	.name = "tree",
	.summary = "who called what allocates, as a tree, top-down or inverted",
	.usage = "[options] [DUMP...]",
	.tables = tree_tables,
	.defaults = &tree_defaults,
	.options_bytes = sizeof(tree_defaults),
	.operands_max = CMD_OPERANDS_ANY,
	.run = tree_run,
};
