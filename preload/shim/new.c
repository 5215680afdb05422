/* SPDX-License-Identifier: MIT */
/*
 * The C++ entry points, by their names in the Itanium ABI (nothrow_t is passed
 * as a pointer, align_val_t as a size).
 *
 * In front of the C library's malloc, every runtime's operators end in malloc
 * or its kin: we jump on, and leave no frame behind. Those of jemalloc,
 * tcmalloc and mimalloc may not: their result is recorded when nobody did so
 * meanwhile, which the side table knows. Nothing is held across the call,
 * because it may throw.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>

#include "preload/shim/hook.h"

void free(void *addr);

/*
 * Another object's operator may be ours by its own scope only (a C program
 * that loads a C++ plug-in): then RTLD_NEXT does not see libstdc++.
 */
static __attribute__((noinline)) void *look_up(const char *name,
					       _Atomic(void *) *cache)
{
	static const char *const libraries[] = { "libstdc++.so.6",
						 "libc++abi.so.1",
						 "libc++.so.1" };
	void *found = dlsym(RTLD_NEXT, name);

	for (unsigned i = 0; !found && i < 3; i++) {
		void *handle = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);

		if (!handle)
			continue;
		found = dlsym(handle, name);
		dlclose(handle);
	}
	if (found)
		atomic_store_explicit(cache, found, memory_order_relaxed);
	return found;
}

static inline void *behind(const char *name, _Atomic(void *) *cache)
{
	void *found = atomic_load_explicit(cache, memory_order_relaxed);

	return __builtin_expect(found != NULL, 1) ? found
						  : look_up(name, cache);
}

/* No C++ runtime to be found, so nobody to throw: what is left is malloc, and
 * the end that an uncaught bad_alloc has. */
static void *without_runtime(size_t bytes, size_t alignment, bool may_throw)
{
	void *addr = NULL;

	if (mp_next.malloc && alignment == 0)
		addr = mp_next.malloc(bytes ? bytes : 1);
	else if (mp_next.memalign)
		addr = mp_next.memalign(alignment, bytes ? bytes : 1);
	if (!addr && may_throw)
		__builtin_trap();
	return addr;
}

static inline void record(void *addr, size_t bytes, enum mpf_call call,
			  const struct mp_regs *regs)
{
	if (!addr)
		mp_recorder_failed();
	else if (!mp_blocks_has(addr))
		mp_recorder_alloc(addr, bytes, call, regs);
}

typedef void *new_fn(size_t, size_t, size_t);
typedef void delete_fn(void *, size_t, size_t);

/*
 * All forms have at most two more arguments than the first, each one word, and
 * the callee ignores what it does not take: one signature serves them all.
 */
struct form {
	_Atomic(void *) cache;
	const char *name;
	enum mpf_call call;
	bool is_aligned; /* b is the alignment */
	bool may_throw;
};

__thread struct mp_new_hint mp_new_hint;

static __attribute__((noinline)) void *
new_slowly(struct form *form, size_t bytes, size_t b, size_t c)
{
	struct mp_regs regs = MP_REGS_CALLER();
	bool is_on = mp_hook_enter();
	new_fn *next = (new_fn *)(uintptr_t)behind(form->name, &form->cache);
	void *addr;

	if (mp_next.is_libc) {
		mp_new_hint.bytes = bytes;
		mp_new_hint.sp = regs.sp;
	}
	addr = next ? next(bytes, b, c)
		    : without_runtime(bytes, form->is_aligned ? b : 0,
				      form->may_throw);
	mp_new_hint.sp = 0;
	if (is_on)
		record(addr, bytes, form->call, &regs);
	return addr;
}

static __attribute__((noinline)) void
delete_slowly(struct form *form, void *addr, size_t b, size_t c)
{
	delete_fn *next;

	/* An unknown block is no news here: the operator behind us may end in
	 * free(), which counts it. */
	if (addr && mp_hook_enter_free() && mp_blocks_has(addr))
		mp_recorder_free(addr);
	next = (delete_fn *)(uintptr_t)behind(form->name, &form->cache);
	if (next)
		next(addr, b, c);
	else
		free(addr);
}

#define NEW(symbol, kind, aligned, throws)                                    \
	MP_EXPORT void *symbol(size_t bytes, size_t b, size_t c);             \
	void *symbol(size_t bytes, size_t b, size_t c)                        \
	{                                                                     \
		static struct form form = { .name = #symbol,                  \
					    .call = kind,                     \
					    .is_aligned = aligned,            \
					    .may_throw = throws };            \
		void *next = atomic_load_explicit(&form.cache,                \
						  memory_order_relaxed);      \
                                                                              \
		if (__builtin_expect(next && mp_next.is_libc && !(aligned) && \
					     bytes,                           \
				     1))                                      \
			return ((new_fn *)(uintptr_t)next)(bytes, b, c);      \
		return new_slowly(&form, bytes, b, c);                        \
	}

#define DELETE(symbol)                                                   \
	MP_EXPORT void symbol(void *addr, size_t b, size_t c);           \
	void symbol(void *addr, size_t b, size_t c)                      \
	{                                                                \
		static struct form form = { .name = #symbol };           \
		void *next = atomic_load_explicit(&form.cache,           \
						  memory_order_relaxed); \
                                                                         \
		if (__builtin_expect(next && mp_next.is_libc, 1))        \
			((delete_fn *)(uintptr_t)next)(addr, b, c);      \
		else                                                     \
			delete_slowly(&form, addr, b, c);                \
	}

NEW(_Znwm, MPF_CALL_NEW, false, true)
NEW(_Znam, MPF_CALL_NEW_ARRAY, false, true)
NEW(_ZnwmRKSt9nothrow_t, MPF_CALL_NEW, false, false)
NEW(_ZnamRKSt9nothrow_t, MPF_CALL_NEW_ARRAY, false, false)
NEW(_ZnwmSt11align_val_t, MPF_CALL_NEW, true, true)
NEW(_ZnamSt11align_val_t, MPF_CALL_NEW_ARRAY, true, true)
NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, MPF_CALL_NEW, true, false)
NEW(_ZnamSt11align_val_tRKSt9nothrow_t, MPF_CALL_NEW_ARRAY, true, false)

DELETE(_ZdlPv)
DELETE(_ZdaPv)
DELETE(_ZdlPvm)
DELETE(_ZdaPvm)
DELETE(_ZdlPvRKSt9nothrow_t)
DELETE(_ZdaPvRKSt9nothrow_t)
DELETE(_ZdlPvSt11align_val_t)
DELETE(_ZdaPvSt11align_val_t)
DELETE(_ZdlPvmSt11align_val_t)
DELETE(_ZdaPvmSt11align_val_t)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t)
