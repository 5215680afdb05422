/* SPDX-License-Identifier: MIT */
/* From the command line to a command; everything else is theirs. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"

#define DEFAULT_COMMAND "report"
#define COMMANDS_MAX	32 /* names that are compared with a misspelt one */

typedef void print_fn(FILE *file, unsigned width);

static int print(print_fn *fn)
{
	const struct term_choice choice = { .no_pager = true };
	struct term term;

	term_open(&term, &choice);
	fn(term.file, term.width);
	return term_close(&term) < 0 ? CMD_FAILED : CMD_DONE;
}

static void print_version(FILE *file, unsigned width)
{
	(void)width;
	cmd_print_version(file);
}

static int unknown(const char *word)
{
	const char *names[COMMANDS_MAX] = { "help" };
	const char *nearest;
	size_t count = 1;

	for (; cmd_table[count - 1] && count < COMMANDS_MAX - 1; count++)
		names[count] = cmd_table[count - 1]->name;
	nearest = options_nearest(word, names);
	if (nearest)
		diag_error("%s: neither a command nor a dump; did you mean %s? "
			   "memprof --help lists the commands",
			   word, nearest);
	else
		diag_error("%s: neither a command nor a dump; "
			   "memprof --help lists the commands",
			   word);
	return CMD_USAGE;
}

/* memprof help [COMMAND] */
static int help(int argc, char **argv)
{
	static char option[] = "--help";
	char *help_argv[] = { option, NULL };
	const struct cmd *cmd;

	if (argc == 0 || argv[0][0] == '-' || strcmp(argv[0], "help") == 0)
		return print(cmd_print_overview);
	cmd = cmd_find(argv[0]);
	return cmd ? cmd_execute(cmd, 1, help_argv) : unknown(argv[0]);
}

static int usage(void)
{
	cmd_print_overview(stderr, TERM_WIDTH_DEFAULT);
	return CMD_USAGE;
}

int main(int argc, char **argv)
{
	const struct cmd *report = cmd_find(DEFAULT_COMMAND);
	const struct cmd *cmd;
	const char *word;

	term_guard_descriptors();
	if (argc < 2)
		return report && cmd_has_dump() ? cmd_execute(report, 0, argv)
						: usage();
	word = argv[1];
	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
		return print(cmd_print_overview);
	if (strcmp(word, "-V") == 0 || strcmp(word, "--version") == 0)
		return print(print_version);
	if (strcmp(word, "help") == 0)
		return help(argc - 2, argv + 2);
	cmd = cmd_find(word);
	if (cmd)
		return cmd_execute(cmd, argc - 2, argv + 2);
	/* Options or a dump: what `report` takes. */
	if (report && (word[0] == '-' || strchr(word, '/') ||
		       cmd_is_dump(word) || access(word, F_OK) == 0))
		return cmd_execute(report, argc - 1, argv + 1);
	return unknown(word);
}
