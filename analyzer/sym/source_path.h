/* SPDX-License-Identifier: MIT */
/*
 * Names of source files as compilers record them, brought to one spelling: the
 * same file named from two directories must be one file in a report.
 */
#ifndef MEMPROF_ANALYZER_SYM_SOURCE_PATH_H
#define MEMPROF_ANALYZER_SYM_SOURCE_PATH_H

#include "analyzer/sym/intern.h"

/*
 * Joins name with directory (may be NULL) when name is relative, and resolves
 * ".", ".." and doubled slashes by text alone. Lives in intern; NULL when
 * memory is out or the result is longer than a path can be.
 */
const char *source_path_clean(struct intern *intern, const char *directory,
			      const char *name);

#endif
