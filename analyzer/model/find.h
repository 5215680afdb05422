/* SPDX-License-Identifier: MIT */
/*
 * Which live block an address belongs to, in a dump that was recorded with
 * addresses: of those that were listed last.
 */
#ifndef MEMPROF_ANALYZER_MODEL_FIND_H
#define MEMPROF_ANALYZER_MODEL_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct analysis;

/* A block that holds the address, or lies before it. */
struct find_block {
	uint64_t address, bytes;
	uint32_t site; /* its number; SITES_NONE: it has no stack */
	bool has_age;  /* when the blocks were listed */
	uint64_t age_allocs;
	double age_ns; /* 0 when there is no time */
};

#define FIND_BLOCKS 8u /* that lie within each other, at most */

struct find {
	uint64_t address;
	/* Those that the address is in, innermost first: a pool may have its
	 * blocks in another one. A block of nothing has its own address. */
	struct find_block blocks[FIND_BLOCKS];
	size_t count;
	bool has_before; /* where it is in none: the one that ends last before
			  */
	struct find_block before;
	uint64_t lost;	    /* live blocks that were not listed */
	bool has_time;	    /* when they were listed is known */
	uint64_t listed_ns; /* after the start */
};

/* False when no blocks were listed. */
bool find_init(struct find *ret_find, const struct analysis *analysis,
	       uint64_t address);

#endif
