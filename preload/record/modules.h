/* SPDX-License-Identifier: MIT */
/*
 * The code objects that stacks run through, written into the dump when the
 * unwinder first meets them, and the generation of the address space: it
 * counts how often another object took over the addresses of an unloaded one,
 * so that a pc under a root of one generation means one object for ever.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: its own (tried only), then the file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_MODULES_H
#define MEMPROF_PRELOAD_RECORD_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/unwind/unwind.h"

struct mp_modules {
	uintptr_t loader_start, loader_end; /* the dynamic linker's code */
	uint32_t generation;		    /* from 1; read relaxed */
	bool has_guesses; /* code in no object was met; read relaxed */
};
extern struct mp_modules mp_modules;

/*
 * Boot only. in_loader and in_self are any addresses in the dynamic linker
 * and in libmemprof.so. program: path of the executable, kept.
 */
void mp_modules_init(const void *in_loader, const void *in_self,
		     const char *program);

/* For mp_unwind_options.on_object. */
void mp_modules_note(const struct mp_code_object *object);

/* For mp_unwind_options.on_guess: generated code, which may lie where an
 * object was, and an object may come to lie there. */
void mp_modules_guess(uintptr_t pc);

/*
 * The dynamic linker allocates the description of an object that it is about
 * to load. What was guessed of generated code is dropped, because the object
 * may come to lie there.
 */
static inline void mp_modules_loader_allocates(void)
{
	if (__atomic_load_n(&mp_modules.has_guesses, __ATOMIC_RELAXED))
		mp_unwind_forget();
}

/*
 * The dynamic linker frees memory. When it is the description of an object we
 * know, that object has just been unloaded and all cached rules are dropped.
 */
void mp_modules_loader_frees(const void *addr);

/* True for calls of the dynamic linker itself. */
static inline bool mp_modules_is_loader(uintptr_t pc)
{
	return pc - mp_modules.loader_start <
	       mp_modules.loader_end - mp_modules.loader_start;
}

/* In a forked child, after mp_file_fork(). */
void mp_modules_forked(void);

#endif
