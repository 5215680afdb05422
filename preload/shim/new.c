/* SPDX-License-Identifier: MIT */
/*
 * The C++ entry points, by their names in the Itanium ABI (nothrow_t is passed
 * as a pointer, align_val_t as a size).
 *
 * A runtime's operators end in malloc or its kin: we jump on, and leave no
 * frame behind. Those of an allocator (jemalloc, tcmalloc, mimalloc) call
 * their own insides: their result is recorded when nobody did so meanwhile,
 * which the side table knows. Nothing is held across the call, because it may
 * throw.
 */
#include "config.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>

#include "preload/shim/hook.h"

void free(void *addr);

/* One of the 20 operators. */
struct form {
	_Atomic(void *) next; /* the operator behind us; NULL: not looked up */
	const char *name;
	enum mpf_call call;
	bool is_aligned; /* b is the alignment */
	bool may_throw;
	bool is_allocators; /* next lies in the object that has malloc */
};

/* One that was found: where one is, others are. */
static _Atomic(void *) found_before;

/* The operator in an object that is loaded already, which then stays. */
static void *look_in(const char *path, const char *name)
{
	void *handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
	void *found;

	if (!handle)
		return NULL;
	found = dlsym(handle, name);
	dlclose(handle);
	return found;
}

static bool is_ours(void *addr)
{
	return mp_next_object(addr) ==
	       mp_next_object((void *)(uintptr_t)is_ours);
}

/*
 * A C program may load a C++ plug-in, whose references come to us while its
 * runtime is in no scope that RTLD_NEXT sees: in a library of its own, or in
 * the plug-in itself, where the caller is.
 */
static void *look_elsewhere(const char *name, uintptr_t caller)
{
	static const char *const libraries[] = { "libstdc++.so.6",
						 "libc++abi.so.1",
						 "libc++.so.1" };
	const struct link_map *map;
	void *found = NULL;

	for (unsigned i = 0; !found && i < 3; i++)
		found = look_in(libraries[i], name);
	/* A runtime's operator may jump on to another: then we are the caller.
	 */
	if (is_ours((void *)caller))
		caller = (uintptr_t)atomic_load(&found_before);
	map = mp_next_object((void *)caller);
	if (!found && map)
		found = look_in(map->l_name, name);
	return found && !is_ours(found) ? found : NULL;
}

static __attribute__((noinline)) void *look_up(struct form *form,
					       uintptr_t caller)
{
	void *found = dlsym(RTLD_NEXT, form->name);

	/* See find() in next.c. */
	if (found && is_ours(found))
		found = NULL;
	if (!found && caller)
		found = look_elsewhere(form->name, caller);
	if (!found)
		return NULL;
	form->is_allocators = mp_next_object(found) ==
			      mp_next_object((void *)(uintptr_t)mp_next.malloc);
	atomic_store(&found_before, found);
	atomic_store_explicit(&form->next, found, memory_order_release);
	return found;
}

static inline void *behind(struct form *form, uintptr_t caller)
{
	void *found = atomic_load_explicit(&form->next, memory_order_acquire);

	return __builtin_expect(found != NULL, 1) ? found
						  : look_up(form, caller);
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
	if (!addr || !mp_blocks_has(addr))
		mp_hook_result(addr, bytes, call, regs);
}

typedef void *new_fn(size_t, size_t, size_t);
typedef void delete_fn(void *, size_t, size_t);

/*
 * All forms have at most two more arguments than the first, each one word, and
 * the callee ignores what it does not take: one signature serves them all.
 */
__thread struct mp_new_hint mp_new_hint;

static __attribute__((noinline)) void *
new_slowly(struct form *form, size_t bytes, size_t b, size_t c)
{
	struct mp_regs regs = MP_REGS_CALLER();
	bool is_on = mp_hook_enter();
	new_fn *next = (new_fn *)(uintptr_t)behind(form, regs.pc);
	void *addr;

	if (!next)
		return without_runtime(bytes, form->is_aligned ? b : 0,
				       form->may_throw);
	mp_new_hint.bytes = bytes;
	mp_new_hint.sp = form->is_allocators ? 0 : regs.sp;
	addr = next(bytes, b, c);
	mp_new_hint.sp = 0;
	if (is_on && form->is_allocators)
		record(addr, bytes, form->call, &regs);
	return addr;
}

/* Counts the block, and hides that the allocator's operator may end in free(),
 * by which it would be met again, and be unknown. */
static void delete_known(delete_fn *next, const struct mp_regs *regs,
			 void *addr, size_t b, size_t c)
{
	if (mp_inner_is_inside()) {
		next(addr, b, c);
		return;
	}
	mp_inner_begin(regs);
	next(addr, b, c);
	mp_inner_end(NULL);
}

static __attribute__((noinline)) void
delete_slowly(struct form *form, void *addr, size_t b, size_t c)
{
	struct mp_regs regs = MP_REGS_CALLER();
	delete_fn *next = (delete_fn *)(uintptr_t)behind(form, regs.pc);

	/* An unknown block is no news here: free() counts it. */
	if (next && form->is_allocators && addr && mp_hook_enter_free() &&
	    mp_recorder_free_known(addr))
		delete_known(next, &regs, addr, b, c);
	else if (next)
		next(addr, b, c);
	else
		free(addr);
}

#define NEW(symbol, kind, aligned, throws)                                \
	static struct form form##symbol = { .name = #symbol,              \
					    .call = kind,                 \
					    .is_aligned = aligned,        \
					    .may_throw = throws };        \
	MP_EXPORT void *symbol(size_t bytes, size_t b, size_t c);         \
	void *symbol(size_t bytes, size_t b, size_t c)                    \
	{                                                                 \
		void *next = atomic_load_explicit(&form##symbol.next,     \
						  memory_order_acquire);  \
                                                                          \
		if (__builtin_expect(next && bytes && !(aligned) &&       \
					     !form##symbol.is_allocators, \
				     1))                                  \
			return ((new_fn *)(uintptr_t)next)(bytes, b, c);  \
		return new_slowly(&form##symbol, bytes, b, c);            \
	}

#define DELETE(symbol)                                                        \
	static struct form form##symbol = { .name = #symbol };                \
	MP_EXPORT void symbol(void *addr, size_t b, size_t c);                \
	void symbol(void *addr, size_t b, size_t c)                           \
	{                                                                     \
		void *next = atomic_load_explicit(&form##symbol.next,         \
						  memory_order_acquire);      \
                                                                              \
		if (__builtin_expect(next && !form##symbol.is_allocators, 1)) \
			((delete_fn *)(uintptr_t)next)(addr, b, c);           \
		else                                                          \
			delete_slowly(&form##symbol, addr, b, c);             \
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

void mp_new_init(void)
{
	static struct form *const forms[] = {
		&form_Znwm,
		&form_Znam,
		&form_ZnwmRKSt9nothrow_t,
		&form_ZnamRKSt9nothrow_t,
		&form_ZnwmSt11align_val_t,
		&form_ZnamSt11align_val_t,
		&form_ZnwmSt11align_val_tRKSt9nothrow_t,
		&form_ZnamSt11align_val_tRKSt9nothrow_t,
		&form_ZdlPv,
		&form_ZdaPv,
		&form_ZdlPvm,
		&form_ZdaPvm,
		&form_ZdlPvRKSt9nothrow_t,
		&form_ZdaPvRKSt9nothrow_t,
		&form_ZdlPvSt11align_val_t,
		&form_ZdaPvSt11align_val_t,
		&form_ZdlPvmSt11align_val_t,
		&form_ZdaPvmSt11align_val_t,
		&form_ZdlPvSt11align_val_tRKSt9nothrow_t,
		&form_ZdaPvSt11align_val_tRKSt9nothrow_t,
	};

	/* A program without the first one has no C++ runtime yet. */
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!look_up(forms[i], 0) && i == 0)
			return;
}
