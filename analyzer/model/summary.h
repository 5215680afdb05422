/* SPDX-License-Identifier: MIT */
/*
 * What a dump says of the recording as a whole: the program, how it was
 * recorded, what became of it, and what could not be seen. Plain values and
 * terminated strings; these are not trusted: any bytes may be in them.
 */
#ifndef MEMPROF_ANALYZER_MODEL_SUMMARY_H
#define MEMPROF_ANALYZER_MODEL_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/heap_use.h"

struct dump;
struct range;
struct dump_error;

enum summary_state {
	SUMMARY_RUNNING,  /* still recording into this dump */
	SUMMARY_EXITED,	  /* see exit_status */
	SUMMARY_REPLACED, /* by exec */
	SUMMARY_VANISHED, /* killed, or on a machine that we cannot see */
};

/* Why recording degraded. */
enum summary_failure {
	SUMMARY_COMPLETE,
	SUMMARY_NO_SPACE,  /* the disk was full */
	SUMMARY_NO_REOPEN, /* the dump could not be opened to grow it */
	SUMMARY_LIMIT,	   /* a table reached its largest size */
	SUMMARY_NO_MEMORY, /* private memory could not be mapped */
	SUMMARY_FILE_SIZE, /* the limit on file sizes was reached */
};

/* Whether the frames of a Python interpreter are in the stacks. */
enum summary_python {
	SUMMARY_PYTHON_NONE, /* there is none, or it was not asked for */
	SUMMARY_PYTHON_ON,
	SUMMARY_PYTHON_VERSION,	  /* of a version that is not known */
	SUMMARY_PYTHON_THREADED,  /* built without the global lock */
	SUMMARY_PYTHON_DIFFERENT, /* not built as others of its version */
	SUMMARY_PYTHON_STOPPED,	  /* its frames were not what was expected */
};

struct summary_strings {
	const char **array;
	size_t count;
};

/* Whether blocks of the interpreter's own allocators were recorded. */
enum summary_objects_mode {
	SUMMARY_OBJECTS_OFF,
	SUMMARY_OBJECTS_ON,
	SUMMARY_OBJECTS_LATE,	/* from when the interpreter was met */
	SUMMARY_OBJECTS_FAILED, /* it does not let them be seen */
};

struct summary_objects {
	enum summary_objects_mode mode;
	bool has_counts; /* false in a sampled dump: they are not told apart */
	int64_t live_blocks, live_bytes; /* of its allocators, at the end */
	/* Of them those that are small enough for its arenas. */
	int64_t arena_live_bytes;
	uint64_t arena_bytes, arena_bytes_most; /* 0: it has no arenas */
};

struct summary {
	const char *dump_path; /* as it was given to us */
	uint64_t dump_bytes;
	uint32_t version; /* of the format */

	/* The process. "" where nothing is known. */
	const char *program;
	struct summary_strings arguments;
	struct summary_strings settings; /* MEMPROF_X=value */
	const char *directory;
	const char *host;
	const char *system;
	const char *allocator;
	const char *out_path;
	const char *machine; /* "x86_64" ... */
	uint32_t pid, ppid;
	bool is_forked;
	uint32_t recorded_parent; /* with is_forked: who forked it */
	enum summary_state state;
	int32_t exit_status;
	uint64_t start_unix_ns;
	bool has_duration; /* false: nobody saw the end */
	uint64_t duration_ns;
	bool is_copy;	   /* what came after saved_ns is not in it */
	uint64_t saved_ns; /* after the start */
	bool has_peak_time;
	uint64_t peak_ns; /* after the start */

	/* The mode. */
	bool uses_frame_pointers;
	uint32_t max_depth;
	uint64_t sample_bytes; /* 0: exact */
	bool is_bypassed; /* another malloc came first: allocator names it */
	bool is_checked;
	enum summary_python python;
	uint32_t python_major, python_minor, python_micro;
	struct summary_objects objects;
	uint64_t check_walks, check_differences;
	bool is_verified;
	uint64_t verify_walks, verify_differences;

	/* The timeline. */
	bool has_timeline;
	uint64_t points, marks, intervals, snapshots, moments_lost;
	const struct range *range; /* the part that is looked at; NULL: all */

	/* What could not be seen. */
	enum summary_failure failure;
	int failure_errno;
	uint64_t overflow_allocs, overflow_alloc_bytes;
	uint64_t overflow_frees, overflow_free_bytes;
	uint64_t untracked_allocs, untracked_bytes;
	uint64_t foreign_frees, foreign_reallocs;
	uint64_t nested;  /* events of signal handlers inside our own code */
	uint64_t guessed; /* walks with a guessed frame */
	uint64_t cut_depth, cut_no_rule, cut_bad_stack; /* walks */
	uint64_t python_broken, python_cut, python_unknown;

	/*
	 * The pages that the process had for itself when they were last looked
	 * at, against what was recorded as live then: the difference bounds
	 * what was not seen. See memprof-method(7).
	 */
	bool has_memory;      /* false: nobody looked */
	bool has_memory_time; /* of that look */
	uint64_t memory_ns;   /* after the start */
	uint64_t private_bytes, private_live_bytes;
	uint64_t unseen_bytes, unseen_peak_bytes; /* at that look, at any */
	uint64_t resident_peak_bytes;		  /* 0: unknown */
	bool has_namespaces; /* objects with a malloc of their own */
	bool is_much_unseen; /* more than the recorded blocks explain */

	/* Of all threads. */
	uint64_t threads;
	uint64_t failed; /* calls that returned no memory */
	uint64_t inherited_blocks, inherited_bytes;

	struct heap_use heap_use; /* the memory behind the blocks, at the end */

	/* With salvage. */
	const struct dump_error *dropped;
	size_t dropped_told;
	uint64_t dropped_count;

	char *strings; /* private */
};

/* 0, or DUMP_MEMORY. Valid as long as the dump. */
int summary_init(struct summary *ret_summary, const struct dump *dump);
void summary_done(struct summary *summary);

/* Of the timeline: by time, and where there is a moment. */
static inline uint64_t summary_all_points(const struct summary *summary)
{
	return summary->points + summary->intervals + summary->snapshots +
	       summary->marks;
}

#endif
