/* SPDX-License-Identifier: MIT */
/*
 * The frames of another language on the present thread: what an interpreter
 * runs inside a native frame. The recorder knows only this; each language has
 * a folder that fills in one struct mp_language.
 *
 * Context: owning thread of what is passed; may run inside malloc; may run in
 * a signal handler: yes, with state that is not in use; locks taken: none but
 * those of intern(); errno kept.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_LANGUAGE_H
#define MEMPROF_PRELOAD_PYTHON_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/format/format.h"

#define MP_LANGUAGE_FRAMES   4096u /* kept of a stack, the innermost ones */
#define MP_LANGUAGE_LEFT_OUT 2048u /* of more, a multiple of so many is not */
#define MP_LANGUAGE_PLACES   512u  /* looked up by address; power of two */
#define MP_LANGUAGE_CODES    2048u /* remembered by a thread; power of two */
#define MP_LANGUAGE_KEY	     8u	   /* words */
#define MP_LANGUAGE_UNKNOWN  ((uintptr_t)1)
#define MP_LANGUAGE_FILE_MAX 4096u /* bytes of UTF-8; longer is cut */
#define MP_LANGUAGE_NAME_MAX 1024u
#define MP_LANGUAGE_LINES_MAX \
	(512u << 10) /* longer tables are left out: no lines then */

struct mp_language_frame {
	uint64_t where; /* MPF_PYTHON_AT(); 0: a boundary and nothing else */
	/*
	 * Not 0: a native frame runs this one and those that follow inwards, up
	 * to the next that has it set. An address inside that native frame, or
	 * MP_LANGUAGE_UNKNOWN when only the order tells which it is.
	 */
	uintptr_t inside;
};

/* The words a frame was read from. */
struct mp_language_source {
	uintptr_t frame, code, position;
	uintptr_t native; /* what would be inside the native frame */
	uint32_t bits;
	bool is_boundary; /* native was used */
	uint16_t special; /* of this one and those further out, the innermost
			     whose bits matter, counted from 1; 0: none */
};

/* The innermost frame, where all around it is as in the last walk. */
struct mp_language_top {
	uint64_t position;
	uintptr_t code; /* 0: position says it */
	uintptr_t native;
	uint32_t bits;
	size_t around; /* last.frames[0 .. around) are around it */
};

/* Code that was met: known again while all words of its key are the same. */
struct mp_language_code {
	uint32_t id;		       /* as intern() gave it */
	uint64_t freed;		       /* code that was, when it was looked at;
					  counted from 1 */
	uint64_t key[MP_LANGUAGE_KEY]; /* [0] is its address; 0: empty */
};

/* A piece of code, to be copied. Any bytes. */
struct mp_language_text {
	enum mpf_code_lines lines_kind;
	uint32_t first_line;
	uint32_t file_bytes, name_bytes, lines_bytes;
	char file[MP_LANGUAGE_FILE_MAX];
	char name[MP_LANGUAGE_NAME_MAX];
	uint8_t lines[MP_LANGUAGE_LINES_MAX];
};

/* Copies of memory, of one walk: see peek.h. */
struct mp_peek_block {
	uint64_t number;
	uintptr_t start;
	uint8_t bytes[512];
};
#define MP_PEEK_BLOCKS 64u

/* Outermost first. */
struct mp_language_stack {
	struct mp_language_frame frames[MP_LANGUAGE_FRAMES];
	struct mp_language_source sources[MP_LANGUAGE_FRAMES];
};

/* The words of the last walk by which most frames are known again. */
typedef uint64_t mp_language_pair __attribute__((vector_size(16)));
struct mp_language_words {
	uintptr_t at[MP_LANGUAGE_FRAMES];	    /* the frame */
	mp_language_pair pairs[MP_LANGUAGE_FRAMES]; /* previous, position */
	uint16_t run[MP_LANGUAGE_FRAMES]; /* from that one to this one, all
					     words are on one page */
};

/* What one thread's walks own. All zero is a valid new one. */
struct mp_language_thread {
	uint64_t walks;
	size_t count;	  /* last.frames, boundaries included */
	size_t kept;	  /* of them, those that are as after the walk before */
	bool is_cut;	  /* there are more than were kept */
	bool is_broken;	  /* what is further out is no frame */
	bool is_sure;	  /* all of it was read, and may be built upon */
	bool is_joinable; /* its frames may; is_sure but for is_cut */
	size_t left_out;  /* frames further out; 0: it is not cut */
	uintptr_t beyond; /* the next one further out; 0: none */
	bool is_plain;	  /* set by the caller: walks without any memory */
	bool has_positions; /* a position tells the code too */
	uintptr_t state;
	uint64_t freed;
	struct mp_language_stack last;
	struct mp_language_words words; /* of last */
	struct mp_language_stack fresh; /* filled from its end */
	uint16_t places[MP_LANGUAGE_PLACES];
	struct mp_language_code codes[MP_LANGUAGE_CODES];
	struct mp_peek_block blocks[MP_PEEK_BLOCKS];
};

/*
 * Gives the id of code at an address, making one if need be; 0 when it cannot
 * be. Calls describe().
 */
typedef uint32_t mp_language_intern_fn(void *arg, uintptr_t code,
				       bool is_careful);

struct mp_language {
	/*
	 * A code object in which a pc was met: becomes ready when it is the
	 * interpreter. True when *state of it has changed. Inside a walk.
	 */
	bool (*object)(uintptr_t start, uintptr_t end, uintptr_t bias);

	/* Ready, or why not. */
	enum mpf_python (*state)(uint32_t *ret_version, uintptr_t *ret_address);

	/* What the interpreter has of this thread; 0: nothing. Cheap. */
	uintptr_t (*own)(void);

	/*
	 * Sets what is in thread. own: as own() said just now. interrupted: a
	 * signal handler runs on this stack, so structures may be half changed.
	 * False when there are none to be read.
	 */
	bool (*walk)(struct mp_language_thread *thread, uintptr_t own,
		     bool is_interrupted, mp_language_intern_fn *intern,
		     void *arg);

	/*
	 * The short way of a walk: looks at the innermost frame and compares
	 * what is around it with the last walk, which stays the last one. What
	 * it finds and the frames around tell a stack from all others while
	 * thread->freed is the same. False: a walk is needed to say more. Not
	 * in a signal handler.
	 */
	bool (*top)(const struct mp_language_thread *thread,
		    struct mp_language_top *ret_top);

	/*
	 * At an event, with the state ready and in no signal handler: sees to
	 * it that the blocks of the interpreter's own allocators are told, and
	 * says how it stands with that.
	 */
	enum mpf_python_objects (*attend)(void);

	/* False when the code cannot be read. is_careful: as in the walk that
	 * met it, reads may fail. */
	bool (*describe)(uintptr_t code, bool is_careful,
			 struct mp_language_text *ret_text);

	/* Code in which an evaluator runs one group of frames for each of its
	 * native frames; start 0: not known. */
	void (*evaluator)(uintptr_t *ret_start, uintptr_t *ret_end);
};

extern const struct mp_language mp_python;

#endif
