/* SPDX-License-Identifier: MIT */
/*
 * The names of code that a runtime made while the program ran, from the copy
 * of its /tmp/perf-PID.map that lies beside the dump. What is read may be
 * anything: lines that are none are left out, later ones hide earlier ones
 * where they overlap, because code is moved and freed while a map only grows.
 */
#ifndef MEMPROF_ANALYZER_SYM_PERF_MAP_H
#define MEMPROF_ANALYZER_SYM_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

#define PERF_MAP_BYTES_LIMIT (UINT64_C(80) << 20)
#define PERF_MAP_LINES_LIMIT (UINT32_C(1) << 20)
#define PERF_MAP_NAME_LIMIT  1024u /* bytes; longer ones are cut */

struct perf_map_segment {
	uint64_t start;	  /* ends where the next one starts */
	const char *name; /* NULL: a gap */
};

/* All zero is a map without names. */
struct perf_map {
	char *text;
	struct perf_map_segment *segments; /* ascending */
	size_t count;
};

/*
 * Reads the file when its first line is the one given. One that is not there,
 * is another's or cannot be read is a map without names. -1 when memory is out.
 */
int perf_map_open(struct perf_map *ret_map, const char *path,
		  const char *first_line);

/* The same from text, which comes from malloc() and is taken over. */
int perf_map_parse(struct perf_map *ret_map, char *text, size_t bytes,
		   const char *first_line);
void perf_map_done(struct perf_map *map);

/* NULL: nothing is known of the address. */
const char *perf_map_find(const struct perf_map *map, uint64_t address);

#endif
