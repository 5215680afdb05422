/* SPDX-License-Identifier: MIT */
/* The files of suppressions that a command was given, and ours. */
#ifndef MEMPROF_ANALYZER_CMD_RULES_H
#define MEMPROF_ANALYZER_CMD_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/base/options.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/suppressions.h"

/* The two options, where a command leaves out what they match. */
#define RULES_FILES_SPEC(struct_, field_)                                \
	{                                                                \
		.type = OPTION_LIST, .name = "suppressions",             \
		.argument = "FILE", .offset = offsetof(struct_, field_), \
		.help = "leave out what the rules in FILE match"         \
	}
#define RULES_NO_DEFAULTS_SPEC(struct_, field_)                         \
	{                                                               \
		.type = OPTION_FLAG, .name = "no-default-suppressions", \
		.offset = offsetof(struct_, field_),                    \
		.help = "show what libraries keep until the end too"    \
	}

/* Adds to rules, which keep the files' names. CMD_DONE, or the exit status
 * after having said why not. */
int rules_read(struct suppressions *rules, const struct option_list *files,
	       bool with_defaults);

/* Those that the recorded program brings along, as it would for
 * LeakSanitizer. Warns of what cannot be used. */
void rules_add_own(struct suppressions *rules, const struct analysis *analysis);

#endif
