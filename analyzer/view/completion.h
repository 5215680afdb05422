/* SPDX-License-Identifier: MIT */
/* Completion of command lines, made from the tables of commands and options. */
#ifndef MEMPROF_ANALYZER_VIEW_COMPLETION_H
#define MEMPROF_ANALYZER_VIEW_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analyzer/base/options.h"

enum completion_shell { COMPLETION_BASH, COMPLETION_ZSH, COMPLETION_FISH };

/* What stands behind the options. */
enum completion_operands {
	COMPLETION_DUMPS,
	COMPLETION_FILES,
	COMPLETION_COMMAND, /* a command line of its own */
	COMPLETION_SHELLS,
	COMPLETION_OTHERS, /* nothing that could be guessed */
};

/* A command as far as completion needs it. */
struct completion_command {
	const char *name;
	const char *summary;
	const struct option_table *tables;
	enum completion_operands operands;
};

void completion_print(FILE *file, enum completion_shell shell,
		      const struct completion_command *commands, size_t count);

#endif
