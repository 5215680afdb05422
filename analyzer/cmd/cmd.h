/* SPDX-License-Identifier: MIT */
/*
 * Commands. Each is one file with one const descriptor; main.c knows only the
 * table of them.
 *
 * To add a command NAME:
 *  1. analyzer/cmd/NAME.c: a struct of its options with the defaults, its
 *     option_spec table, its option_tables, `static int NAME_run(...)` and
 *     `const struct cmd cmd_NAME`. A command that reports on a dump puts
 *     REPORT_OPTIONS_TABLE(struct NAME_options, report) into its tables, and
 *     a --sort of its own (REPORT_SORT_SPEC) with the keys it knows.
 *  2. Declare it at the end of this file, add it to cmd_table[] in table.c
 *     (help lists the commands in that order) and to analyzer/cmd/local.mk.
 *  3. man/memprof-NAME.1 in man/local.mk: tests/contract/man-options compares
 *     its SYNOPSIS and options with -h, both ways.
 *  4. A line in NEWS, and a test.
 * A command is in the table only when it works.
 *
 * main.c parses the command line before run() is called: run() sees its
 * options filled in and argv[0..argc) the operands, with their number checked.
 * It returns an exit status, prints results through struct term (base/term.h)
 * and messages through base/diag.h.
 */
#ifndef MEMPROF_ANALYZER_CMD_CMD_H
#define MEMPROF_ANALYZER_CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/base/options.h"
#include "analyzer/base/term.h"

enum cmd_exit {
	CMD_DONE = 0,
	CMD_FINDING = 1,      /* what was looked for was found */
	CMD_USAGE = 2,	      /* the command line was not understood */
	CMD_FAILED = 2,	      /* output not written, out of memory */
	CMD_UNREADABLE = 3,   /* the dump cannot be read */
	CMD_RUN_FAILED = 125, /* run: we failed, not the program */
	CMD_RUN_NOT_EXECUTABLE = 126,
	CMD_RUN_NOT_FOUND = 127,
};

#define CMD_OPERANDS_ANY 0x7fffffff

struct cmd {
	const char *name;
	const char *summary; /* a phrase for help: "blocks live at the end" */
	const char *usage;   /* the SYNOPSIS after "memprof NAME": */
			     /* "[options] [DUMP]" */
	const struct option_table *tables; /* ended by {0} */
	const void *defaults;		   /* of the options; NULL: all zero */
	size_t options_bytes;		   /* size of the options struct */
	int operands_min, operands_max;
	bool stops_at_operand; /* what follows the first operand is not ours */
	int (*run)(const void *options, int argc, char **argv);
};

/* What every report takes. Each command has one in its options struct. */
struct report_options {
	bool is_json;
	int64_t limit; /* of the sites, lines, rows printed; 0: all */
	struct option_list focus;  /* keep what one of these matches */
	struct option_list ignore; /* drop what one of these matches */
	const char *from, *to;	   /* instants, see model/range.h */
	int units;		   /* enum units */
	int color;		   /* enum term_color */
	int frames;		   /* enum tree_frames; negative: not given */
	bool no_pager;
	const char *sysroot;
	struct option_list debug_dirs;
	struct option_list source_dirs;
	bool is_salvage;
	bool use_debuginfod;
	bool is_elsewhere; /* no option: the report goes to a file */
	bool has_places;   /* no option: rows are functions, lines, files */
};

/* Initializer of it: limit is the command's own default. */
#define REPORT_OPTIONS_DEFAULT(limit_)          \
	{                                       \
		.limit = (limit_), .frames = -1 \
	}

/* report_options.c. Ended by OPTION_END. */
extern const struct option_spec report_option_specs[];

#define REPORT_OPTIONS_TABLE(struct_, field_)                              \
	{                                                                  \
		.heading = "Report options", .specs = report_option_specs, \
		.offset = offsetof(struct_, field_)                        \
	}

/* --sort KEY into an int; choices ended by NULL, the first the default. */
#define REPORT_SORT_SPEC(struct_, field_, keys_)                        \
	{                                                               \
		.type = OPTION_ENUM, .name = "sort", .letter = 's',     \
		.argument = "KEY", .offset = offsetof(struct_, field_), \
		.help = "largest first by", .choices = (keys_)          \
	}

/* What term_open() wants, from the options; JSON never goes to a pager. */
struct term_choice report_term_choice(const struct report_options *options);

/*
 * dump_path.c. Which dump is meant: operand, or with NULL the newest *.mp in
 * the working directory, which is then named on stderr. To be freed by the
 * caller. NULL when there is none, which was said: exit CMD_UNREADABLE.
 */
char *cmd_dump_path(const char *operand);

/*
 * dump_path.c. Of "DUMP@INSTANT" cuts off and returns the instant; NULL when
 * path is that of a file, or has none.
 */
const char *cmd_cut_instant(char *path);

/* dump_path.c. True when cmd_dump_path(NULL) would find one. Silent. */
bool cmd_has_dump(void);

/*
 * dump_path.c. True when an operand is meant as a dump and not as a source
 * file or a command: it ends in ".mp", or in that and what the recorder adds
 * where the name is in use (".PID", ".PID.1"), and maybe in "@INSTANT".
 */
bool cmd_is_dump(const char *operand);

/* table.c: all commands, ended by NULL. NULL when there is none of the name. */
extern const struct cmd *const cmd_table[];
const struct cmd *cmd_find(const char *name);

/*
 * execute.c: a command on its arguments, which begin after its name: parses,
 * checks, helps, runs. Returns the exit status.
 */
int cmd_execute(const struct cmd *cmd, int argc, char **argv);

/* help.c: what `memprof NAME -h`, `memprof -h` and --version print. */
void cmd_print_help(const struct cmd *cmd, FILE *file, unsigned width);
void cmd_print_overview(FILE *file, unsigned width);
void cmd_print_version(FILE *file);

/* The descriptors, one per file. */
extern const struct cmd cmd_check;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_export;
extern const struct cmd cmd_find_address; /* cmd_find() is the function */
extern const struct cmd cmd_flame;
extern const struct cmd cmd_html;
extern const struct cmd cmd_info;
extern const struct cmd cmd_leaks;
extern const struct cmd cmd_lines;
extern const struct cmd cmd_peak;
extern const struct cmd cmd_report;
extern const struct cmd cmd_run;
extern const struct cmd cmd_snapshot;
extern const struct cmd cmd_timeline;
extern const struct cmd cmd_stat;
extern const struct cmd cmd_top;
extern const struct cmd cmd_tree;

#endif
