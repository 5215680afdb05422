/* SPDX-License-Identifier: MIT */
/*
 * An opened dump: the file's contents in private memory, checked, so that
 * the rest of the model may follow every index in it. The file is read once
 * and closed; a dump that is still being recorded is read at one instant.
 *
 * Nothing in the file is trusted. Memory is bounded by what the file really
 * holds, time by its size, and every count by one of the limits below.
 *
 * A struct dump is used by one thread at a time. Nothing here prints.
 */
#ifndef MEMPROF_ANALYZER_MODEL_DUMP_H
#define MEMPROF_ANALYZER_MODEL_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/format/format.h"

#define DUMP_MAX_BYTES	 (UINT64_C(1) << 36) /* header and segments */
#define DUMP_MAX_NODES	 (UINT64_C(1) << 28)
#define DUMP_MAX_COUNT	 (INT64_MAX >> 3) /* of any counter and its sum */
#define DUMP_MAX_DEPTH	 65536u		  /* frames of one stack */
#define DUMP_MAX_MODULES 65536u
#define DUMP_MAX_THREADS (1u << 20)
#define DUMP_MAX_CODES	 (1u << 24)	     /* pieces of interpreted code */
#define DUMP_MAX_TEXT	 (UINT64_C(1) << 20) /* bytes of one text */
#define DUMP_MAX_PATH	 4096u		     /* bytes of a module's path */
#define DUMP_MAX_POINTS	 65536u
#define DUMP_MAX_MOMENTS 65536u
#define DUMP_MAX_DROPPED 32u /* losses told one by one */
#define DUMP_MAX_TRIES	 8u  /* to read what a process goes on changing */

enum dump_code {
	DUMP_OK = 0,
	DUMP_MISSING = -1,    /* no such file */
	DUMP_DIRECTORY = -2,  /* a directory */
	DUMP_SPECIAL = -3,    /* a FIFO, socket or device */
	DUMP_DENIED = -4,     /* open or read failed: system_errno */
	DUMP_EMPTY = -5,      /* nothing in it, or only zeroes */
	DUMP_FOREIGN = -6,    /* some other file; what: "text" for a text */
	DUMP_NEWER = -7,      /* value: its version */
	DUMP_BYTE_ORDER = -8, /* made on a machine of the other byte order */
	DUMP_CUT = -9,	      /* shorter than it says: value bytes missing */
	DUMP_CORRUPT = -10,   /* what is wrong, at which offset */
	DUMP_MEMORY = -11,    /* out of memory */
};

struct dump_error {
	enum dump_code code;
	int system_errno; /* 0: none */
	const char *what; /* static text naming the part; NULL: none */
	uint64_t offset;  /* in the file */
	uint64_t value;	  /* see the codes */
	uint64_t segment; /* number of the segment in the file, from 1; */
	/* 0: not in a segment */
	uint32_t segment_type; /* enum mpf_segment_type */
};

struct dump_options {
	bool salvage; /* use what is valid, note the rest in dropped */
};

/* What became of the process, as far as one can tell now. */
enum dump_process {
	DUMP_RUNNING,  /* alive, and this file is mapped in it */
	DUMP_EXITED,   /* exit status is in the header */
	DUMP_REPLACED, /* by exec */
	DUMP_VANISHED, /* killed, or out of sight: another machine */
};

/* What an element of nodes is, after checking it and all its parents. */
enum dump_node_kind {
	DUMP_NODE_NONE = 0, /* unused, a link, half written or invalid */
	DUMP_NODE_ROOT,
	DUMP_NODE_CUT,
	DUMP_NODE_FRAME,
	DUMP_NODE_PYTHON, /* a frame, of code that there is */
	DUMP_NODE_CLASS,  /* what slots count for, of any kind of class */
};

/* The slots of one segment: all of one writer. */
struct dump_run {
	uint32_t owner; /* index into threads */
	size_t first;	/* index into slots */
	size_t count;
	uint64_t offset; /* in the file, of the first of them */
};

#define DUMP_MAX_LEAKS (1u << 20)
#define DUMP_MAX_LIVE  (1u << 22) /* elements, not blocks */
#define DUMP_MAX_ROOTS (1u << 16)

struct dump_segment; /* private */

struct dump {
	char *path;
	struct mpf_header header;
	uint64_t file_bytes;
	uint64_t file_mtime_ns;
	enum dump_process process;
	bool is_changing; /* it was alive, perhaps on its way out, when this
			   * was read: parts may be of different instants */
	bool is_copy; /* made at header.end_ns, while it was: so are these */

	/*
	 * Arrays of the file; elements that are unused, and those under the
	 * segment headers, are zero; each array has at least one. Every used
	 * slot has a class_node of kind CLASS and an owner below thread_count.
	 * No sum of one
	 * counter over any slots exceeds DUMP_MAX_COUNT.
	 */
	struct mpf_node *nodes;
	uint8_t *node_kinds; /* enum dump_node_kind */
	size_t node_count;
	struct mpf_module *modules; /* used: end != 0 */
	size_t module_count;
	struct mpf_code *codes; /* used: lines_kind != 0; never [0] */
	size_t code_count;
	struct mpf_thread *threads;
	size_t thread_count;
	struct mpf_slot *slots; /* used: class_node != 0 */
	size_t slot_count;
	struct dump_run *runs;
	size_t run_count;

	/*
	 * The timeline. Points are in no order; used: ns != 0. Moments that
	 * are used (ns != 0) are in order of time, and so are their changes,
	 * of which no two moments have the same. The line of a change that is
	 * used is the index of its slot + 1.
	 */
	struct mpf_point *points;
	size_t point_count;
	struct mpf_moment *moments;
	size_t moment_count;
	struct mpf_change *changes;
	size_t change_count;

	/* With a range that has a beginning: what the slots had counted by
	 * then, one for each; NULL: nothing is to be subtracted. */
	struct mpf_change *before;
	struct mpf_overflow overflow_before;

	/*
	 * What the reachability scan says; empty unless has_leaks. Of a used
	 * leak (blocks != 0) both classes are of kind CLASS or 0, and root is
	 * that of a used root or 0.
	 */
	bool has_leaks;
	struct mpf_leak *leaks;
	size_t leak_count;
	struct mpf_root *roots; /* used: held != 0 */
	size_t root_count;

	/*
	 * How long blocks lived, empty unless has_lifetimes; used: class_node
	 * != 0, which is of kind CLASS. Live blocks, empty unless has_live;
	 * used: blocks != 0, the class of kind CLASS or 0. No sum of blocks or
	 * of bytes exceeds DUMP_MAX_COUNT.
	 */
	bool has_lifetimes;
	struct mpf_lifetime *lifetimes;
	size_t lifetime_count;
	bool has_live;
	struct mpf_live *live;
	size_t live_count;

	/* With salvage: what could not be used. */
	struct dump_error dropped[DUMP_MAX_DROPPED];
	uint64_t dropped_count; /* may exceed DUMP_MAX_DROPPED */

	/* Private: where texts are. */
	char *text;
	size_t text_count;
	struct dump_segment *segments;
	size_t segment_count;
	uint64_t segments_seen; /* unknown ones included */
	uint64_t scanned_bytes;
};

/*
 * Reads the dump at path. 0 and *ret_dump, or a negative enum dump_code.
 * *error is filled in both cases. The caller closes the dump.
 */
int dump_open(const char *path, const struct dump_options *options,
	      struct dump **ret_dump, struct dump_error *error);

/* NULL is allowed. */
void dump_close(struct dump *dump);

/* The parent of the node at index, which is below node_count; 0: a root, or
 * none that is there. Of a node that has a kind it is a node that has one. */
static inline uint32_t dump_parent(const struct dump *dump, uint32_t index)
{
	uint64_t before;

	if (index == 0 || mpf_is_root(dump->nodes[index].pc))
		return 0;
	before = dump->nodes[index - 1].pc;
	if (MPF_PC_KIND(before) != MPF_NODE_LINK)
		return index - 1;
	before &= MPF_PC_MASK;
	return before < index ? (uint32_t)before : 0;
}

/*
 * The bytes of a text of the header or of a used module, valid as long as
 * the dump; not terminated, any bytes. *ret_bytes is 0 and the result ""
 * where there is none.
 */
const char *dump_text(const struct dump *dump, struct mpf_text text,
		      size_t *ret_bytes);

#endif
