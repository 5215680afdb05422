/* SPDX-License-Identifier: MIT */
/*
 * The stacks of a dump as one tree. Loading and unloading code starts new
 * roots in a dump; here equal stacks are one again, whichever root they had.
 *
 * Nodes keep their index in the dump; each has a smaller index's node as its
 * parent, so that whatever follows from the parent can be found in one pass
 * from 1 on. Read only once built.
 */
#ifndef MEMPROF_ANALYZER_MODEL_TREE_H
#define MEMPROF_ANALYZER_MODEL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/codes.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/modules.h"

/* Which frames are looked at. */
enum tree_frames {
	TREE_MIXED, /* Python frames in the place of the native one that runs
		       them */
	TREE_NATIVE,
	TREE_PYTHON,
};

/* A distinct return address (or interrupted pc) in a distinct module, or a
 * line of Python code. */
struct tree_frame {
	uint64_t address; /* as recorded */
	uint32_t module;  /* MODULES_NONE: unknown code */
	bool is_exact;	  /* the pc itself, no return address */
	bool is_guessed;  /* found by frame pointer, may be wrong */
	bool is_python;	  /* then address is 0, module NONE, and: */
	bool is_left_out; /* stands for frames that were too many */
	uint32_t code;	  /* index into codes */
	uint32_t line;	  /* 0: unknown */
	uint32_t column;  /* of one instruction of those that the line has */
};

/* What stands above the outermost frame of a stack. */
enum tree_end {
	TREE_COMPLETE,
	TREE_CUT_DEPTH,	    /* more frames than were to be kept */
	TREE_CUT_NO_RULE,   /* code without usable unwind data */
	TREE_CUT_BAD_STACK, /* the stack could not be read */
	TREE_CUT_OTHER,	    /* a reason this version does not know */
};

struct tree {
	const struct dump *dump;
	struct modules modules;
	struct codes codes;
	uint32_t interpreter;	   /* module; MODULES_NONE: there is none */
	struct tree_frame *frames; /* from 1 on */
	size_t frame_count;	   /* frames[0] included */
	uint32_t *frame_of; /* per node: index into frames, 0: no frame */
	uint32_t *same;	   /* per node: its first equal; NULL: itself. Of one */
			   /* that is not looked at: what is further out */
	uint32_t *parents; /* per node: same of its parent; NULL: of itself */
	size_t frame_room;
};

/* 0, or DUMP_MEMORY. The tree is valid as long as the dump. */
int tree_init(struct tree *ret_tree, const struct dump *dump,
	      enum tree_frames frames);
void tree_done(struct tree *tree);

/* The first node with the same stack: what stands for it everywhere. */
uint32_t tree_same(const struct tree *tree, uint32_t node);

/* The next outer node; not of one with kind ROOT. Asked for each frame of each
 * stack. */
static inline uint32_t tree_parent(const struct tree *tree, uint32_t node)
{
	return tree->parents ? tree->parents[node]
			     : dump_parent(tree->dump, node);
}

/* Are there frames of Python? */
bool tree_has_python(const struct tree *tree);

/* How the stack of a node ends at its outer end. */
enum tree_end tree_end(const struct tree *tree, uint32_t node);

/*
 * Did the interpreter itself ask for what a class node stands for, and not
 * other native code? By the innermost native frame that is no allocator's.
 */
bool tree_is_interpreters(const struct tree *tree, uint32_t class_node);

/* The address to look a frame up with: within the calling instruction. */
uint64_t tree_lookup_address(const struct tree_frame *frame);

#endif
