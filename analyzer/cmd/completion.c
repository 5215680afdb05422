/* SPDX-License-Identifier: MIT */
/* memprof completion: what a shell needs to complete our command lines. */
#include "config.h"

#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/view/completion.h"

#define COMMANDS_MAX 64

/* In the order of enum completion_shell. */
static const char *const shells[] = { "bash", "zsh", "fish", NULL };

/* Usage names operands by what they are. */
static enum completion_operands operands_of(const char *usage)
{
	static const struct {
		const char *word;
		enum completion_operands operands;
	} words[] = {
		{ "COMMAND", COMPLETION_COMMAND },
		{ "SHELL", COMPLETION_SHELLS },
		{ "FILE", COMPLETION_FILES },
		{ "DUMP", COMPLETION_DUMPS },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(usage, words[i].word))
			return words[i].operands;
	return COMPLETION_OTHERS;
}

static int completion_run(const void *values, int argc, char **argv)
{
	const struct term_choice choice = { .no_pager = true };
	struct completion_command commands[COMMANDS_MAX];
	struct term term;
	size_t count = 0;
	int shell = 0;

	(void)values;
	(void)argc;
	while (shells[shell] && strcmp(shells[shell], argv[0]) != 0)
		shell++;
	if (!shells[shell]) {
		diag_error("%s: is no shell that is known; accepted are bash, "
			   "zsh and fish",
			   argv[0]);
		return CMD_USAGE;
	}
	for (; cmd_table[count] && count < COMMANDS_MAX; count++)
		commands[count] = (struct completion_command) {
			.name = cmd_table[count]->name,
			.summary = cmd_table[count]->summary,
			.tables = cmd_table[count]->tables,
			.operands = operands_of(cmd_table[count]->usage),
		};
	term_open(&term, &choice);
	completion_print(term.file, (enum completion_shell)shell, commands,
			 count);
	return term_close(&term) < 0 ? CMD_FAILED : CMD_DONE;
}

const struct cmd cmd_completion = {
	.name = "completion",
	.summary = "a script that completes command lines in a shell",
	.usage = "[options] SHELL",
	.operands_min = 1,
	.operands_max = 1,
	.run = completion_run,
};
