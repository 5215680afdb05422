/* SPDX-License-Identifier: MIT */
/*
 * What is selected of a dump as numbered tables, for formats that refer to
 * modules, functions, frames and stacks by number. Numbers begin at 0 and have
 * no gaps.
 *
 * Sites whose visible stacks are equal are one entry here, so that no stack
 * comes twice. What a limit leaves out is one more entry, so that the entries
 * always add up to all that was selected.
 */
#ifndef MEMPROF_ANALYZER_MODEL_CATALOG_H
#define MEMPROF_ANALYZER_MODEL_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/ages.h"
#include "analyzer/model/counts.h"
#include "analyzer/model/places.h"

struct analysis;
struct module;

#define CATALOG_NONE UINT32_MAX

/* Strings are those of the dump and of the debug information: any bytes. */
struct catalog_function {
	const char
		*name; /* never NULL: "prog+0x11c0" or "[prog]" when unknown */
	const char *file; /* NULL: unknown */
	bool is_known;
	bool is_note; /* no code, but a word about the stack: "[cut]" */
};

/* One activation at a frame. */
struct catalog_call {
	uint32_t function;
	uint32_t line; /* 0: unknown */
	uint32_t column;
	bool is_inlined; /* into the next call of the frame */
};

/* A distinct place in the code: calls[first], innermost, .. + count. */
struct catalog_frame {
	uint32_t module;  /* CATALOG_NONE: unknown code, or a note */
	uint64_t address; /* in the process, within the call; 0: a note */
	uint64_t offset;  /* ELF address in the module, else 0 */
	uint32_t first, count;
	bool is_guessed;
	bool is_python;
};

struct catalog_entry {
	struct counts counts;
	struct lifetime lifetime; /* with has_lifetimes */
	uint32_t node; /* of the tree, the innermost to be seen; 0: none */
	uint32_t note; /* the outermost frame, a note; CATALOG_NONE: none */
};

/* A node of the tree as stacks are read: all of it in one place. */
struct catalog_link {
	uint32_t frame;
	uint32_t outer; /* 0: there is none */
};

struct catalog {
	const struct module **modules; /* the main program first */
	size_t module_count;
	bool *has_names; /* per module: a function of it is known */
	struct catalog_function *functions;
	size_t function_count;
	struct catalog_call *calls;
	size_t call_count;
	struct catalog_frame *frames;
	size_t frame_count;
	struct catalog_entry *entries; /* the greatest first */
	size_t entry_count;
	size_t others;	    /* sites that are the last entry together */
	uint32_t *entry_of; /* per site of the analysis; CATALOG_NONE */
	struct counts sum;  /* of the entries */
	bool has_lifetimes, has_time, has_usable; /* see ages.h */

	/* Told of entries as they are read, where it is set. */
	void (*progress)(void *arg, size_t done, size_t all);
	void *progress_arg;

	/* The last stack that was read, innermost first. */
	uint32_t *stack;
	size_t stack_count;

	/* Private. */
	struct analysis *analysis;
	struct places places;
	uint32_t *of_frame;	    /* per frame of the tree: number + 1 */
	struct catalog_link *links; /* per node, of those that are read */
	uint32_t *of_module;
	uint32_t notes[8];
	size_t call_room, frame_room, function_room, stack_room;
	char **made;
	size_t made_count;
};

struct catalog_options {
	enum metric metric; /* which the entries are sorted by */
	bool has_zeros;	    /* those with the metric 0 too */
	size_t limit;	    /* 0: all */
};

/* Symbolises all frames that are needed. 0, or DUMP_MEMORY. */
int catalog_init(struct catalog *ret_catalog, struct analysis *analysis,
		 const struct catalog_options *options);
void catalog_done(struct catalog *catalog);

/* catalog_ages.c, a part of catalog_init(): the lifetimes of the entries. */
int catalog_add_lifetimes(struct catalog *catalog);

/* Reads the stack of an entry into stack. 0, or DUMP_MEMORY. */
int catalog_read(struct catalog *catalog, const struct catalog_entry *entry);

/* The frame of a node of the tree and the next outer node (0: none); for an
 * entry's node and those that came from it. */
static inline uint32_t catalog_frame_of(const struct catalog *catalog,
					uint32_t node, uint32_t *ret_outer)
{
	*ret_outer = catalog->links[node].outer;
	return catalog->links[node].frame;
}

#endif
