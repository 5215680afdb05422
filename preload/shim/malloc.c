/* SPDX-License-Identifier: MIT */
/*
 * The C entry points. Each calls the allocator behind us with the arguments
 * as they are, so every corner case is that allocator's, and records what it
 * answered. Memory of another family's realloc is taken before the call: from
 * the moment the allocator has it back, another thread may own the address.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>

#include "preload/shim/hook.h"

MP_EXPORT void *malloc(size_t bytes);
MP_EXPORT void *calloc(size_t count, size_t bytes);
MP_EXPORT void *realloc(void *old, size_t bytes);
MP_EXPORT void free(void *addr);
MP_EXPORT void cfree(void *addr);
MP_EXPORT void free_sized(void *addr, size_t bytes);
MP_EXPORT void free_aligned_sized(void *addr, size_t alignment, size_t bytes);
MP_EXPORT int posix_memalign(void **ret_addr, size_t alignment, size_t bytes);
MP_EXPORT void *aligned_alloc(size_t alignment, size_t bytes);
MP_EXPORT void *memalign(size_t alignment, size_t bytes);
MP_EXPORT void *valloc(size_t bytes);
MP_EXPORT void *pvalloc(size_t bytes);

void *malloc(size_t bytes)
{
	struct mp_regs regs = MP_REGS_CALLER();
	bool is_on = mp_hook_enter();
	void *addr;

	if (__builtin_expect(!mp_next.malloc, 0))
		return mp_pool_alloc(bytes);
	addr = mp_next.malloc(bytes);
	if (__builtin_expect(!is_on, 0))
		return addr;
	if (__builtin_expect(bytes == 1, 0))
		bytes = mp_hook_requested(bytes, &regs);
	mp_hook_result(addr, bytes, MPF_CALL_MALLOC, &regs);
	return addr;
}

void *calloc(size_t count, size_t bytes)
{
	struct mp_regs regs = MP_REGS_CALLER();
	bool is_on = mp_hook_enter();
	size_t total;
	void *addr;

	if (__builtin_expect(!mp_next.malloc, 0))
		return __builtin_mul_overflow(count, bytes, &total)
			       ? NULL
			       : mp_pool_alloc(total); /* zero, never reused */
	/* As ld.so asks for the description of an object. */
	if (__builtin_expect(bytes == 1, 0) && mp_modules_is_loader(regs.pc))
		mp_modules_loader_allocates();
	addr = mp_next.calloc(count, bytes);
	if (__builtin_expect(is_on, 1))
		mp_hook_result(addr, count * bytes, MPF_CALL_CALLOC, &regs);
	return addr;
}

/* The pool has no realloc: what is in it moves out and stays behind. */
static void *pool_realloc(const void *old, size_t bytes)
{
	size_t had = mp_pool_size(old);
	void *addr;

	addr = mp_next.malloc ? mp_next.malloc(bytes) : mp_pool_alloc(bytes);
	if (addr)
		__builtin_memcpy(addr, old, had < bytes ? had : bytes);
	return addr;
}

/* A null result means that the old block is gone only for a size of zero,
 * where the C library frees it and says so by returning NULL. */
static void *recorded_realloc(void *old, size_t bytes,
			      const struct mp_regs *regs)
{
	struct mp_block block;
	bool is_known = old && mp_recorder_take(old, &block);
	void *addr = mp_next.realloc(old, bytes);

	if (!addr && old && bytes == 0) {
		if (is_known)
			mp_recorder_free_taken(old, &block);
		return NULL;
	}
	if (!addr) {
		if (is_known)
			mp_recorder_restore(old, &block);
		if (!mp_inner_is_inside())
			mp_recorder_failed();
		return NULL;
	}
	if (is_known)
		mp_recorder_free_taken(old, &block);
	else if (old && !mp_inner_forgets(old))
		mp_recorder_foreign_realloc();
	mp_hook_result(addr, bytes, MPF_CALL_REALLOC, regs);
	return addr;
}

void *realloc(void *old, size_t bytes)
{
	struct mp_regs regs = MP_REGS_CALLER();
	bool is_on = mp_hook_enter();

	if (__builtin_expect(mp_pool_has(old), 0))
		return pool_realloc(old, bytes);
	if (__builtin_expect(!mp_next.malloc, 0))
		return mp_pool_alloc(bytes);
	if (__builtin_expect(!is_on, 0)) {
		/* Known blocks must not outlive their addresses. */
		if (old && mp_hook_enter_free())
			mp_recorder_free(old);
		return mp_next.realloc(old, bytes);
	}
	return recorded_realloc(old, bytes, &regs);
}

/* True when the allocator behind us is to have the block back. */
static inline bool before_free(void *addr, uintptr_t caller)
{
	bool is_on = mp_hook_enter_free();

	if (__builtin_expect(mp_pool_has(addr) || !mp_next.malloc, 0))
		return false;
	if (__builtin_expect(is_on, 1))
		mp_hook_free(addr, caller);
	return true;
}

void free(void *addr)
{
	if (before_free(addr, (uintptr_t)__builtin_return_address(0)))
		mp_next.free(addr);
}

void cfree(void *addr)
{
	free(addr);
}

void free_sized(void *addr, size_t bytes)
{
	if (!before_free(addr, (uintptr_t)__builtin_return_address(0)))
		return;
	if (mp_next.free_sized)
		mp_next.free_sized(addr, bytes);
	else
		mp_next.free(addr);
}

void free_aligned_sized(void *addr, size_t alignment, size_t bytes)
{
	if (!before_free(addr, (uintptr_t)__builtin_return_address(0)))
		return;
	if (mp_next.free_aligned_sized)
		mp_next.free_aligned_sized(addr, alignment, bytes);
	else
		mp_next.free(addr);
}

int posix_memalign(void **ret_addr, size_t alignment, size_t bytes)
{
	struct mp_regs regs = MP_REGS_CALLER();
	bool is_on = mp_hook_enter();
	int ret;

	if (__builtin_expect(!mp_next.malloc, 0))
		return ENOMEM;
	ret = mp_next.posix_memalign(ret_addr, alignment, bytes);
	if (__builtin_expect(is_on, 1))
		mp_hook_result(ret == 0 ? *ret_addr : NULL, bytes,
			       MPF_CALL_MEMALIGN, &regs);
	return ret;
}

#define ALIGNED(name)                                                         \
	void *name(size_t alignment, size_t bytes)                            \
	{                                                                     \
		struct mp_regs regs = MP_REGS_CALLER();                       \
		bool is_on = mp_hook_enter();                                 \
		void *addr;                                                   \
                                                                              \
		if (__builtin_expect(!mp_next.malloc, 0))                     \
			return NULL;                                          \
		addr = mp_next.name(alignment, bytes);                        \
		if (__builtin_expect(is_on, 1))                               \
			mp_hook_result(addr, mp_hook_requested(bytes, &regs), \
				       MPF_CALL_MEMALIGN, &regs);             \
		return addr;                                                  \
	}

ALIGNED(aligned_alloc)
ALIGNED(memalign)

#define PAGE_ALIGNED(name)                                                     \
	void *name(size_t bytes)                                               \
	{                                                                      \
		struct mp_regs regs = MP_REGS_CALLER();                        \
		bool is_on = mp_hook_enter();                                  \
		void *addr;                                                    \
                                                                               \
		if (__builtin_expect(!mp_next.malloc, 0))                      \
			return NULL;                                           \
		addr = mp_next.name(bytes);                                    \
		if (__builtin_expect(is_on, 1))                                \
			mp_hook_result(addr, bytes, MPF_CALL_MEMALIGN, &regs); \
		return addr;                                                   \
	}

PAGE_ALIGNED(valloc)
PAGE_ALIGNED(pvalloc)
