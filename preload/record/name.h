/* SPDX-License-Identifier: MIT */
/*
 * The name of the dump: the pattern expanded, made absolute, and kept away
 * from files that are not ours to replace.
 *
 * Context: boot, or a forked child before its first record; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_RECORD_NAME_H
#define MEMPROF_PRELOAD_RECORD_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MP_NAME_BYTES 4096u

struct mp_name {
	const char *pattern;  /* MEMPROF_OUT */
	const char *temp_dir; /* where to go when the default is not writable */
	const char
		*directory;  /* what a relative pattern is relative to, or "" */
	const char *program; /* path of the executable */
	uint64_t start_unix_ns;
	uint64_t process_ticks; /* of this process, see mpf_header */
	bool is_fork_child;	/* a pattern without %p gets .PID */
};

/*
 * Calls create(path) with one candidate after another until it returns
 * anything but -EEXIST; an old dump that nobody records into any more is
 * unlinked first, any other file left alone. Says it when the dump is not
 * where the pattern has it. Returns create's last answer.
 */
typedef int mp_name_fn(const char *path, void *arg);
int mp_name_create(const struct mp_name *name, mp_name_fn *create, void *arg);

#endif
