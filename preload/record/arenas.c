/* SPDX-License-Identifier: MIT */
/* Arenas of an interpreter: there are few, and they come and go seldom. */
#include "config.h"

#include "preload/record/arenas.h"

#include <stdatomic.h>
#include <stdint.h>

struct arena {
	_Atomic uintptr_t addr; /* 0: free */
	_Atomic size_t bytes;
};

static struct {
	struct arena at[MP_ARENAS_MAX];
	_Atomic size_t end; /* none is behind */
} arenas;

void mp_arenas_add(const void *addr, size_t bytes)
{
	for (size_t i = 0; i < MP_ARENAS_MAX; i++) {
		uintptr_t none = 0;
		size_t end = atomic_load(&arenas.end);

		/* Bytes of 0 until it is the caller's. */
		if (!atomic_compare_exchange_strong(&arenas.at[i].addr, &none,
						    (uintptr_t)addr))
			continue;
		atomic_store(&arenas.at[i].bytes, bytes);
		while (end <= i && !atomic_compare_exchange_strong(&arenas.end,
								   &end, i + 1))
			;
		return;
	}
}

void mp_arenas_remove(const void *addr)
{
	const size_t end = atomic_load(&arenas.end);

	for (size_t i = 0; i < end; i++) {
		if (atomic_load(&arenas.at[i].addr) != (uintptr_t)addr)
			continue;
		atomic_store(&arenas.at[i].bytes, 0);
		atomic_store(&arenas.at[i].addr, 0);
		return;
	}
}

void mp_arenas_each(mp_arenas_fn *fn, void *arg)
{
	const size_t end = atomic_load(&arenas.end);

	for (size_t i = 0; i < end; i++) {
		const uintptr_t addr = atomic_load(&arenas.at[i].addr);
		const size_t bytes = atomic_load(&arenas.at[i].bytes);

		if (addr && bytes)
			fn(arg, (const void *)addr, bytes);
	}
}
