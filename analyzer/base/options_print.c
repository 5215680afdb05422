/* SPDX-License-Identifier: MIT */
/* The tables as -h shows them. */
#include "config.h"

#include <string.h>

#include "analyzer/base/options.h"

#define HELP_COLUMN 26u /* where the help phrases begin */
#define HELP_MIN    20u /* columns a help phrase gets at least */

/* Words of text from column to width, later lines begin at column too. */
static void print_wrapped(FILE *file, const char *text, unsigned column,
			  unsigned width)
{
	unsigned room = width > column + HELP_MIN ? width - column : HELP_MIN;
	unsigned used = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (used > 0 && used + 1 + len > room) {
			fprintf(file, "\n%*s", (int)column, "");
			used = 0;
		}
		fprintf(file, "%s%.*s", used ? " " : "", (int)len, text);
		used += (unsigned)len + (used ? 1 : 0);
		text += len + (text[len] == ' ');
	}
	fputc('\n', file);
}

/* "a|b|c", the argument of an OPTION_ENUM without a name for it */
static void join_choices(char *buf, size_t size, const char *const *choices)
{
	size_t used = 0;

	buf[0] = '\0';
	for (; *choices && used < size; choices++) {
		int len = snprintf(buf + used, size - used, "%s%s",
				   used ? "|" : "", *choices);

		used += len > 0 ? (size_t)len : 0;
	}
}

static void print_spec(FILE *file, const struct option_spec *spec,
		       unsigned width)
{
	char choices[256], left[512], help[1024];
	char letter[] = { spec->letter ? '-' : ' ',
			  spec->letter ? spec->letter : ' ',
			  spec->letter ? ',' : ' ', '\0' };
	const char *argument = spec->argument;

	if (spec->choices)
		join_choices(choices, sizeof(choices), spec->choices);
	if (!argument && spec->type == OPTION_ENUM)
		argument = choices;
	snprintf(left, sizeof(left), "  %s --%s%s%s", letter, spec->name,
		 argument ? " " : "", argument ? argument : "");
	/* A named argument leaves the choices to the phrase. */
	snprintf(help, sizeof(help), "%s%s%s", spec->help,
		 spec->choices && spec->argument ? ": " : "",
		 spec->choices && spec->argument ? choices : "");
	fputs(left, file);
	if (strlen(left) + 2 > HELP_COLUMN)
		fprintf(file, "\n%*s", (int)HELP_COLUMN, "");
	else
		fprintf(file, "%*s", (int)(HELP_COLUMN - strlen(left)), "");
	print_wrapped(file, help, HELP_COLUMN, width);
}

void options_print(FILE *file, const struct option_table *tables,
		   unsigned width)
{
	static const struct option_spec help = { .name = "help",
						 .letter = 'h',
						 .help = "print this help" };

	for (; tables && tables->specs; tables++) {
		fprintf(file, "%s:\n", tables->heading);
		for (const struct option_spec *spec = tables->specs;
		     spec->type != OPTION_END; spec++)
			print_spec(file, spec, width);
		fputc('\n', file);
	}
	fputs("Help:\n", file);
	print_spec(file, &help, width);
}
