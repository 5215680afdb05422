/* SPDX-License-Identifier: MIT */
/* The program that `run` is to record: finding it, and whether it can be. */
#ifndef MEMPROF_ANALYZER_CMD_TARGET_H
#define MEMPROF_ANALYZER_CMD_TARGET_H

/*
 * Path of the file that a shell would run for name, to be freed. NULL and
 * *ret_status (CMD_RUN_NOT_FOUND, CMD_RUN_NOT_EXECUTABLE or CMD_RUN_FAILED)
 * when there is none, which was said.
 */
char *target_find(const char *name, int *ret_status);

/*
 * Whether the recorder would be loaded into the program at path; a script is
 * followed to its interpreter. 0, or -1 when not: said. What cannot be read
 * is left to the kernel to judge.
 */
int target_check(const char *path);

#endif
