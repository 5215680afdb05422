/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the Python reader share. Written once, when an interpreter
 * is met and was checked; read only from then on.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_PYTHON_H
#define MEMPROF_PRELOAD_PYTHON_PYTHON_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/python/domains.h"
#include "preload/python/language.h"
#include "preload/python/symbols.h"
#include "preload/python/versions.h"

/* What does not change from 3.8 to 3.15: headers of objects. */
#define MP_PYTHON_OB_TYPE   8u
#define MP_PYTHON_OB_SIZE   16u
#define MP_PYTHON_BYTES	    32u /* data of a bytes object */
#define MP_PYTHON_HASH	    24u /* of a string; -1: none yet */
#define MP_PYTHON_LENGTH    16u /* of a string */
#define MP_PYTHON_STATE	    32u
#define MP_PYTHON_TYPE_SIZE 32u	 /* tp_basicsize */
#define MP_PYTHON_DEALLOC   48u	 /* tp_dealloc */
#define MP_PYTHON_MEMBERS   240u /* tp_members */

/* The interpreter's functions that domains.h needs. */
struct mp_python_domains {
	bool is_complete;
	void (*get_allocator)(int domain, struct mp_python_allocator *ret);
	void (*set_allocator)(int domain, struct mp_python_allocator *now);
	void (*get_arenas)(struct mp_python_arenas *ret);
	void (*set_arenas)(struct mp_python_arenas *now);
	int (*is_initialized)(void); /* a plain read */
};

struct mp_python_reader {
	_Atomic uint32_t state; /* enum mpf_python */
	uint32_t version;	/* as PY_VERSION_HEX, without the last part */
	const struct mp_python_offsets *offsets;
	uintptr_t code_type; /* &PyCode_Type */
	uintptr_t runtime;   /* &_PyRuntime */
	uintptr_t evaluator, evaluator_end;

	/* Plain reads, all three: no lock, no allocation, no lock of the
	 * interpreter, at any time from before its start to after its end. */
	void *(*own_state)(void);      /* PyGILState_GetThisThreadState */
	void *(*attached_state)(void); /* _PyThreadState_UncheckedGet */
	int (*is_finalizing)(void);    /* _Py_IsFinalizing */

	struct mp_python_domains domains;

	_Atomic uint32_t walks;	   /* that were made with caution */
	_Atomic uint32_t failures; /* frames that were none */
};
extern struct mp_python_reader mp_python_reader;

#define MP_PYTHON_CAUTIOUS_WALKS 64u

/* Has the table of offsets been proven by walks that take nothing for granted?
 */
static inline bool mp_python_is_proven(void)
{
	return atomic_load_explicit(&mp_python_reader.walks,
				    memory_order_relaxed) >=
	       MP_PYTHON_CAUTIOUS_WALKS;
}

/* What pthread_self() is. */
static inline uintptr_t mp_python_self(void)
{
	uintptr_t word;

	__asm__("mov %%fs:0, %0" : "=r"(word));
	return word;
}

/* check.c: compares the table with the interpreter. */
bool mp_python_check(const struct mp_python_reader *reader);

/* frames.c, top.c, code.c: of struct mp_language. */
uintptr_t mp_python_own(void);
bool mp_python_walk(struct mp_language_thread *thread, uintptr_t own,
		    bool is_interrupted, mp_language_intern_fn *intern,
		    void *arg);
bool mp_python_top(const struct mp_language_thread *thread,
		   struct mp_language_top *ret_top);
bool mp_python_describe(uintptr_t code, bool is_careful,
			struct mp_language_text *ret_text);

#endif
