/* SPDX-License-Identifier: MIT */
/* Private zeroed memory straight from the kernel. */
#include "config.h"

#include "preload/base/map.h"

#include <stdatomic.h>
#include <sys/prctl.h>

#include "preload/base/sandbox.h"
#include "preload/base/sys.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef PR_SET_VMA_ANON_NAME
#define PR_SET_VMA_ANON_NAME 0
#endif

_Atomic bool mp_sandbox_is_on;

/*
 * Which mappings are ours: they hold addresses of the program's blocks, and
 * must not be taken for the program's own memory. A list that only grows; a
 * freed place is used again when it is the last one tried.
 */
#define LIST_ENTRIES 254u

struct entry {
	_Atomic uintptr_t start; /* 0: free */
	_Atomic uintptr_t end;
};
struct list {
	_Atomic(struct list *) next;
	_Atomic uint32_t used;
	struct entry entries[LIST_ENTRIES];
};
static struct list first;

static struct list *next_list(struct list *list)
{
	struct list *next = atomic_load(&list->next), *other = NULL;

	if (next)
		return next;
	next = mp_sys_mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mp_sys_failed((long)next))
		return NULL;
	if (atomic_compare_exchange_strong(&list->next, &other, next))
		return next;
	mp_sys_munmap(next, sizeof(*next));
	return other;
}

static void note(uintptr_t start, size_t bytes)
{
	struct list *list = &first;

	while (list) {
		uint32_t i = atomic_load(&list->used);

		if (i < LIST_ENTRIES)
			i = atomic_fetch_add(&list->used, 1);
		if (i < LIST_ENTRIES) {
			atomic_store(&list->entries[i].end, start + bytes);
			atomic_store(&list->entries[i].start, start);
			return;
		}
		list = next_list(list);
	}
}

static void forget(uintptr_t start)
{
	for (struct list *list = &first; list; list = atomic_load(&list->next))
		for (uint32_t i = 0; i < LIST_ENTRIES; i++) {
			uint32_t used = i + 1;

			if (atomic_load(&list->entries[i].start) != start)
				continue;
			atomic_store(&list->entries[i].start, 0);
			atomic_compare_exchange_strong(&list->used, &used, i);
			return;
		}
}

void mp_map_each(mp_map_fn *fn, void *arg)
{
	for (struct list *list = &first; list;
	     list = atomic_load(&list->next)) {
		if (list != &first)
			fn(arg, (uintptr_t)list, (uintptr_t)(list + 1));
		for (uint32_t i = 0; i < LIST_ENTRIES; i++) {
			uintptr_t start = atomic_load(&list->entries[i].start);

			if (start)
				fn(arg, start,
				   atomic_load(&list->entries[i].end));
		}
	}
}

#define PAGE	      4096u
#define PAGES_AT_ONCE 4096u

static void add_resident(void *arg, uintptr_t start, uintptr_t end)
{
	static uint8_t pages[PAGES_AT_ONCE];
	uint64_t *sum = arg;

	while (start < end) {
		size_t count = (end - start + PAGE - 1) / PAGE;

		if (count > PAGES_AT_ONCE)
			count = PAGES_AT_ONCE;
		if (mp_sys_failed(mp_sys3(SYS_mincore, (long)start,
					  (long)(count * PAGE), (long)pages)))
			return;
		for (size_t i = 0; i < count; i++)
			*sum += (uint64_t)(pages[i] & 1) * PAGE;
		start += count * PAGE;
	}
}

uint64_t mp_map_resident(void)
{
	uint64_t sum = 0;

	mp_map_each(add_resident, &sum);
	return sum;
}

void *mp_map_new(size_t bytes)
{
	void *addr;

	addr = mp_sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mp_sys_failed((long)addr))
		return NULL;
	note((uintptr_t)addr, bytes);
	if (mp_sandbox_is_on)
		return addr;
	/* Shown as [anon:memprof] where the kernel can; harmless if not. */
	mp_sys6(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, (long)addr,
		(long)bytes, (long)"memprof", 0);
	return addr;
}

void mp_map_free(void *addr, size_t bytes)
{
	if (!addr)
		return;
	forget((uintptr_t)addr);
	mp_sys_munmap(addr, bytes);
}
