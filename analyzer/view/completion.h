/* SPDX-License-Identifier: MIT */
/* Completion of command lines, made from the tables of commands and options. */
#ifndef MEMPROF_ANALYZER_VIEW_COMPLETION_H
#define MEMPROF_ANALYZER_VIEW_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analyzer/base/options.h"

enum completion_shell { COMPLETION_BASH, COMPLETION_ZSH, COMPLETION_FISH };

/* A command as far as completion needs it. */
struct completion_command {
	const char *name;
	const char *summary;
	const struct option_table *tables;
	bool takes_command; /* what follows is a command line of its own */
};

void completion_print(FILE *file, enum completion_shell shell,
		      const struct completion_command *commands, size_t count);

#endif
