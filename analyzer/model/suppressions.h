/* SPDX-License-Identifier: MIT */
/*
 * Rules that say which leaks are not to be reported, in the two formats that
 * people have: those of LeakSanitizer (lines "leak:PATTERN") and those of
 * valgrind (blocks in braces, of which Memcheck:Leak ones are used). Files
 * are not trusted: all sizes have limits, and matching takes no more time
 * than pattern times text.
 *
 * One thread at a time. Nothing here prints.
 */
#ifndef MEMPROF_ANALYZER_MODEL_SUPPRESSIONS_H
#define MEMPROF_ANALYZER_MODEL_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/stack.h"
#include "preload/format/format.h"

#define SUPPRESSIONS_MAX_BYTES (4u << 20) /* of one file */
#define SUPPRESSIONS_MAX_RULES 65536u
#define SUPPRESSIONS_MAX_LINES 512u /* of the stack of one rule */

/* Bits of suppression.kinds, by enum mpf_verdict. Blocks that nobody judged
 * are suppressed by any rule. */
#define SUPPRESSIONS_KIND(verdict) (1u << (verdict))
#define SUPPRESSIONS_ALL	   0x1eu

enum suppressions_part {
	SUPPRESSIONS_ANY,      /* a frame: its function, file or module */
	SUPPRESSIONS_FUNCTION, /* fun: */
	SUPPRESSIONS_OBJECT,   /* obj: */
	SUPPRESSIONS_SOURCE,   /* src: file, or file:line */
	SUPPRESSIONS_DOTS,     /* ...: any number of frames */
};

struct suppressions_line {
	enum suppressions_part part;
	const char *pattern;
};

struct suppression {
	const char *name;
	const char *file; /* it came from, as given */
	unsigned kinds;
	bool is_valgrind; /* else one line, of any frame */
	size_t first_line, line_count;
	uint64_t hit_blocks, hit_bytes; /* counted by the caller */
};

/* All zero: none. */
struct suppressions {
	struct suppression *rules;
	size_t count;

	/* Private. */
	size_t room;
	struct suppressions_line *lines;
	size_t line_count, line_room;
	char **texts;
	size_t text_count;
};

enum suppressions_code {
	SUPPRESSIONS_OK = 0,
	SUPPRESSIONS_MEMORY = -1,
	SUPPRESSIONS_LARGE = -2,   /* the file, or the number of rules */
	SUPPRESSIONS_SYNTAX = -3,  /* what, in which line */
	SUPPRESSIONS_MISSING = -4, /* cannot be opened or read: errno */
};

struct suppressions_error {
	enum suppressions_code code;
	unsigned line;
	const char *what; /* static text */
	int system_errno;
};

/*
 * Adds the rules of a text, of which a copy is made; file is kept and stays
 * the caller's. Returns error->code. On failure some may have been added.
 */
enum suppressions_code suppressions_add(struct suppressions *suppressions,
					const char *file, const char *text,
					size_t bytes,
					struct suppressions_error *error);

/* The same with the contents of the file. */
enum suppressions_code suppressions_read(struct suppressions *suppressions,
					 const char *file,
					 struct suppressions_error *error);

void suppressions_done(struct suppressions *suppressions);

/* suppressions_match.c: the first rule for this stack and verdict (enum
 * mpf_verdict, 0: not judged), or NULL. */
struct suppression *suppressions_find(struct suppressions *suppressions,
				      const struct stack *stack,
				      unsigned verdict);

/* Does a text match a pattern in which * stands for any characters, and with
 * has_one ? for any one? */
bool suppressions_glob(const char *pattern, const char *text, bool has_one);

#endif
