/* SPDX-License-Identifier: MIT */
/*
 * The allocator behind us: whatever a program would have called without us,
 * symbol by symbol (glibc, or a preloaded or linked jemalloc, tcmalloc,
 * mimalloc). Looked up once, at the first call of all.
 *
 * Context: any thread once mp_next_init() returned; before that the looking
 * up itself may call us: such calls are served from a small static pool.
 */
#ifndef MEMPROF_PRELOAD_SHIM_NEXT_H
#define MEMPROF_PRELOAD_SHIM_NEXT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <threads.h>

struct mp_next {
	long (*syscall)(long, ...); /* first: assembly takes it from here */
	int (*prctl)(int, ...);
	int (*pthread_create)(pthread_t *, const pthread_attr_t *,
			      void *(*)(void *), void *);
	int (*thrd_create)(thrd_t *, thrd_start_t, void *);
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	void (*free_sized)(void *, size_t);		    /* may be NULL */
	void (*free_aligned_sized)(void *, size_t, size_t); /* may be NULL */
	size_t (*malloc_usable_size)(void *);		    /* may be NULL */
	void (*quick_exit)(int);
	bool is_libc;	  /* malloc is the C library's own */
	bool is_bypassed; /* the program's malloc is neither ours nor these */
};
/* A sanitizer behind us that finds leaks too; all NULL when there is none. It
 * calls some of them itself, from within its malloc, and so comes to us. */
struct mp_next_lsan {
	void (*enable)(void);
	void (*disable)(void);
	void (*do_leak_check)(void);
	int (*do_recoverable_leak_check)(void);
	void (*ignore_object)(const void *);
	void (*register_root_region)(const void *, size_t);
	void (*unregister_root_region)(const void *, size_t);
};

extern struct mp_next mp_next;
#define MP_NEXT_SYSCALL "0" /* its offset */
_Static_assert(offsetof(struct mp_next, syscall) == 0, "see MP_NEXT_SYSCALL");
extern struct mp_next_lsan mp_next_lsan;

/* Boot only, one thread. */
void mp_next_init(void);

/* The object that addr lies in; NULL: none. In no time, where dladdr() goes
 * through all names of the object. */
struct link_map;
const struct link_map *mp_next_object(const void *addr);

/* What a look-up that failed left behind for dlerror() is gone. */
void mp_next_forget_errors(void);

/* True for the stub by which an executable at a fixed address calls what is
 * not its own: an undefined symbol with a value. */
bool mp_next_is_stub(const void *addr);

/* Path of the object that serves malloc. */
const char *mp_next_path(void);

/* While mp_next.malloc is NULL. NULL when the pool is used up. */
void *mp_pool_alloc(size_t bytes);

/* True for memory of the pool, which is never reused. */
#define MP_POOL_BYTES (64u << 10)
extern uint8_t mp_pool[MP_POOL_BYTES];

static inline bool mp_pool_has(const void *addr)
{
	return (uintptr_t)addr - (uintptr_t)mp_pool < MP_POOL_BYTES;
}

size_t mp_pool_size(const void *addr);

#endif
