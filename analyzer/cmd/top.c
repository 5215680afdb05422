/* SPDX-License-Identifier: MIT */
/* memprof top: the flat table. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/lifetimes.h"
#include "analyzer/cmd/sort_keys.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/model/dump.h"
#include "analyzer/view/json_top.h"
#include "analyzer/view/text_top.h"

#define ROWS_SHOWN 20

struct options_of_top {
	struct report_options report;
	int by;
	struct option_list sort;
	bool by_cumulative;
	struct option_list restrictions;
	const char *callers, *callees;
	bool strip_dirs;
};

/* In the order of enum top_by. */
static const char *const by_keys[] = {
	"function", "line",	"file",
	"module",   "site",	"thread",
	"size",	    "lifetime", "lifetime-allocations",
	"age",	    NULL
};

#define FIELD(field) .offset = offsetof(struct options_of_top, field)

static const struct option_spec top_specs[] = {
	{ OPTION_ENUM, "by", 'b', "WHAT", FIELD(by), .help = "one row for each",
	  .choices = by_keys },
	{ OPTION_LIST, "sort", 's', "KEY[,KEY]", FIELD(sort),
	  .help = "largest first by live, peak, allocated, count, frees, "
		  "temporary, self, cumulative, avg, max, lifetime, slack, or "
		  "by name" },
	{ OPTION_FLAG, "cumulative", 'c',
	  .offset = offsetof(struct options_of_top, by_cumulative),
	  .help = "sort by what is allocated below it too, not by it alone" },
	{ OPTION_LIST, "restrict", 'r', "WHAT", FIELD(restrictions),
	  .help = "keep so many rows (10), such a part of them (0.1) or those "
		  "that match; given again: of these" },
	{ OPTION_STRING, "callers", .argument = "REGEX", FIELD(callers),
	  .help = "who called what matches, with its cumulative counts split "
		  "up" },
	{ OPTION_STRING, "callees", .argument = "REGEX", FIELD(callees),
	  .help = "the same for what it called" },
	{ OPTION_FLAG, "strip-dirs",
	  .offset = offsetof(struct options_of_top, strip_dirs),
	  .help = "files of one name are one file, whatever their folders" },
	{ 0 }
};

static const struct option_table top_tables[] = {
	{ .heading = "Options", .specs = top_specs },
	REPORT_OPTIONS_TABLE(struct options_of_top, report),
	{ 0 }
};

static const struct options_of_top top_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

/* The command line, understood. */
struct request {
	const struct options_of_top *options;
	struct order_options order;
	struct sort_keys keys;
};

static int say_bad_regex(const char *regex, const char *fault)
{
	diag_error("%s: is no extended regular expression: %s", regex, fault);
	return CMD_USAGE;
}

/* Lifetimes are left out of what nobody asked for them. */
static struct top_extras extras_of(const struct request *request)
{
	const struct options_of_top *options = request->options;

	return (struct top_extras) {
		.greatest = request->keys.has_greatest,
		.ages = options->by <= TOP_SITE &&
			(options->report.is_json ||
			 request->keys.has_lifetime || request->keys.has_slack),
	};
}

/* The table of one dump, or of all together. */
static int make_table(struct top *ret_top, struct set *set,
		      const struct request *request)
{
	const struct options_of_top *options = request->options;
	struct top *tops = calloc(set->count, sizeof(*tops));
	const struct top_extras extras = extras_of(request);
	enum top_by by = (enum top_by)options->by;
	int ret = tops ? 0 : -1;

	for (size_t i = 0; i < set->count && ret == 0; i++)
		ret = top_init_with(&tops[i], &set->array[i], by, &extras);
	if (ret == 0 && set->count == 1 && !options->strip_dirs) {
		*ret_top = tops[0];
		free(tops);
		return 0;
	}
	if (ret == 0)
		ret = top_merge(ret_top, set, tops, options->strip_dirs);
	for (size_t i = 0; i < set->count && tops; i++)
		top_done(&tops[i]);
	free(tops);
	return ret;
}

static const char *title_of(const struct request *request, char *buf,
			    size_t size)
{
	const struct sort_keys *keys = &request->keys;

	if (keys->count <= 1)
		snprintf(buf, size, "%s%s",
			 request->order.by_cumulative || keys->by_cumulative
				 ? "cumulative "
				 : "",
			 text_metric_title(request->order.metric));
	else
		snprintf(buf, size, "%s, sorted by %s and %zu more",
			 text_metric_title(request->order.metric),
			 keys->names[0], keys->count - 1);
	return buf;
}

static int print_table(struct term *term, struct set *set,
		       const struct request *request)
{
	char fault[FILTER_FAULT_BYTES], title[128];
	const struct text_top_options how = {
		.metric = request->order.metric,
		.title = title_of(request, title, sizeof(title)),
		.has_frees = request->keys.has_frees,
		.has_average = request->keys.has_average,
		.has_greatest = request->keys.has_greatest,
		.has_lifetime = request->keys.has_lifetime,
		.has_slack = request->keys.has_slack,
	};
	bool has_ages = how.has_lifetime || how.has_slack ||
			top_is_of_ages((enum top_by)request->options->by);
	const char *regex;
	struct order order;
	struct top top;
	int ret;

	if (has_ages &&
	    !lifetimes_are_there(set, request->options->by == TOP_AGE))
		return CMD_USAGE;
	ret = make_table(&top, set, request);
	if (ret < 0)
		return ret;
	ret = order_init(&order, set, &top, &request->order, fault, &regex);
	if (ret == FILTER_BAD_REGEX)
		ret = say_bad_regex(regex, fault);
	if (ret == 0) {
		if (request->options->report.is_json)
			ret = json_top_print(
				term->file, set, &top, &order, &request->order,
				request->keys.names, request->keys.count);
		else
			ret = text_top_print(term, set, &top, &order, &how);
		order_done(&order);
	}
	top_done(&top);
	return ret;
}

static int print_edges(struct term *term, struct set *set,
		       const struct request *request)
{
	static const enum places_by places[] = {
		[TOP_FUNCTION] = PLACES_FUNCTION,
		[TOP_LINE] = PLACES_LINE,
		[TOP_FILE] = PLACES_FILE,
		[TOP_MODULE] = PLACES_MODULE,
	};
	const struct options_of_top *options = request->options;
	const struct edges_options how = {
		.by = places[options->by],
		.regex = options->callees ? options->callees : options->callers,
		.callees = options->callees != NULL,
		.strip_dirs = options->strip_dirs,
		.metric = request->order.metric,
	};
	char fault[FILTER_FAULT_BYTES];
	struct edges edges;
	int ret = edges_init(&edges, set, &how, fault);

	if (ret == FILTER_BAD_REGEX)
		return say_bad_regex(how.regex, fault);
	if (ret < 0)
		return ret;
	if (options->report.is_json)
		json_edges_print(term->file, set, &edges, &how);
	else
		text_edges_print(term, set, &edges, &how,
				 subject_limit(&options->report, ROWS_SHOWN));
	edges_done(&edges);
	return CMD_DONE;
}

static int print(struct term *term, struct set *set, const void *context)
{
	const struct request *request = context;

	if (request->options->callers || request->options->callees)
		return print_edges(term, set, request);
	return print_table(term, set, request);
}

/* A number that keeps no part would be taken for an expression. */
static bool are_restrictions_sensible(const struct option_list *restrictions)
{
	for (size_t i = 0; i < restrictions->count; i++) {
		const char *text = restrictions->items[i];
		size_t kept;

		if (text[strspn(text, "+-.0123456789")] != '\0' ||
		    (*text && !strpbrk(text, "0123456789")) ||
		    order_read_number(text, 1, &kept))
			continue;
		diag_error("top: --restrict: '%s' is no number of rows (10), "
			   "no part of them from 0 to 1 (0.25), and nothing "
			   "to look for in names",
			   text);
		return false;
	}
	return true;
}

/* What does not go together. */
static bool is_sensible(const struct request *request)
{
	const struct options_of_top *options = request->options;
	bool has_edges = options->callers || options->callees;

	if (options->callers && options->callees) {
		diag_error("top: --callers and --callees are two reports: ask "
			   "for one");
		return false;
	}
	if (has_edges && options->by > TOP_MODULE) {
		diag_error("top: a %s has no callers and callees: --by "
			   "function, line, file or module",
			   by_keys[options->by]);
		return false;
	}
	if (has_edges && options->restrictions.count) {
		diag_error("top: --restrict is for the table, not for callers "
			   "and callees");
		return false;
	}
	if (request->keys.has_greatest && options->by == TOP_THREAD) {
		diag_error("top: --sort max does not go with --by thread: "
			   "sizes are kept by site");
		return false;
	}
	if ((request->keys.has_lifetime || request->keys.has_slack) &&
	    options->by > TOP_SITE) {
		diag_error("top: --sort lifetime and slack do not go with --by "
			   "%s: they are kept by site",
			   by_keys[options->by]);
		return false;
	}
	return true;
}

/* Histograms of lifetimes are in their order, and count what they are of. */
static void set_histogram_order(struct request *request)
{
	struct order_options *order = &request->order;
	bool is_age = request->options->by == TOP_AGE;

	if (request->keys.has_metric)
		return;
	order->metric = is_age ? METRIC_LIVE_BYTES : METRIC_FREES;
	if (order->key_count == 0) {
		order->keys[0].key = ORDER_NAME;
		order->key_count = 1;
	}
}

static int top_run(const void *values, int argc, char **argv)
{
	const struct options_of_top *options = values;
	struct report_options report = options->report;
	struct request request = { .options = options };
	struct order_options *order = &request.order;

	if (!sort_keys_parse(&options->sort, "top", order, &request.keys) ||
	    !is_sensible(&request) ||
	    !are_restrictions_sensible(&options->restrictions))
		return CMD_USAGE;
	if (top_is_of_ages((enum top_by)options->by))
		set_histogram_order(&request);
	/* Cumulative means the metric that is shown with all below it. */
	order->by_cumulative =
		options->by_cumulative || request.keys.by_cumulative;
	order->restrictions = options->restrictions.items;
	order->restriction_count = options->restrictions.count;
	/* As in pstats, restrictions are all that is to be left out. */
	order->limit = subject_limit(&options->report,
				     order->restriction_count ? 0 : ROWS_SHOWN);
	report.has_places = options->by < TOP_MODULE && !options->callers &&
			    !options->callees;
	return subject_show_all(&report, argv, argc, print, &request);
}

const struct cmd cmd_top = {
	.name = "top",
	.summary =
		"a flat table by function, line, file, module, site or others",
	.usage = "[options] [DUMP...]",
	.tables = top_tables,
	.defaults = &top_defaults,
	.options_bytes = sizeof(top_defaults),
	.operands_max = CMD_OPERANDS_ANY,
	.run = top_run,
};
