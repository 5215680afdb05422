/* SPDX-License-Identifier: MIT */
/* From the arguments of a command to its run(). */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"

#define COMMAND_BYTES 64 /* "memprof " and the name of a command */

static int help(const struct cmd *cmd)
{
	const struct term_choice choice = { .no_pager = true };
	struct term term;

	term_open(&term, &choice);
	cmd_print_help(cmd, term.file, term.width);
	return term_close(&term) < 0 ? CMD_FAILED : CMD_DONE;
}

static bool are_operands_right(const struct cmd *cmd, int count, char **argv)
{
	if (count < cmd->operands_min) {
		diag_error("%s: something is missing; usage: memprof %s %s",
			   cmd->name, cmd->name, cmd->usage);
		return false;
	}
	if (count > cmd->operands_max) {
		diag_error("%s: '%s' is too much; usage: memprof %s %s",
			   cmd->name, argv[cmd->operands_max], cmd->name,
			   cmd->usage);
		return false;
	}
	return true;
}

int cmd_execute(const struct cmd *cmd, int argc, char **argv)
{
	char command[COMMAND_BYTES];
	struct options options = {
		.command = command,
		.tables = cmd->tables,
		.stops_at_operand = cmd->stops_at_operand,
	};
	void *values = calloc(1, cmd->options_bytes ? cmd->options_bytes : 1);
	int count, status;

	if (!values) {
		diag_error("%s: out of memory", cmd->name);
		return CMD_FAILED;
	}
	if (cmd->defaults)
		memcpy(values, cmd->defaults, cmd->options_bytes);
	snprintf(command, sizeof(command), "memprof %s", cmd->name);
	count = options_parse(&options, values, argc, argv);
	if (count == OPTIONS_HELP)
		status = help(cmd);
	else if (count < 0 || !are_operands_right(cmd, count, argv))
		status = CMD_USAGE;
	else
		status = cmd->run(values, count, argv);
	free(values);
	return status;
}
