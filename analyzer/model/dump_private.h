/* SPDX-License-Identifier: MIT */
/* What the files that make up the opened dump share. Included by them only. */
#ifndef MEMPROF_ANALYZER_MODEL_DUMP_PRIVATE_H
#define MEMPROF_ANALYZER_MODEL_DUMP_PRIVATE_H

#include "analyzer/model/dump.h"

struct dump_segment {
	uint64_t offset; /* in the file */
	uint64_t bytes;
	uint64_t first;
	uint64_t number; /* in the file, from 1 */
	uint32_t type;
	uint32_t owner;
	uint32_t elem_bytes;
	size_t at; /* of its first element in the array of its type */
};

/* A dump while it is being opened. */
struct dump_reader {
	struct dump *dump;
	struct dump_error *error;
	int fd;
	bool is_salvage;
};

/* Fills the error; returns its code. */
int dump_fail(struct dump_reader *reader, enum dump_code code, const char *what,
	      uint64_t offset);

/*
 * Something that salvage does without. With it notes the loss and returns 0,
 * otherwise fills the error (CORRUPT) and returns its code.
 */
int dump_drop(struct dump_reader *reader, const char *what, uint64_t offset,
	      const struct dump_segment *segment);

/* Reads exactly bytes at offset; DUMP_CUT when the file ends before. */
int dump_read(struct dump_reader *reader, void *to, uint64_t bytes,
	      uint64_t offset);

/*
 * dump_segments.c: the table of segments up to used bytes, beginning where
 * the last call ended, and the arrays of the file.
 */
int dump_scan_segments(struct dump_reader *reader, uint64_t used_bytes);
int dump_load_slots(struct dump_reader *reader);
int dump_load_rest(struct dump_reader *reader);

/* dump_timeline.c. Its arrays, to be read before the slots; then, with all
 * else checked, what is in them. */
int dump_load_timeline(struct dump_reader *reader);
int dump_check_timeline(struct dump_reader *reader);

/* dump_segments.c: all segments of a type as one array. */
int dump_load_array(struct dump_reader *reader, uint32_t type, void **ret_array,
		    size_t *ret_count);
int dump_check_chains(struct dump_reader *reader);

/* dump_check.c: header, then everything that the arrays refer to. */
int dump_check_header(struct dump_reader *reader);
int dump_check_elements(struct dump_reader *reader);

/* dump_drop() of an element of an array, told by its place in the file. */
int dump_drop_element(struct dump_reader *reader, const char *what,
		      uint32_t type, size_t index);

/* Beyond the losses that are kept, looking for their places is wasted. */
bool dump_is_worth_telling(const struct dump_reader *reader);

/* dump_check.c: is the text within the texts of the file? */
bool dump_is_text_valid(const struct dump *dump, struct mpf_text text);

/* dump_nodes.c: fills node_kinds; then the slots. */
int dump_check_nodes(struct dump_reader *reader);
int dump_check_slots(struct dump_reader *reader);

/* dump_leaks.c: what the reachability scan says, after the nodes. */
int dump_check_leaks(struct dump_reader *reader);

/* dump_ages.c: lifetimes and live blocks, after the nodes. */
int dump_check_ages(struct dump_reader *reader);

/* dump_process.c: is there still a process of that number, and the same? */
bool dump_process_is_same(const struct mpf_header *header);

/* Is the process of the dump alive, with this file mapped? */
bool dump_process_is_alive(const struct mpf_header *header, uint64_t inode,
			   const char *path);

/* dump_gone.c: when nobody records into an open dump that says so: was its
 * process replaced? Gives the file, open as fd, back to its owner. */
void dump_look_at_gone(struct dump *dump, int fd);

#endif
