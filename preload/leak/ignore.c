/* SPDX-License-Identifier: MIT */
/* What the program said of its own memory. */
#include "config.h"

#include "preload/leak/ignore.h"

#include "preload/base/lock.h"
#include "preload/base/map.h"

#define SLOTS_FIRST 1024u
#define GONE	    ((uintptr_t)1) /* was here: the search goes on behind it */

_Atomic bool mp_ignore_is_used;

static __thread unsigned depth;

struct region {
	uintptr_t start, end; /* start 0: free */
};

/* Addresses by hash, at most half full. Changed with the lock held. */
static struct {
	struct mp_lock lock;
	uintptr_t *slots;
	size_t size; /* a power of two, or 0 */
	size_t used; /* those gone included */
	struct region regions[MP_IGNORE_REGIONS];
} ignored;

static size_t slot_of(uintptr_t addr)
{
	return (addr * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (ignored.size - 1);
}

static void put(uintptr_t addr)
{
	size_t i = slot_of(addr);

	while (ignored.slots[i] > GONE && ignored.slots[i] != addr)
		i = (i + 1) & (ignored.size - 1);
	ignored.used += ignored.slots[i] == 0;
	ignored.slots[i] = addr;
}

/* Without those gone. False without memory: then the old table stays. */
static bool grow(void)
{
	uintptr_t *old = ignored.slots, *slots;
	size_t size = ignored.size, live = 0;

	for (size_t i = 0; i < size; i++)
		live += old[i] > GONE;
	ignored.size = size && live < size / 4 ? size : 2 * size;
	if (!size)
		ignored.size = SLOTS_FIRST;
	slots = mp_map_new(ignored.size * sizeof(*slots));
	if (!slots) {
		ignored.size = size;
		return false;
	}
	ignored.slots = slots;
	ignored.used = 0;
	for (size_t i = 0; i < size; i++)
		if (old[i] > GONE)
			put(old[i]);
	mp_map_free(old, size * sizeof(*old));
	return true;
}

static void add(uintptr_t addr)
{
	if ((ignored.used + 1) * 2 > ignored.size && !grow())
		return;
	put(addr);
}

static void remove_addr(uintptr_t addr)
{
	if (!ignored.size)
		return;
	for (size_t i = slot_of(addr); ignored.slots[i];
	     i = (i + 1) & (ignored.size - 1))
		if (ignored.slots[i] == addr) {
			ignored.slots[i] = GONE;
			return;
		}
}

void mp_ignore_allocated_slow(const void *addr)
{
	/* A handler that interrupts this very code must not wait for it. */
	if (!mp_lock_take_soon(&ignored.lock))
		return;
	if (depth)
		add((uintptr_t)addr);
	else
		remove_addr((uintptr_t)addr);
	mp_lock_release(&ignored.lock);
}

void mp_ignore_block(const void *addr)
{
	if (!addr || !mp_lock_take_soon(&ignored.lock))
		return;
	atomic_store(&mp_ignore_is_used, true);
	add((uintptr_t)addr);
	mp_lock_release(&ignored.lock);
}

void mp_ignore_begin(void)
{
	atomic_store(&mp_ignore_is_used, true);
	depth++;
}

void mp_ignore_end(void)
{
	if (depth)
		depth--;
}

void mp_ignore_add_region(const void *start, size_t bytes)
{
	if (!start || !bytes || !mp_lock_take_soon(&ignored.lock))
		return;
	for (size_t i = 0; i < MP_IGNORE_REGIONS; i++) {
		struct region *region = &ignored.regions[i];

		if (region->start)
			continue;
		region->end = (uintptr_t)start + bytes;
		region->start = (uintptr_t)start;
		break;
	}
	mp_lock_release(&ignored.lock);
}

void mp_ignore_remove_region(const void *start, size_t bytes)
{
	if (!start || !mp_lock_take_soon(&ignored.lock))
		return;
	for (size_t i = 0; i < MP_IGNORE_REGIONS; i++) {
		struct region *region = &ignored.regions[i];

		if (region->start == (uintptr_t)start &&
		    region->end == (uintptr_t)start + bytes) {
			region->start = 0;
			break;
		}
	}
	mp_lock_release(&ignored.lock);
}

void mp_ignore_each_block(mp_ignore_fn *fn, void *arg)
{
	for (size_t i = 0; i < ignored.size; i++)
		if (ignored.slots[i] > GONE)
			fn(arg, ignored.slots[i], ignored.slots[i]);
}

void mp_ignore_each_region(mp_ignore_fn *fn, void *arg)
{
	for (size_t i = 0; i < MP_IGNORE_REGIONS; i++)
		if (ignored.regions[i].start)
			fn(arg, ignored.regions[i].start,
			   ignored.regions[i].end);
}
