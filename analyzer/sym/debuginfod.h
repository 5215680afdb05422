/* SPDX-License-Identifier: MIT */
/*
 * Debug files from the servers that DEBUGINFOD_URLS names. libdwfl loads the
 * client library itself where it is installed; without it, or without the
 * variable, nothing is ever found and nothing is asked.
 */
#ifndef MEMPROF_ANALYZER_SYM_DEBUGINFOD_H
#define MEMPROF_ANALYZER_SYM_DEBUGINFOD_H

#include <stddef.h>
#include <stdint.h>

/*
 * Blocks for as long as DEBUGINFOD_TIMEOUT and friends allow. Returns a
 * descriptor that the caller closes, and what to call the file, which the
 * caller frees; -1: none.
 */
int debuginfod_find(const uint8_t *build_id, size_t bytes, char **ret_path);

#endif
