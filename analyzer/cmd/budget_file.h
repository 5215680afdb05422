/* SPDX-License-Identifier: MIT */
/* Budgets from options and from a file, and the words for wrong ones. */
#ifndef MEMPROF_ANALYZER_CMD_BUDGET_FILE_H
#define MEMPROF_ANALYZER_CMD_BUDGET_FILE_H

#include "analyzer/base/options.h"
#include "analyzer/model/budget.h"

/* Adds those of an option that was given. 0, or -1: said. */
int budget_file_add_options(struct budgets *budgets, enum budget_name name,
			    const struct option_list *texts);

/* Adds those of the file at path. 0, or -1: said. */
int budget_file_read(struct budgets *budgets, const char *path);

#endif
