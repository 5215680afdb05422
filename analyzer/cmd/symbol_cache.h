/* SPDX-License-Identifier: MIT */
#ifndef MEMPROF_ANALYZER_CMD_SYMBOL_CACHE_H
#define MEMPROF_ANALYZER_CMD_SYMBOL_CACHE_H

/*
 * The folder in which names of code are kept from run to run, as the
 * environment says; it need not be there. The caller frees it. NULL: there is
 * none, or it is switched off.
 */
char *symbol_cache_folder(void);

#endif
