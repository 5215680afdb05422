/* SPDX-License-Identifier: MIT */
/*
 * Where a view prints to: stdout, plain or through a pager, with what is
 * known of the terminal there. Tests and fuzz targets print to any FILE with
 * term_init().
 *
 *	struct term term;
 *
 *	term_open(&term, &choice);
 *	fprintf(term.file, "%s%s%s\n", term_style(&term, TERM_HEADING),
 *		"Leaks", term_style(&term, TERM_PLAIN));
 *	term_text(&term, name_from_the_dump);
 *	if (term_close(&term) < 0)
 *		status = CMD_FAILED;
 *
 * Open it late, when there is something to print: the pager takes over the
 * terminal, ^C included.
 */
#ifndef MEMPROF_ANALYZER_BASE_TERM_H
#define MEMPROF_ANALYZER_BASE_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "analyzer/base/units.h"

#define TERM_WIDTH_DEFAULT 80u /* not a terminal, or it does not say */
#define TERM_WIDTH_MIN	   40u /* narrower ones are treated as this */
#define TERM_WIDTH_MAX	   1000u

/* --color; the order is that of the option's choices. */
enum term_color { TERM_COLOR_AUTO, TERM_COLOR_ALWAYS, TERM_COLOR_NEVER };

/* What a piece of text is; how that looks is term.c's business. */
enum term_style {
	TERM_PLAIN, /* ends every other style */
	TERM_HEADING,
	TERM_DIM,      /* frames of others, separators, addresses */
	TERM_NUMBER,   /* the number a line is about */
	TERM_FUNCTION, /* names */
	TERM_PATH,     /* file:line */
	TERM_BAD,      /* leaks, losses */
	TERM_GOOD,
	TERM_COOL, /* backgrounds of a bar: of little, */
	TERM_WARM, /* of more */
	TERM_HOT,  /* and of much */
	TERM_STYLES
};

struct term_choice {
	enum term_color color;
	enum units units;
	bool no_pager; /* also set it for machine formats */
};

/* Readable by views; written by term.c only. */
struct term {
	FILE *file;
	bool has_color;
	bool is_terminal; /* a person sees it, directly or in a pager */
	unsigned width;	  /* columns of the terminal, or the default */
	enum units units;
	pid_t pager; /* 0: none */
};

/*
 * Once, before any file is opened: where descriptor 0, 1 or 2 is closed, puts
 * something there that is not inherited, so that no file of ours gets its
 * number and results never end in it.
 */
void term_guard_descriptors(void);

/*
 * Decides on colour, width and pager for stdout. A pager is started only when
 * stdout is a terminal: MEMPROF_PAGER, else PAGER, else "less -FRX"; empty or
 * "cat" means none. SIGPIPE is ignored from here on: a reader that leaves
 * early is no error. A pager that cannot be started is only warned of.
 */
void term_open(struct term *ret_term, const struct term_choice *choice);

/*
 * Flushes, waits for the pager. 0, or -1 when not everything could be written
 * (said on stderr); a reader that left early counts as success.
 */
int term_close(struct term *term);

/* Prints to file, which stays the caller's, as to no terminal. */
void term_init(struct term *ret_term, FILE *file,
	       const struct term_choice *choice);

/* True once nobody reads any more or writing failed: printing may stop. */
bool term_is_done(const struct term *term);

/* The escape sequence that begins a style; "" without colour. */
const char *term_style(const struct term *term, enum term_style style);

/*
 * Colour or not: --color, then NO_COLOR (set and not empty), then
 * CLICOLOR_FORCE and FORCE_COLOR (set, not empty, not "0"), then whether fd
 * is a terminal whose TERM is set and not "dumb".
 */
bool term_wants_color(enum term_color color, int fd);

/* Columns of the terminal fd: what it says, else COLUMNS, else default. */
unsigned term_columns(int fd);

/*
 * Untrusted text, made harmless: control characters (C0, DEL, C1 in UTF-8 and
 * as bytes) and bytes that are not UTF-8 become '?'; so do the characters
 * that reorder what stands beside them. Cut at a character's end when buf is
 * too small. Returns buf, always terminated; size at least 1.
 */
char *term_clean(char *buf, size_t size, const char *text, size_t bytes);

/* Prints untrusted text made harmless, of any length. */
void term_text(struct term *term, const char *text);

/* How many columns clean text takes: its UTF-8 characters, one each. */
unsigned term_text_columns(const char *text);

#endif
