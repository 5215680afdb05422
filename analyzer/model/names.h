/* SPDX-License-Identifier: MIT */
/*
 * Names for the frames of a tree. A frame is symbolised when it is first
 * asked for, never before. One thread at a time.
 */
#ifndef MEMPROF_ANALYZER_MODEL_NAMES_H
#define MEMPROF_ANALYZER_MODEL_NAMES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/sym/intern.h"
#include "analyzer/sym/perf_map.h"
#include "analyzer/sym/sym.h"

struct dump;
struct tree;

struct names_entry {
	const struct sym_frame *frames;
	uint32_t count;
	bool is_resolved;
	uint8_t wrapper; /* 0: not known yet, 1: no, 2: yes */
};

/* So many frames of all have names. Called often. */
typedef void names_progress_fn(void *arg, size_t done, size_t all);

struct names {
	const struct tree *tree;
	struct sym *sym;	     /* NULL: addresses only */
	uint32_t *objects;	     /* per module: sym's handle + 1, or 0 */
	struct names_entry *entries; /* per frame of the tree */
	names_progress_fn *progress; /* NULL: nobody wants to know */
	void *progress_arg;
	size_t resolved;
	/* Of frames that are in no object, as resolved. */
	struct sym_frame *others;
	size_t other_count, other_room;
	struct perf_map generated; /* of the frames in generated code */
	struct intern made;	   /* what unnamed code is called */
};

/* 0, or DUMP_MEMORY. sym stays the caller's and outlives the names. */
int names_init(struct names *ret_names, const struct tree *tree,
	       struct sym *sym);

/* Gives generated code the names in the map beside the dump, which was opened
 * from path. 0, or DUMP_MEMORY. */
int names_add_map(struct names *names, const struct dump *dump,
		  const char *path);
void names_done(struct names *names);

/*
 * The activations at a frame (an index into the tree's frames), innermost
 * first, as sym_resolve() gives them, without malloc() and its kin where an
 * allocator or a runtime library inlined them. 0: nothing is known of it.
 */
size_t names_of(struct names *names, uint32_t frame,
		const struct sym_frame **ret_frames);

/*
 * What a function without a name is called, by the path of its module and by
 * where it begins in it: "prog+0x11c0".
 */
#define NAMES_UNNAMED_BYTES (NAME_MAX + 32) /* no file has a longer name */
size_t names_write_unnamed(char buf[static NAMES_UNNAMED_BYTES],
			   const char *module, uint64_t start);

/* The same of a frame, and the beginning; equal texts have equal pointers.
 * NULL: it has a name, or not even that is known. */
const char *names_unnamed(struct names *names, uint32_t frame,
			  uint64_t *ret_start);

/*
 * Is the frame the allocator's own: code of libmemprof.so, or malloc(),
 * operator new and their kin in an allocator or a runtime library?
 */
bool names_is_wrapper(struct names *names, uint32_t frame);

/*
 * The innermost node of a stack that is no wrapper; where all are, the
 * outermost frame. node as in struct site. 0 when there is no frame.
 */
uint32_t names_self(struct names *names, uint32_t node);

/* sym_variable() of a module. NULL without a sym too. */
const char *names_variable(struct names *names, uint32_t module,
			   uint64_t address, uint64_t *ret_offset);

/* What is known of the module's file. SYM_NONE without a sym. Opens it. */
enum sym_status names_module_status(struct names *names, uint32_t module);

/*
 * Why frames of a module could not be named, when some were asked for:
 * "missing", "changed" since the recording, "unreadable"; else NULL.
 */
const char *names_problem(struct names *names, uint32_t module);

#endif
