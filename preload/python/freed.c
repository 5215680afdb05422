/* SPDX-License-Identifier: MIT */
/* Counting the code objects that are freed. */
#include "config.h"

#include "preload/python/freed.h"

#include <sys/uio.h>

#include "preload/base/sys.h"
#include "preload/python/peek.h"

typedef void dealloc_fn(void *code);

_Atomic uint64_t mp_freed_count;
static dealloc_fn *dealloc;

/* Leaves no frame: the call is the last thing it does. */
static void count_dealloc(void *code)
{
	atomic_fetch_add_explicit(&mp_freed_count, 1, memory_order_relaxed);
	dealloc(code);
}

/* Asked of the kernel, which tries with what is there. */
static bool is_writable(uintptr_t at)
{
	uintptr_t word;
	const struct iovec local = { &word, sizeof(word) };
	const struct iovec remote = { (void *)at, sizeof(word) };

	return mp_peek(&word, at, sizeof(word)) &&
	       mp_sys6(SYS_process_vm_writev, mp_sys_getpid(), (long)&local, 1,
		       (long)&remote, 1, 0) == (long)sizeof(word);
}

void mp_freed_watch(const struct mp_python_reader *reader, uintptr_t start,
		    uintptr_t end)
{
	const uintptr_t at = reader->code_type + MP_PYTHON_DEALLOC;
	uintptr_t present;

	if (at % sizeof(present) || !mp_peek(&present, at, sizeof(present)) ||
	    present - start >= end - start || !is_writable(at))
		return;
	dealloc = (dealloc_fn *)present;
	atomic_store(&mp_freed_count, 1);
	__atomic_store_n((uintptr_t *)at, (uintptr_t)count_dealloc,
			 __ATOMIC_RELEASE);
}
