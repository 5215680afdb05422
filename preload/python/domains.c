/* SPDX-License-Identifier: MIT */
/* The interpreter's allocators. */
#include "config.h"

#include "preload/python/domains.h"

#include <stdatomic.h>

#include "preload/python/python.h"

#define DOMAIN_MEM     1 /* PYMEM_DOMAIN_MEM */
#define DOMAIN_OBJ     2
#define NEXTS_MAX      32u /* an interpreter may start again and again */
#define ARENA_TO_3_9   (256u << 10)
#define ARENA_FROM_310 (1u << 20)

bool mp_python_has_older;

static struct {
	const struct mp_python_allocator *allocator;
	const struct mp_python_arenas *arenas;

	/* What ours stand before, each for good: who put another before ours
	 * may put ours back. */
	struct mp_python_allocator nexts[NEXTS_MAX];
	unsigned used;
	struct mp_python_arenas next_arenas;

	_Atomic uint32_t state; /* enum mpf_python_objects */
	_Atomic bool is_settled;
} domains;

void mp_python_wrap_with(const struct mp_python_allocator *allocator,
			 const struct mp_python_arenas *arenas)
{
	domains.allocator = allocator;
	domains.arenas = arenas;
}

/* What ours may stand before for good: an equal one, or a copy. */
static struct mp_python_allocator *
keep(const struct mp_python_allocator *allocator)
{
	for (unsigned i = 0; i < domains.used; i++)
		if (__builtin_memcmp(&domains.nexts[i], allocator,
				     sizeof(*allocator)) == 0)
			return &domains.nexts[i];
	if (domains.used == NEXTS_MAX)
		return NULL;
	domains.nexts[domains.used] = *allocator;
	return &domains.nexts[domains.used++];
}

static bool wrap_domain(int domain, bool is_started)
{
	const struct mp_python_domains *calls = &mp_python_reader.domains;
	struct mp_python_allocator now = { .ctx = NULL }, *next;

	calls->get_allocator(domain, &now);
	if (now.malloc == domains.allocator->malloc)
		return true;
	next = now.malloc ? keep(&now) : NULL;
	if (!next)
		return false;
	if (is_started)
		mp_python_has_older = true;
	now = *domains.allocator;
	now.ctx = next;
	calls->set_allocator(domain, &now);
	return true;
}

/* Before there is any, so that all are counted; again when the table is as it
 * was then, because the interpreter has started anew. */
static void wrap_arenas(bool is_started)
{
	const struct mp_python_domains *calls = &mp_python_reader.domains;
	struct mp_python_arenas now = { .ctx = NULL };

	calls->get_arenas(&now);
	if (!now.alloc || now.alloc == domains.arenas->alloc)
		return;
	if ((is_started || domains.next_arenas.alloc) &&
	    __builtin_memcmp(&domains.next_arenas, &now, sizeof(now)) != 0)
		return;
	domains.next_arenas = now;
	now = *domains.arenas;
	now.ctx = &domains.next_arenas;
	calls->set_arenas(&now);
}

static void wrap(bool is_started)
{
	const uint32_t was = atomic_load(&domains.state);
	uint32_t state = is_started ? MPF_OBJECTS_LATE : MPF_OBJECTS_ON;

	wrap_arenas(is_started);
	if (is_started && was != MPF_OBJECTS_OFF)
		state = was;
	if (!wrap_domain(DOMAIN_MEM, is_started) ||
	    !wrap_domain(DOMAIN_OBJ, is_started))
		state = MPF_OBJECTS_FAILED;
	atomic_store(&domains.state, state);
}

enum mpf_python_objects mp_python_attend(void)
{
	const struct mp_python_reader *reader = &mp_python_reader;
	const void *own;

	if (!domains.allocator)
		return MPF_OBJECTS_OFF;
	if (!reader->domains.is_complete) {
		atomic_store(&domains.state, MPF_OBJECTS_FAILED);
		return MPF_OBJECTS_FAILED;
	}
	if (reader->is_finalizing() ||
	    (!reader->domains.is_initialized() && !reader->attached_state())) {
		/* It may start again, with new tables. */
		atomic_store(&domains.is_settled, false);
	}
	if (!reader->is_finalizing() && !atomic_load(&domains.is_settled)) {
		own = reader->own_state();
		if (own && own == reader->attached_state()) {
			atomic_store(&domains.is_settled, true);
			wrap(true);
		} else if (!own && !reader->attached_state() &&
			   !reader->domains.is_initialized() &&
			   atomic_load(&domains.state) == MPF_OBJECTS_OFF) {
			wrap(false);
		}
	}
	return (enum mpf_python_objects)atomic_load(&domains.state);
}

bool mp_python_is_arena(size_t bytes)
{
	return bytes == (mp_python_reader.offsets->minor <= 9 ? ARENA_TO_3_9
							      : ARENA_FROM_310);
}
