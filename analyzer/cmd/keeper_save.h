/* SPDX-License-Identifier: MIT */
/* From sealed memory to the file that a dump is. */
#ifndef MEMPROF_ANALYZER_CMD_KEEPER_SAVE_H
#define MEMPROF_ANALYZER_CMD_KEEPER_SAVE_H

#include <stdbool.h>

/*
 * Puts a file, 0600, in place of the link to our descriptor that the dump's
 * name is; of another link or file there, nothing happens. is_replaced: exec()
 * ended the program. -1 when a recording is lost; errno.
 */
int keeper_save(int memory, bool is_replaced);

#endif
