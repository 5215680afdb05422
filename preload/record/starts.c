/* SPDX-License-Identifier: MIT */
/* Where threads were started. */
#include "config.h"

#include "preload/record/starts.h"

#include <stddef.h>

#define TRIES 64u /* of starts that are looked at for one that is free */

struct mp_start_of_thread mp_starts[MP_STARTS_MAX];
__thread uint32_t mp_starts_self;

static _Atomic uint32_t next;

struct mp_start_of_thread *mp_starts_new(mp_starts_fn *function, void *arg,
					 uint32_t node)
{
	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t at = atomic_fetch_add_explicit(&next, 1,
							memory_order_relaxed);
		struct mp_start_of_thread *start =
			&mp_starts[at % MP_STARTS_MAX];

		/* Who leaves it has read it all. */
		if (atomic_load_explicit(&start->is_used,
					 memory_order_relaxed) ||
		    atomic_exchange_explicit(&start->is_used, 1,
					     memory_order_acquire))
			continue;
		start->function = function;
		start->arg = arg;
		start->node = node;
		return start;
	}
	return NULL;
}

void *mp_starts_run(void *opaque)
{
	struct mp_start_of_thread *start = opaque;
	mp_starts_fn *function = start->function;
	void *arg = start->arg;

	mp_starts_self = start->node;
	start->arg = NULL; /* a leak check takes it for a root */
	atomic_store_explicit(&start->is_used, 0, memory_order_release);
	return function(arg);
}
