/* SPDX-License-Identifier: MIT */
/*
 * Where separate debug files are looked for: the directories that the user
 * names, then /usr/lib/debug of the recorded system, then the one here. What
 * is found is proved to belong (build-id or CRC) before it is handed out.
 */
#ifndef MEMPROF_ANALYZER_SYM_DEBUG_SEARCH_H
#define MEMPROF_ANALYZER_SYM_DEBUG_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/sym/elf_file.h"

struct debug_search_place {
	char *root; /* "" or the system root that the directory is in */
	char *directory;
};

struct debug_search {
	char *sysroot; /* "" when there is none */
	struct debug_search_place *places;
	size_t place_count;
	bool use_debuginfod;
};

/* sysroot may be NULL. -1 when memory is out; done is fine all the same. */
int debug_search_init(struct debug_search *search, const char *sysroot,
		      const char *const *directories, size_t directory_count,
		      bool use_debuginfod);
void debug_search_done(struct debug_search *search);

/* All of these: NULL when there is none; the caller closes it. */
struct elf_file *debug_search_build_id(const struct debug_search *search,
				       const uint8_t *build_id, size_t bytes);
/* By the .gnu_debuglink of main; path is where main was recorded. */
struct elf_file *debug_search_link(const struct debug_search *search,
				   const struct elf_file *main,
				   const char *path);
/* The file that dwz moved what is common into, out of file. */
struct elf_file *debug_search_alt(const struct debug_search *search,
				  const struct elf_file *file);

#endif
