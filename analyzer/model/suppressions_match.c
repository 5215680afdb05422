/* SPDX-License-Identifier: MIT */
/* Which rule a stack falls under. */
#include "config.h"

#include "analyzer/model/suppressions.h"

#include <stdio.h>
#include <string.h>

/* One star at a time is enough to come back to: what an earlier one took
 * more of, the later can take too. */
bool suppressions_glob(const char *pattern, const char *text, bool has_one)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern == *text || (has_one && *pattern == '?')) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* Anywhere in the text, but for ^ and $ at the ends of the pattern. */
static bool matches_within(const char *pattern, const char *text)
{
	char bounded[1024];
	size_t len = strlen(pattern);
	bool at_start = *pattern == '^', at_end;

	if (!text)
		return false;
	if (at_start) {
		pattern++;
		len--;
	}
	at_end = len && pattern[len - 1] == '$';
	if (at_end)
		len--;
	if (len + 3 > sizeof(bounded))
		return false;
	snprintf(bounded, sizeof(bounded), "%s%.*s%s", at_start ? "" : "*",
		 (int)len, pattern, at_end ? "" : "*");
	return suppressions_glob(bounded, text, false);
}

/* The functions that a stack of ours leaves out and one of valgrind begins
 * with. */
static bool is_allocating(const char *pattern)
{
	static const char *const names[] = {
		"malloc",
		"calloc",
		"realloc",
		"memalign",
		"aligned_alloc",
		"posix_memalign",
		"valloc",
		"_Znwm",
		"_Znam",
		"_ZnwmRKSt9nothrow_t",
		"_ZnamRKSt9nothrow_t",
		"_ZnwmSt11align_val_t",
		"_ZnamSt11align_val_t",
		"operator new(unsigned long)",
		"operator new[](unsigned long)",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (suppressions_glob(pattern, names[i], true))
			return true;
	return false;
}

static bool matches_source(const char *pattern, const struct stack_frame *frame)
{
	char place[4200];
	const char *slash;

	if (!frame->file)
		return false;
	slash = strrchr(frame->file, '/');
	slash = slash ? slash + 1 : frame->file;
	if (suppressions_glob(pattern, slash, true) ||
	    suppressions_glob(pattern, frame->file, true))
		return true;
	snprintf(place, sizeof(place), "%s:%u", slash, frame->line);
	return suppressions_glob(pattern, place, true);
}

static bool matches_frame(const struct suppressions_line *line,
			  const struct stack_frame *frame)
{
	const char *pattern = line->pattern;

	switch (line->part) {
	case SUPPRESSIONS_ANY:
		return matches_within(pattern, frame->function) ||
		       matches_within(pattern, frame->mangled) ||
		       matches_within(pattern, frame->file) ||
		       matches_within(pattern, frame->module);
	case SUPPRESSIONS_FUNCTION:
		/* A function without name is "???". */
		if (!frame->function)
			return suppressions_glob(pattern, "???", true);
		return suppressions_glob(pattern, frame->function, true) ||
		       (frame->mangled &&
			suppressions_glob(pattern, frame->mangled, true));
	case SUPPRESSIONS_OBJECT:
		return frame->module &&
		       suppressions_glob(pattern, frame->module, true);
	case SUPPRESSIONS_SOURCE:
		return matches_source(pattern, frame);
	case SUPPRESSIONS_DOTS:
		break;
	}
	return true;
}

/* A rule is about the innermost frames: what is further out is free. */
static bool matches_from(const struct suppressions_line *lines, size_t count,
			 const struct stack *stack, size_t frame)
{
	size_t line = 0, after_dots = SIZE_MAX, resume = 0;

	while (line < count) {
		if (lines[line].part == SUPPRESSIONS_DOTS) {
			after_dots = ++line;
			resume = frame;
		} else if (frame < stack->count &&
			   matches_frame(&lines[line], &stack->frames[frame])) {
			line++;
			frame++;
		} else if (after_dots != SIZE_MAX && resume < stack->count) {
			line = after_dots;
			frame = ++resume;
		} else {
			return false;
		}
	}
	return true;
}

static bool matches_rule(const struct suppressions *suppressions,
			 const struct suppression *rule,
			 const struct stack *stack)
{
	const struct suppressions_line *lines =
		&suppressions->lines[rule->first_line];

	if (!rule->is_valgrind) {
		for (size_t i = 0; i < stack->count; i++)
			if (matches_frame(lines, &stack->frames[i]))
				return true;
		return false;
	}
	if (matches_from(lines, rule->line_count, stack, 0))
		return true;
	return lines->part == SUPPRESSIONS_FUNCTION &&
	       is_allocating(lines->pattern) &&
	       matches_from(lines + 1, rule->line_count - 1, stack, 0);
}

struct suppression *suppressions_find(struct suppressions *suppressions,
				      const struct stack *stack,
				      unsigned verdict)
{
	unsigned kind = verdict ? SUPPRESSIONS_KIND(verdict) : SUPPRESSIONS_ALL;

	for (size_t i = 0; i < suppressions->count; i++) {
		struct suppression *rule = &suppressions->rules[i];

		if ((rule->kinds & kind) &&
		    matches_rule(suppressions, rule, stack))
			return rule;
	}
	return NULL;
}
