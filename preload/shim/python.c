/* SPDX-License-Identifier: MIT */
/*
 * What stands before Python's allocators of objects and other small memory:
 * each call goes on to the one behind with its arguments as they are. What
 * that in turn asks of malloc is the same block, and is not counted again.
 */
#include "config.h"

#include "preload/shim/python.h"

#include <link.h>
#include <stdatomic.h>
#include <stdint.h>

#include "preload/python/domains.h"
#include "preload/record/arenas.h"
#include "preload/record/file.h"
#include "preload/record/inner.h"
#include "preload/record/mixed.h"
#include "preload/shim/hook.h"

#define PAGE_MASK ((uintptr_t)MPF_PAGE - 1)

/* After mp_inner_end(). */
static inline void tell(const void *addr, size_t bytes, enum mpf_call call,
			const struct mp_regs *regs)
{
	if (__builtin_expect(addr == NULL, 0)) {
		mp_recorder_failed();
		return;
	}
	mp_recorder_object(addr, bytes, call, regs);
	mp_ignore_allocated(addr);
}

/* Was it given before ours stood there? */
static inline bool is_older(const void *addr)
{
	return __builtin_expect(mp_python_has_older, 0) &&
	       !mp_recorder_has_object(addr);
}

static void *object_malloc(void *ctx, size_t bytes)
{
	const struct mp_python_allocator *next = ctx;
	struct mp_regs regs = MP_REGS_CALLER();
	void *addr;

	if (mp_inner_is_inside() || !mp_hook_enter())
		return next->malloc(next->ctx, bytes);
	mp_inner_begin(&regs);
	addr = next->malloc(next->ctx, bytes);
	mp_inner_end(addr);
	tell(addr, bytes, MPF_CALL_OBJECT, &regs);
	return addr;
}

static void *object_calloc(void *ctx, size_t count, size_t bytes)
{
	const struct mp_python_allocator *next = ctx;
	struct mp_regs regs = MP_REGS_CALLER();
	void *addr;

	if (mp_inner_is_inside() || !mp_hook_enter())
		return next->calloc(next->ctx, count, bytes);
	mp_inner_begin(&regs);
	addr = next->calloc(next->ctx, count, bytes);
	mp_inner_end(addr);
	tell(addr, count * bytes, MPF_CALL_OBJECT, &regs);
	return addr;
}

/* A block that was there before us stays what it is, wherever it moves. */
static void *object_realloc(void *ctx, void *old, size_t bytes)
{
	const struct mp_python_allocator *next = ctx;
	struct mp_regs regs = MP_REGS_CALLER();
	const bool is_on = mp_hook_enter();
	struct mp_block block;
	void *addr;

	if (mp_inner_is_inside() || (!is_on && !mp_hook_enter_free()) ||
	    (old && (is_older(old) || !mp_recorder_take(old, &block))))
		return next->realloc(next->ctx, old, bytes);
	mp_inner_begin(&regs);
	addr = next->realloc(next->ctx, old, bytes);
	mp_inner_end(addr);
	if (old && addr)
		mp_recorder_free_taken(old, &block);
	else if (old)
		mp_recorder_restore(old, &block);
	if (is_on)
		tell(addr, bytes, MPF_CALL_OBJECT_REALLOC, &regs);
	return addr;
}

static void object_free(void *ctx, void *addr)
{
	const struct mp_python_allocator *next = ctx;
	struct mp_regs regs = MP_REGS_CALLER();

	if (mp_inner_is_inside() || !mp_hook_enter_free() || is_older(addr) ||
	    !mp_recorder_free_known(addr)) {
		next->free(next->ctx, addr);
		return;
	}
	mp_inner_begin(&regs);
	next->free(next->ctx, addr);
	mp_inner_end(NULL);
}

static void *arena_alloc(void *ctx, size_t bytes)
{
	const struct mp_python_arenas *next = ctx;
	void *addr = next->alloc(next->ctx, bytes);

	if (addr && mp_python_is_arena(bytes)) {
		mp_mixed_arena((int32_t)(bytes / MPF_PAGE));
		mp_arenas_add(addr, bytes);
	}
	return addr;
}

/* An interpreter within the process may end with objects left in its arenas. */
static void arena_free(void *ctx, void *addr, size_t bytes)
{
	const struct mp_python_arenas *next = ctx;

	if (mp_python_is_arena(bytes)) {
		mp_mixed_arena(-(int32_t)(bytes / MPF_PAGE));
		mp_arenas_remove(addr);
		if (mp_hook_enter_free())
			mp_recorder_forget(addr, bytes);
	}
	next->free(next->ctx, addr, bytes);
}

void mp_shim_python_init(void)
{
	static const struct mp_python_allocator allocator = {
		.malloc = object_malloc,
		.calloc = object_calloc,
		.realloc = object_realloc,
		.free = object_free,
	};
	static const struct mp_python_arenas arenas = {
		.alloc = arena_alloc,
		.free = arena_free,
	};

	mp_python_wrap_with(&allocator, &arenas);
}

static int look_at(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct mp_code_object object = { .bias = info->dlpi_addr,
					 .path = info->dlpi_name,
					 .start = UINTPTR_MAX };

	(void)bytes;
	(void)arg;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const uintptr_t from = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type != PT_LOAD)
			continue;
		if ((from & ~PAGE_MASK) < object.start)
			object.start = from & ~PAGE_MASK;
		if (from + ph->p_memsz > object.end)
			object.end = from + ph->p_memsz;
	}
	if (object.start < object.end)
		mp_mixed_object(&object);
	return 0;
}

void mp_shim_python_look(void)
{
	dl_iterate_phdr(look_at, NULL);
}
