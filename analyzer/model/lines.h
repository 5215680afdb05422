/* SPDX-License-Identifier: MIT */
/*
 * The lines of one source file. Each site is charged, as one chooses, to
 *	IN_FILE		the innermost activation of that file on its stack,
 *			inlined ones included: so every column adds up to what
 *			the stacks through the file have in all;
 *	SELF		that one only where nothing lies further in: of Python,
 *			no other Python frame;
 *	CUMULATIVE	every line of the file on its stack, each once.
 */
#ifndef MEMPROF_ANALYZER_MODEL_LINES_H
#define MEMPROF_ANALYZER_MODEL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/source.h"

struct analysis;

#define LINES_CANDIDATES_MAX 16

enum lines_charge { LINES_IN_FILE, LINES_SELF, LINES_CUMULATIVE };

/* Errors are of sampled dumps, and nothing in others. */
struct lines_row {
	uint32_t line; /* 0: the debug information does not say */
	struct counts counts;
	struct counts interpreter; /* part of counts, if has_interpreter */
	struct error error;
};

struct lines_function {
	const char *name;     /* NULL: unknown */
	uint32_t first, last; /* lines of it that are charged; 0: none */
	struct counts counts;
	struct counts interpreter; /* as of a row */
	struct error error;
	size_t first_part, part_count; /* its rows, by line, among the parts */
};

struct lines {
	const char *file;	/* as the debug information has it */
	struct lines_row *rows; /* by line */
	size_t row_count;
	size_t rows_left_out;		  /* by lines_rank(): not among rows */
	struct lines_function *functions; /* by first line */
	size_t function_count;
	struct lines_row *parts; /* rows told apart by function */
	struct counts sum;	 /* of the sites charged, each once */
	struct counts sum_interpreter;
	struct error sum_error;
	enum lines_charge charge;
	bool has_interpreter; /* see sites.h */
	bool is_estimate;     /* all counts are: the dump is sampled */
	size_t site_count;    /* how many are charged here */
	struct source source;
	bool is_python;	      /* the source of Python code */
	bool is_source_newer; /* than the code that was recorded */
};

struct lines_search {
	const char *file; /* as the user wrote it */
	enum lines_charge charge;
	const char *sysroot;
	const char *const *source_dirs;
	size_t source_dir_count;
};

/* The part of counts that other code asked for than the interpreter. */
void lines_native(struct counts *ret_native, const struct counts *counts,
		  const struct counts *interpreter);

/* What a name did not find, or found too much of. */
struct lines_candidates {
	const char *files[LINES_CANDIDATES_MAX]; /* of the debug information */
	size_t count;				 /* may be more than that */
};

enum {
	LINES_UNKNOWN = -200,	/* no stack has a frame in such a file */
	LINES_AMBIGUOUS = -201, /* several do: see the candidates */
};

/*
 * The file that search->file names: exactly, or as the end of a path, from a
 * slash on. 0, DUMP_MEMORY, or one of the above with *ret_candidates (for
 * UNKNOWN: files of the same name in other folders). Of the sites that the
 * filter keeps.
 */
int lines_init(struct lines *ret_lines, struct analysis *analysis,
	       const struct lines_search *search,
	       struct lines_candidates *ret_candidates);
void lines_done(struct lines *lines);

/*
 * The files of the debug information that have frames on stacks, each once,
 * by name: for lines_init(). To be freed; strings are those of the analysis.
 * 0, or DUMP_MEMORY.
 */
int lines_files(struct analysis *analysis, const char ***ret_files,
		size_t *ret_count);

/*
 * Keeps the limit (0: all) rows with the most of a metric, in the order of
 * their lines or, not by_line, the greatest first. Sums stay what they are.
 * 0, or DUMP_MEMORY.
 */
int lines_rank(struct lines *lines, enum metric metric, size_t limit,
	       bool by_line);

/* Bytes of an allocation, rounded; 0 where there is none. */
int64_t lines_average(const struct counts *counts);

/* How many of so many columns a part has of the greatest; at least one where
 * it is not 0. */
int lines_heat(int64_t part, int64_t greatest, int columns);

#endif
