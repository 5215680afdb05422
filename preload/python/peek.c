/* SPDX-License-Identifier: MIT */
/* Reads of memory that may be gone. */
#include "config.h"

#include "preload/python/peek.h"

#include <sys/uio.h>

#include "preload/base/sys.h"
#include "preload/unwind/stack.h"

#define PAGE	 4096u
#define USER_END (UINT64_C(1) << 47)

/*
 * Where a sandbox forbids that call, pages are asked for one by one and then
 * read: between the two another thread could unmap them.
 */
static bool copy_by_pages(void *to, uintptr_t from, size_t bytes)
{
	for (uintptr_t page = from & ~(uintptr_t)(PAGE - 1);
	     page < from + bytes; page += PAGE)
		if (!mp_stack_probe(page))
			return false;
	__builtin_memcpy(to, (const void *)from, bytes);
	return true;
}

bool mp_peek(void *to, uintptr_t from, size_t bytes)
{
	const struct iovec local = { to, bytes };
	const struct iovec remote = { (void *)from, bytes };
	long ret;

	if (from < PAGE || from >= USER_END || bytes > USER_END - from)
		return false;
	ret = mp_sys6(SYS_process_vm_readv, mp_sys_getpid(), (long)&local, 1,
		      (long)&remote, 1, 0);
	if (ret == -EPERM || ret == -ENOSYS || ret == -ESRCH)
		return copy_by_pages(to, from, bytes);
	return ret == (long)bytes;
}

bool mp_peek_cached(struct mp_language_thread *thread, void *to, uintptr_t from,
		    size_t bytes)
{
	const size_t size = sizeof(thread->blocks[0].bytes);
	const uintptr_t start = from & ~(uintptr_t)(size - 1);
	struct mp_peek_block *block;

	if (from + bytes > start + size)
		return mp_peek(to, from, bytes);
	block = &thread->blocks[(start / size ^ start / size / MP_PEEK_BLOCKS) %
				MP_PEEK_BLOCKS];
	if (block->number != thread->walks || block->start != start) {
		block->number = 0;
		if (!mp_peek(block->bytes, start, size))
			return false;
		block->start = start;
		block->number = thread->walks;
	}
	__builtin_memcpy(to, block->bytes + (from - start), bytes);
	return true;
}
