/* SPDX-License-Identifier: MIT */
/*
 * Code objects and the set of those already announced: an open hash of words
 * (start of the object | low bits of the generation), filled by
 * compare-and-swap, so that each object is announced by one thread only.
 */
#include "config.h"

#include "preload/unwind/objects.h"

#include <errno.h>
#include <link.h>
#include <stdatomic.h>

#include "preload/base/map.h"
#include "preload/unwind/rule.h"

#define SEEN_SLOTS 4096u /* more objects than this are announced repeatedly */
#define PAGE_MASK  ((uintptr_t)4095)

/* Layout of the C library's struct dl_find_object, part of its ABI. */
struct found {
	uint64_t flags;
	uintptr_t start, end;
	const struct link_map *map;
	const void *eh_frame_hdr;
	uint64_t reserved[7];
};

/* Own declaration: the headers of glibc before 2.35 have none. */
extern int find_object(void *pc,
		       struct found *ret_found) __asm__("_dl_find_object")
	__attribute__((weak));

static struct {
	mp_unwind_object_fn *on_object;
	mp_unwind_guess_fn *on_guess;
	_Atomic uintptr_t *seen; /* SEEN_SLOTS; NULL before the boot */
} objects;

int mp_objects_init(const struct mp_unwind_options *options)
{
	objects.on_object = options->on_object;
	objects.on_guess = options->on_guess;
	if (!objects.seen)
		objects.seen = mp_map_new(SEEN_SLOTS * sizeof(uintptr_t));
	return objects.seen ? 0 : -ENOMEM;
}

void mp_objects_clear(void)
{
	for (size_t i = 0; objects.seen && i < SEEN_SLOTS; i++) {
		if (atomic_load_explicit(&objects.seen[i],
					 memory_order_relaxed))
			atomic_store_explicit(&objects.seen[i], 0,
					      memory_order_relaxed);
	}
}

/* True when no one marked the object in this generation before. */
static bool mark_seen(uintptr_t start, uint32_t generation)
{
	const uintptr_t key = (start & ~PAGE_MASK) | (generation & PAGE_MASK);
	size_t slot = (start >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 52;

	for (size_t i = 0; i < SEEN_SLOTS; i++) {
		uintptr_t old = 0;

		if (atomic_compare_exchange_strong_explicit(
			    &objects.seen[slot], &old, key,
			    memory_order_acq_rel, memory_order_acquire))
			return true;
		if (old == key)
			return false;
		slot = (slot + 1) % SEEN_SLOTS;
	}
	return true;
}

struct search {
	uintptr_t pc;
	struct mp_code_object *object;
};

static int visit_object(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	const struct search *search = arg;
	struct mp_code_object *object = search->object;
	uintptr_t start = UINTPTR_MAX, end = 0;
	const void *hdr = NULL;
	bool has_pc = false;

	(void)bytes;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const uintptr_t from = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_GNU_EH_FRAME)
			hdr = (const void *)from;
		if (ph->p_type != PT_LOAD)
			continue;
		has_pc |= search->pc - from < ph->p_memsz;
		if (from < start)
			start = from;
		if (from + ph->p_memsz > end)
			end = from + ph->p_memsz;
	}
	if (!has_pc)
		return 0;
	object->start = start & ~PAGE_MASK;
	object->end = end;
	object->bias = info->dlpi_addr;
	object->path = info->dlpi_name;
	object->eh_frame_hdr = hdr;
	return 1;
}

static bool find_by_list(uintptr_t pc, struct mp_code_object *ret_object)
{
	struct search search = { .pc = pc, .object = ret_object };

	return dl_iterate_phdr(visit_object, &search) != 0;
}

static bool find(uintptr_t pc, struct mp_code_object *ret_object)
{
	struct found found;
	uintptr_t hdr;

	if (!find_object)
		return find_by_list(pc, ret_object);
	if (find_object((void *)pc, &found) != 0)
		return false;
	hdr = (uintptr_t)found.eh_frame_hdr;
	/*
	 * Where there are gaps between an object's segments, the answer is
	 * the segment alone. That is rare enough to take the slow way.
	 */
	if (hdr && (hdr < found.start || hdr >= found.end))
		return find_by_list(pc, ret_object);
	ret_object->start = found.start;
	ret_object->end = found.end;
	ret_object->bias = found.map->l_addr;
	ret_object->path = found.map->l_name;
	ret_object->eh_frame_hdr = found.eh_frame_hdr;
	return true;
}

bool mp_objects_find(uintptr_t pc, uint32_t generation,
		     struct mp_code_object *ret_object)
{
	if (!find(pc, ret_object))
		return false;
	if (!ret_object->path)
		ret_object->path = "";
	if (objects.on_object && objects.seen &&
	    mark_seen(ret_object->start, generation))
		objects.on_object(ret_object);
	return true;
}

void mp_objects_guess(uintptr_t pc)
{
	if (objects.on_guess)
		objects.on_guess(pc);
}
