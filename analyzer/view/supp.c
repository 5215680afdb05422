/* SPDX-License-Identifier: MIT */
/* Rules that suppress what `leaks` reports, in valgrind's format. */
#include "config.h"

#include "analyzer/view/supp.h"

#include "analyzer/model/stack.h"
#include "analyzer/view/text.h"

#define FRAMES_MAX 24u /* of a rule; valgrind takes as many */

/* ? stands for whatever a terminal or a reader of rules might not take as it
 * is. */
static void put_pattern(FILE *file, const char *kind, const char *name)
{
	fprintf(file, "   %s:", kind);
	for (; *name; name++)
		putc(*name > ' ' - 1 && *name < 0x7f ? *name : '?', file);
	putc('\n', file);
}

static void put_rule(FILE *file, const struct stack *stack, const char *kind,
		     const char *name)
{
	fprintf(file, "{\n   %s\n   Memcheck:Leak\n", name);
	if (kind)
		fprintf(file, "   match-leak-kinds: %s\n", kind);
	/* valgrind's stacks begin with the allocating function. */
	fputs("   ...\n", file);
	for (size_t i = 0; i < stack->count && i < FRAMES_MAX - 1; i++) {
		const struct stack_frame *frame = &stack->frames[i];

		if (frame->mangled && *frame->mangled)
			put_pattern(file, "fun", frame->mangled);
		else if (frame->function && *frame->function)
			put_pattern(file, "fun", frame->function);
		else if (frame->module && *frame->module)
			put_pattern(file, "obj", frame->module);
		else
			fputs("   obj:*\n", file);
	}
	fputs("}\n", file);
}

int supp_print_site(FILE *file, struct analysis *analysis, size_t site,
		    unsigned verdict)
{
	static const char *const kinds[LEAKS_VERDICTS] = {
		[MPF_VERDICT_LOST] = "definite",
		[MPF_VERDICT_INDIRECT] = "indirect",
		[MPF_VERDICT_POSSIBLE] = "possible",
		[MPF_VERDICT_REACHABLE] = "reachable",
	};
	struct stack stack = { 0 };
	char name[80], function[TEXT_NAME_BYTES];
	int ret = 0;

	if (analysis->sites.array[site].kind != SITE_STACK)
		return 0;
	ret = stack_read(&stack, &analysis->names,
			 &analysis->sites.array[site]);
	if (ret == 0 && stack.count > 0) {
		text_short_function(function, stack.frames[0].function, 40);
		snprintf(name, sizeof(name), "leak %zu %.40s", site + 1,
			 function);
		put_rule(file, &stack, kinds[verdict], name);
	}
	stack_done(&stack);
	return ret;
}

int supp_print(FILE *file, struct analysis *analysis, const struct leaks *leaks,
	       bool with_reachable)
{
	int ret = 0;

	for (size_t i = 0; i < analysis->sites.count && ret == 0; i++)
		for (unsigned v = 0; v < LEAKS_VERDICTS && ret == 0; v++)
			if (leaks->of_site[v][i].of[METRIC_LIVE_BLOCKS] &&
			    (v != MPF_VERDICT_REACHABLE || with_reachable))
				ret = supp_print_site(file, analysis, i, v);
	return ret;
}
