/* SPDX-License-Identifier: MIT */
/*
 * Command line options as data. A command describes its options in a table;
 * parsing, -h and every message about them come from that table, and a test
 * compares the man page with it.
 *
 *	struct leaks_options {
 *		struct report_options report;
 *		int64_t error_exitcode;
 *	};
 *	static const struct option_spec leaks_specs[] = {
 *		{ .type = OPTION_INT, .name = "error-exitcode",
 *		  .argument = "N", .min = 0, .max = 255,
 *		  .offset = offsetof(struct leaks_options, error_exitcode),
 *		  .help = "exit with N when something leaked" },
 *		{ 0 }
 *	};
 *
 * What is understood is what GNU getopt_long() understands: --name=value,
 * --name value, -o value, -ovalue, bundled flags (-jq), unambiguous prefixes
 * of long names, "--" ending the options, options after operands (not with
 * stops_at_operand). A single "-" is an operand. -h and --help are known
 * everywhere without being in a table.
 */
#ifndef MEMPROF_ANALYZER_BASE_OPTIONS_H
#define MEMPROF_ANALYZER_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The type says what the field at .offset is. Given twice, the last counts. */
enum option_type {
	OPTION_END = 0, /* ends a table */
	OPTION_FLAG,	/* bool, becomes true; takes no value */
	OPTION_STRING,	/* const char *, points into argv */
	OPTION_LIST,	/* struct option_list; may be given again and again */
	OPTION_INT,	/* int64_t in [.min, .max] */
	OPTION_SIZE,	/* uint64_t bytes in [.min, .max], see */
			/* units_parse_size(); .max 0: no limit */
	OPTION_ENUM,	/* int, index into .choices */
};

#define OPTION_LIST_MAX 64

struct option_list {
	const char *items[OPTION_LIST_MAX]; /* point into argv */
	size_t count;
};

struct option_spec {
	enum option_type type;
	const char *name;     /* long name without "--" */
	char letter;	      /* short name or 0 */
	const char *argument; /* "N", "REGEX"; NULL for a flag. */
	/* OPTION_ENUM: NULL prints the choices */
	size_t offset;	  /* of the field in the values */
	const char *help; /* a phrase without capital and full stop; wrapped */
	int64_t min, max;
	const char *const *choices; /* OPTION_ENUM: ended by NULL */
};

/* A group of options under one heading of -h. Arrays of it end with {0}. */
struct option_table {
	const char *heading;		 /* "Options", "Report options" */
	const struct option_spec *specs; /* ended by OPTION_END */
	size_t offset; /* where the struct of these specs lies in the values */
};

struct options {
	const char *command; /* for messages: "memprof leaks" */
	const struct option_table *tables;
	bool stops_at_operand; /* the first operand ends the options */
};

enum {
	OPTIONS_HELP = -1, /* -h or --help was given */
	OPTIONS_BAD = -2,  /* not understood, and said so on stderr */
};

/*
 * Parses argv[0..argc) (no program or command name in it) into values, which
 * hold the defaults before. Returns the number of operands, which then are
 * argv[0..n) in their order, or one of the above. With OPTIONS_BAD values are
 * partly filled.
 */
int options_parse(const struct options *options, void *values, int argc,
		  char **argv);

/* Prints the tables as -h shows them, -h itself last, for width columns. */
void options_print(FILE *file, const struct option_table *tables,
		   unsigned width);

/*
 * The one of names (ended by NULL) that was most likely meant by word, or
 * NULL when none is near. For "did you mean".
 */
const char *options_nearest(const char *word, const char *const *names);

#endif
