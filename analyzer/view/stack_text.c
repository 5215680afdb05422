/* SPDX-License-Identifier: MIT */
/* Stacks as people read them. */
#include "config.h"

#include "analyzer/view/stack_text.h"

#include <inttypes.h>
#include <string.h>

#include "analyzer/view/text.h"

#define NAME_COLUMNS_MIN 20u
#define NAME_COLUMNS_MAX 48u
#define LINE_COLUMNS_MIN 12u /* of a site on a terminal, however narrow */
#define REPEATS_MIN	 3u  /* fewer are shown one by one */

const char *stack_text_end(enum tree_end end)
{
	switch (end) {
	case TREE_COMPLETE:
		return NULL;
	case TREE_CUT_DEPTH:
		return "(stack cut: more frames than are kept)";
	case TREE_CUT_NO_RULE:
		return "(stack cut: code without unwind information)";
	case TREE_CUT_BAD_STACK:
		return "(stack cut: the stack could not be read)";
	case TREE_CUT_OTHER:
		break;
	}
	return "(stack cut)";
}

const char *stack_text_missing(enum site_kind kind)
{
	switch (kind) {
	case SITE_OVERFLOW:
		return "(not attributed: the dump could not grow)";
	case SITE_UNSAMPLED:
		return "(not sampled: counted without a stack)";
	case SITE_STACK:
		break;
	}
	return "(no stack)";
}

/* The function, or what is known instead of it. */
static char *frame_name(char buf[static TEXT_NAME_BYTES],
			const struct stack_frame *frame, unsigned columns)
{
	char module[TEXT_NAME_BYTES];

	if (frame->function)
		return text_function(buf, frame->function, columns);
	if (!frame->module)
		snprintf(buf, TEXT_NAME_BYTES, "[unknown] 0x%" PRIx64,
			 frame->address);
	else
		snprintf(buf, TEXT_NAME_BYTES, "%.*s+0x%" PRIx64,
			 TEXT_NAME_BYTES - 32,
			 text_base_name(module, frame->module), frame->offset);
	return buf;
}

/* file:line, or the module where there is none; "" where both are unknown. */
static char *frame_place(char buf[static TEXT_NAME_BYTES],
			 const struct stack_frame *frame,
			 const struct summary *summary)
{
	char name[TEXT_NAME_BYTES];

	buf[0] = '\0';
	if (frame->file && frame->line)
		snprintf(buf, TEXT_NAME_BYTES, "%.*s:%" PRIu32,
			 TEXT_NAME_BYTES - 16,
			 text_path(name, frame->file, summary), frame->line);
	else if (frame->file)
		text_path(buf, frame->file, summary);
	return buf;
}

/* Is it the program's own code, and not that of a library? */
static bool is_own(const struct stack_frame *frame,
		   const struct summary *summary)
{
	return frame->module && strcmp(frame->module, summary->program) == 0;
}

static void print_frame(struct term *term, const struct stack_frame *frame,
			const struct summary *summary, unsigned name_columns,
			unsigned cut_columns)
{
	char name[TEXT_NAME_BYTES], place[TEXT_NAME_BYTES];
	bool own = is_own(frame, summary);
	unsigned columns;

	frame_name(name, frame, cut_columns);
	frame_place(place, frame, summary);
	columns = term_text_columns(name);
	text_styled(term, own ? TERM_FUNCTION : TERM_DIM, name);
	if (*place || !own || frame->is_inlined || frame->is_guessed)
		for (; columns < name_columns; columns++)
			putc(' ', term->file);
	if (*place) {
		fputs("  ", term->file);
		text_styled(term, own ? TERM_PATH : TERM_DIM, place);
	}
	if (!own && frame->module && frame->function) {
		char module[TEXT_NAME_BYTES];

		fprintf(term->file, "  %s[%s]%s", term_style(term, TERM_DIM),
			text_base_name(module, frame->module),
			term_style(term, TERM_PLAIN));
	}
	if (frame->is_inlined)
		fputs("  (inlined)", term->file);
	if (frame->is_guessed)
		fputs("  (guessed)", term->file);
	putc('\n', term->file);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* How many frames after number i say just the same: recursion. */
static size_t repeats(const struct stack *stack, size_t i)
{
	const struct stack_frame *first = &stack->frames[i];
	size_t count = 0;

	while (i + 1 + count < stack->count) {
		const struct stack_frame *next = first + 1 + count;

		if (next->offset != first->offset ||
		    next->address != first->address ||
		    next->line != first->line ||
		    next->is_inlined != first->is_inlined ||
		    !is_same_text(next->function, first->function))
			break;
		count++;
	}
	return count;
}

static void print_start(struct term *term, const struct stack_frame *start,
			const struct summary *summary)
{
	char text[TEXT_NAME_BYTES];

	if (*frame_place(text, start, summary)) {
		fputs(text, term->file);
		if (!start->function)
			return;
		fputs(" in ", term->file);
	}
	fputs(frame_name(text, start, 0), term->file);
	if (!start->file && start->module)
		fprintf(term->file, " [%s]",
			text_base_name(text, start->module));
}

void stack_text_starts(struct term *term, const struct stack *stack,
		       const struct summary *summary)
{
	for (size_t i = 0; i < stack->start_count; i++) {
		fputs(i == 0 ? "started at " : ", at ", term->file);
		print_start(term, &stack->starts[i], summary);
	}
	if (stack->start_count && stack->has_more_starts)
		fputs(", and others", term->file);
}

void stack_text_print(struct term *term, const struct stack *stack,
		      const struct summary *summary, int indent)
{
	unsigned widest = NAME_COLUMNS_MIN, cut_columns = 0;
	const char *end = stack_text_end(stack->end);
	size_t same;

	/* A person sees it all on the screen; a file keeps the whole names. */
	if (term->is_terminal)
		cut_columns = term->width / 2;
	for (size_t i = 0; i < stack->count; i++) {
		char name[TEXT_NAME_BYTES];
		unsigned columns;

		frame_name(name, &stack->frames[i], cut_columns);
		columns = term_text_columns(name);
		if (columns <= NAME_COLUMNS_MAX && columns > widest)
			widest = columns;
	}
	if (stack->kind != SITE_STACK || (stack->count == 0 && !end))
		fprintf(term->file, "%*s%s\n", indent, "",
			stack_text_missing(stack->kind));
	for (size_t i = 0; i < stack->count; i++) {
		fprintf(term->file, "%*s", indent, "");
		print_frame(term, &stack->frames[i], summary, widest,
			    cut_columns);
		same = repeats(stack, i);
		if (same < REPEATS_MIN)
			continue;
		fprintf(term->file, "%*s%s(%zu more frames just like it)%s\n",
			indent, "", term_style(term, TERM_DIM), same,
			term_style(term, TERM_PLAIN));
		i += same;
	}
	if (end)
		fprintf(term->file, "%*s%s%s%s\n", indent, "",
			term_style(term, TERM_DIM), end,
			term_style(term, TERM_PLAIN));
	if (stack->start_count == 0)
		return;
	fprintf(term->file, "%*s%s(thread ", indent, "",
		term_style(term, TERM_DIM));
	stack_text_starts(term, stack, summary);
	fprintf(term->file, ")%s\n", term_style(term, TERM_PLAIN));
}

/* Who has Python frames knows them, and not those of the interpreter. */
static size_t first_of_line(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->frames[i].is_python)
			return i;
	return 0;
}

/* A name behind the others, unless it is too long: false. */
static bool print_another(struct term *term, const struct stack_frame *frame,
			  const char *sign, unsigned *used, unsigned width)
{
	char name[TEXT_NAME_BYTES];

	if (frame->function)
		text_short_function(name, frame->function, 0);
	else
		frame_name(name, frame, 0);
	*used += 3 + term_text_columns(name);
	if (*used > width)
		return false;
	fprintf(term->file, " %s%s %s%s", term_style(term, TERM_DIM), sign,
		name, term_style(term, TERM_PLAIN));
	return true;
}

void stack_text_line(struct term *term, const struct stack *stack,
		     const struct summary *summary, unsigned used)
{
	const size_t at = first_of_line(stack);
	const unsigned least = term->is_terminal ? LINE_COLUMNS_MIN : 30;
	const unsigned width =
		term->width > used + least ? term->width : used + least;
	char name[TEXT_NAME_BYTES], place[TEXT_NAME_BYTES];
	const struct stack_frame *first = stack->frames + at;

	if (stack->count == 0) {
		fputs(stack_text_missing(stack->kind), term->file);
		return;
	}
	if (first->function)
		text_short_function(name, first->function, width - used);
	else
		frame_name(name, first, width - used);
	frame_place(place, first, summary);
	text_styled(term, TERM_FUNCTION, name);
	used += term_text_columns(name);
	if (*place && term->is_terminal)
		text_fit(place, width > used + 3 ? width - used - 2 : 1);
	if (*place) {
		/* Nothing of it fits: the name has all the room. */
		if (term->is_terminal && used + 6 > width)
			return;
		fputs("  ", term->file);
		text_styled(term, TERM_PATH, place);
		used += 2 + term_text_columns(place);
	} else if (term->is_terminal && used + 10 > width) {
		return;
	} else if (first->function && first->module &&
		   !is_own(first, summary)) {
		text_base_name(place, first->module);
		if (term->is_terminal)
			text_fit(place, width - used - 4);
		fprintf(term->file, "  %s[%s]%s", term_style(term, TERM_DIM),
			place, term_style(term, TERM_PLAIN));
		used += 4 + term_text_columns(place);
	}
	if (at > 0 && !print_another(term, stack->frames, ">", &used, width))
		return;
	for (size_t i = at + 1; i < stack->count; i++)
		if (!print_another(term, &stack->frames[i], "<", &used, width))
			return;
}
