/* SPDX-License-Identifier: MIT */
/* memprof check: budgets for continuous integration. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/base/outfile.h"
#include "analyzer/cmd/budget_file.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/rules.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/model/leaks.h"
#include "analyzer/view/check/check_page.h"

#define SITES_SHOWN 5 /* of each budget that is broken */

struct options_of_check {
	struct report_options report;
	struct option_list limits[BUDGET_NAMES];
	const char *budgets;
	const char *baseline;
	struct option_list suppressions;
	bool no_defaults;
	int format; /* index into check_formats */
	const char *output;
};

/* What the page is made of, found before the terminal is opened. */
struct check {
	const struct options_of_check *options;
	struct budgets budgets;
	struct suppressions *rules;
};

#define FIELD(field) .offset = offsetof(struct options_of_check, field)

static const struct option_spec check_specs[] = {
	{ OPTION_LIST, "max-peak", .argument = "[WHERE=]SIZE",
	  FIELD(limits[BUDGET_MAX_PEAK]),
	  .help = "the heap may have SIZE bytes at its peak; WHERE: those of "
		  "a function or a source file; may be given again" },
	{ OPTION_LIST, "max-leaked", .argument = "[WHERE=]SIZE",
	  FIELD(limits[BUDGET_MAX_LEAKED]),
	  .help = "what leaks lists may have SIZE bytes" },
	{ OPTION_LIST, "max-allocations", .argument = "[WHERE=]N",
	  FIELD(limits[BUDGET_MAX_ALLOCATIONS]),
	  .help = "there may be N allocations" },
	{ OPTION_LIST, "max-temporary", .argument = "[WHERE=]N",
	  FIELD(limits[BUDGET_MAX_TEMPORARY]),
	  .help = "there may be N temporary allocations" },
	{ OPTION_LIST, "max-growth", .argument = "[WHAT=]PERCENT",
	  FIELD(limits[BUDGET_MAX_GROWTH]),
	  .help = "peak, leaked and allocations, or only WHAT (temporary "
		  "too), may be PERCENT more than in the baseline" },
	{ OPTION_STRING, "baseline", .argument = "DUMP", FIELD(baseline),
	  .help = "the older dump for --max-growth" },
	{ OPTION_STRING, "budgets", .argument = "FILE", FIELD(budgets),
	  .help = "take budgets from FILE too, a line each: max-peak "
		  "parser.c=8MiB" },
	RULES_FILES_SPEC(struct options_of_check, suppressions),
	RULES_NO_DEFAULTS_SPEC(struct options_of_check, no_defaults),
	{ OPTION_ENUM, "format", 'f', "FORMAT", FIELD(format),
	  .choices = check_names, .help = "write" },
	{ OPTION_STRING, "output", 'o', "FILE", FIELD(output),
	  .help = "write to FILE, which is replaced as a whole" },
	{ 0 }
};

static const struct option_table check_tables[] = {
	{ .heading = "Options", .specs = check_specs },
	REPORT_OPTIONS_TABLE(struct options_of_check, report),
	{ 0 }
};

static const struct options_of_check check_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

static const struct catalog_options all_sites = {
	.metric = METRIC_ALLOCATED_BYTES,
	.has_zeros = true,
};

/* Names that nothing is called by are more likely misspelt than met. */
static void warn_of_unmatched(const struct verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->count; i++)
		if (verdicts->array[i].is_unmatched)
			diag_warn("--%s %s: no stack has a function or file "
				  "of that name",
				  budget_name(verdicts->array[i].budget->of),
				  verdicts->array[i].budget->scope);
}

/* Prints to where the options say. The exit status, or a negative code. */
static int print_page(struct term *term, const struct check_page *page,
		      const struct options_of_check *options)
{
	const struct check_format *format = check_formats[options->format];
	struct term file_term;
	struct outfile out;
	int ret;

	if (!options->output || strcmp(options->output, "-") == 0)
		return format->print(term, page);
	if (outfile_open(&out, options->output) < 0)
		return CMD_FAILED;
	term_init(&file_term, out.file,
		  &(struct term_choice) { .color = TERM_COLOR_NEVER,
					  .units = term->units });
	ret = format->print(&file_term, page);
	return outfile_close(&out, ret == 0) < 0 ? CMD_FAILED : ret;
}

/* What leaked, as `leaks` has it, where it matters. */
static int find_leaks(struct leaks *leaks, struct analysis *analysis,
		      const struct check *check)
{
	if (!check->budgets.has_leaked)
		return 0;
	if (!check->options->no_defaults)
		rules_add_own(check->rules, analysis);
	return leaks_init(leaks, analysis, check->rules,
			  check_formats[check->options->format] == &check_json);
}

/* The last of the dumps is held against the budgets. */
static int print(struct term *term, struct set *set, const void *values)
{
	const struct check *check = values;
	const struct options_of_check *options = check->options;
	struct analysis *analysis = &set->array[set->count - 1];
	char *here = getcwd(NULL, 0);
	struct verdicts verdicts = { 0 };
	struct leaks leaks = { 0 };
	struct catalog catalog;
	int ret = catalog_init(&catalog, analysis, &all_sites);

	if (ret < 0) {
		free(here);
		return ret;
	}
	ret = find_leaks(&leaks, analysis, check);
	if (ret == 0)
		ret = verdicts_init(&verdicts, &check->budgets, &catalog, set,
				    &leaks);
	if (ret == 0) {
		const struct check_page page = {
			.analysis = analysis,
			.verdicts = &verdicts,
			.leaks = check->budgets.has_leaked ? &leaks : NULL,
			.rules = check->rules,
			.here = here,
			.limit = options->report.limit < 0
					 ? SITES_SHOWN
					 : (size_t)options->report.limit,
		};

		warn_of_unmatched(&verdicts);
		ret = print_page(term, &page, options);
		if (ret == 0 && verdicts.broken)
			ret = CMD_FINDING;
	}
	verdicts_done(&verdicts);
	leaks_done(&leaks);
	catalog_done(&catalog);
	free(here);
	return ret;
}

/* CMD_DONE, or the exit status after having said what is wrong. */
static int take_budgets(struct budgets *budgets,
			const struct options_of_check *options)
{
	for (int name = 0; name < BUDGET_NAMES; name++)
		if (budget_file_add_options(budgets, (enum budget_name)name,
					    &options->limits[name]) < 0)
			return CMD_USAGE;
	if (options->budgets && budget_file_read(budgets, options->budgets) < 0)
		return CMD_USAGE;
	if (budgets->count == 0) {
		diag_error("check: there is no budget; give one such as "
			   "--max-peak 64MiB or --max-leaked 0");
		return CMD_USAGE;
	}
	if (budgets->has_growth && !options->baseline) {
		diag_error("--max-growth: --baseline is missing; name the "
			   "dump to compare with");
		return CMD_USAGE;
	}
	return CMD_DONE;
}

static int check_run(const void *values, int argc, char **argv)
{
	struct options_of_check options =
		*(const struct options_of_check *)values;
	struct suppressions rules = { 0 };
	struct check check = { .options = &options, .rules = &rules };
	/* With a growth the older dump first; NULL is the newest here. */
	char *dumps[] = { (char *)(uintptr_t)options.baseline,
			  argc ? argv[0] : NULL };
	int first, status;

	if (options.report.is_json)
		options.format = 1;
	/* What is not text is for programs. */
	options.report.no_pager |= options.format != 0;
	status = take_budgets(&check.budgets, &options);
	if (status == CMD_DONE)
		status = rules_read(&rules, &options.suppressions,
				    !options.no_defaults);
	first = check.budgets.has_growth ? 0 : 1;
	if (status == CMD_DONE)
		status = subject_show_all(&options.report, dumps + first,
					  2 - first, print, &check);
	budgets_done(&check.budgets);
	suppressions_done(&rules);
	return status;
}

const struct cmd cmd_check = {
	.name = "check",
	.summary = "whether a recording keeps to its budgets",
	.usage = "[options] [DUMP]",
	.tables = check_tables,
	.defaults = &check_defaults,
	.options_bytes = sizeof(check_defaults),
	.operands_max = 1,
	.run = check_run,
};
