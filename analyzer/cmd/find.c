/* SPDX-License-Identifier: MIT */
/* memprof find: which live block an address belongs to. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/model/dump.h"
#include "analyzer/view/find.h"

struct options_of_find {
	struct report_options report;
};

static const struct option_table find_tables[] = {
	REPORT_OPTIONS_TABLE(struct options_of_find, report), { 0 }
};

static const struct options_of_find find_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

/* The command line, understood. */
struct request {
	const struct options_of_find *options;
	uint64_t address;
};

static int say_no_list(const struct analysis *analysis)
{
	const struct summary *summary = &analysis->summary;
	const char *path = summary->dump_path;

	if (!(analysis->dump->header.mode & MPF_MODE_ADDRESSES))
		diag_error("%s: has no addresses: record with memprof run "
			   "--addresses",
			   path);
	else if (summary->range)
		diag_error("%s: addresses are those of the last list: leave "
			   "the instant out",
			   path);
	else if (summary->state == SUMMARY_RUNNING)
		diag_error("%s: has no list of live blocks yet: memprof "
			   "snapshot %u makes one",
			   path, summary->pid);
	else
		diag_error("%s: the process ended before it listed its live "
			   "blocks; take a snapshot while it runs",
			   path);
	return CMD_USAGE;
}

static int print(struct term *term, struct analysis *analysis,
		 const void *context)
{
	const struct request *request = context;
	struct find find;
	int ret;

	if (!find_init(&find, analysis, request->address))
		return say_no_list(analysis);
	if (request->options->report.is_json)
		ret = find_print_json(term->file, analysis, &find);
	else
		ret = find_print_text(term, analysis, &find);
	if (ret < 0)
		return ret;
	return find.count ? CMD_DONE : CMD_FINDING;
}

/* As debuggers print it, 0x and hexadecimal digits, or decimal. */
static bool read_address(const char *text, uint64_t *ret_address)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = is_hex ? "0123456789abcdefABCDEF" : "0123456789";
	const char *number = is_hex ? text + 2 : text;

	if (!*number || number[strspn(number, digits)] != '\0')
		return false;
	errno = 0;
	*ret_address = strtoull(number, NULL, is_hex ? 16 : 10);
	return errno == 0;
}

static int find_run(const void *values, int argc, char **argv)
{
	struct request request = { .options = values };

	if (!read_address(argv[0], &request.address)) {
		diag_error("%s: is no address: give one such as "
			   "0x55d0c3a012a0",
			   argv[0]);
		return CMD_USAGE;
	}
	return subject_show(&request.options->report, argc > 1 ? argv[1] : NULL,
			    print, &request);
}

const struct cmd cmd_find_address = {
	.name = "find",
	.summary = "which live block an address belongs to",
	.usage = "[options] ADDRESS [DUMP]",
	.tables = find_tables,
	.defaults = &find_defaults,
	.options_bytes = sizeof(find_defaults),
	.operands_min = 1,
	.operands_max = 2,
	.run = find_run,
};
