/* SPDX-License-Identifier: MIT */
/* The table of commands, in the order in which help lists them. */
#include "config.h"

#include "analyzer/cmd/cmd.h"

#include <string.h>

const struct cmd *const cmd_table[] = {
	&cmd_run,      &cmd_snapshot,	  &cmd_report,
	&cmd_leaks,    &cmd_peak,	  &cmd_top,
	&cmd_tree,     &cmd_lines,	  &cmd_diff,
	&cmd_timeline, &cmd_find_address, &cmd_html,
	&cmd_flame,    &cmd_export,	  &cmd_check,
	&cmd_stat,     &cmd_info,	  &cmd_completion,
	NULL,
};

const struct cmd *cmd_find(const char *name)
{
	for (const struct cmd *const *cmd = cmd_table; *cmd; cmd++)
		if (strcmp((*cmd)->name, name) == 0)
			return *cmd;
	return NULL;
}
