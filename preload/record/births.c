/* SPDX-License-Identifier: MIT */
/* Since when blocks live. */
#include "config.h"

#include "preload/record/births.h"

#include <stdatomic.h>

#include "preload/base/map.h"
#include "preload/base/sandbox.h"
#include "preload/base/sys.h"
#include "preload/base/ticks.h"
#include "preload/record/file.h"

/* The last block of a leaf may own more than the leaf has. */
#define LEAF_BYTES \
	((MP_BLOCKS_LEAF_ENTRIES * births.words + 2) * sizeof(uint64_t))
#define CALIBRATE_EVERY 4096u /* allocations; at first more often */

bool mp_births_is_on;

static struct {
	_Atomic(_Atomic uint64_t *) *directory;
	size_t words; /* of a granule; a birth has two */
	size_t (*usable_size)(void *);
} births;

/* Every allocation changes it: a line of its own. */
static struct {
	_Alignas(64) _Atomic uint64_t allocs;
	uint8_t rest[64 - sizeof(uint64_t)];
} counted;

void mp_births_init(const struct mp_settings *settings,
		    size_t (*usable_size)(void *))
{
	bool is_malloc_alone = !settings->has_python_objects;

	if (!settings->lifetimes)
		return;
	/* Blocks of glibc own two granules, those of others may own one. */
	births.words = is_malloc_alone && mp_blocks.shift == 4 ? 1 : 2;
	births.directory =
		mp_map_new(mp_blocks.leaves * sizeof(*births.directory));
	if (!births.directory) {
		mp_file_fail(MPF_FAIL_MEMORY, ENOMEM);
		return;
	}
	/* Nobody knows but malloc, and it only of its own blocks. */
	births.usable_size = is_malloc_alone ? usable_size : NULL;
	mp_file.header->mode |= MPF_MODE_LIFETIMES;
	mp_births_is_on = true;
}

void mp_births_calibrate(void)
{
	struct mpf_header *header = mp_file.header;

	/* Of two threads the one is as good as the other. */
	if (atomic_load_explicit(&mp_sandbox_is_on, memory_order_relaxed))
		return;
	__atomic_store_n(&header->ticks, mp_ticks(), __ATOMIC_RELAXED);
	__atomic_store_n(&header->ticks_ns, mp_sys_clock_ns(CLOCK_MONOTONIC),
			 __ATOMIC_RELAXED);
}

uint64_t mp_births_allocs(void)
{
	return atomic_load_explicit(&counted.allocs, memory_order_relaxed);
}

struct mp_birth mp_births_now(void)
{
	struct mp_birth birth = {
		.allocs = atomic_fetch_add_explicit(&counted.allocs, 1,
						    memory_order_relaxed) +
			  1,
		.ticks = mp_ticks(),
	};

	if (birth.allocs % CALIBRATE_EVERY == 0 ||
	    (birth.allocs & (birth.allocs - 1)) == 0)
		mp_births_calibrate();
	return birth;
}

static _Atomic uint64_t *new_leaf(size_t number)
{
	_Atomic uint64_t *leaf = mp_map_new(LEAF_BYTES), *other = NULL;

	if (!leaf)
		return NULL;
	if (atomic_compare_exchange_strong(&births.directory[number], &other,
					   leaf))
		return leaf;
	mp_map_free((void *)(uintptr_t)leaf, LEAF_BYTES);
	return other;
}

/* The two words of an address; NULL: there are none. */
static _Atomic uint64_t *words_of(const void *addr, bool may_make)
{
	uintptr_t at = (uintptr_t)addr, granule = at >> mp_blocks.shift;
	_Atomic uint64_t *leaf;

	if (at >> MP_BLOCKS_ADDRESS_BITS)
		return NULL;
	leaf = atomic_load_explicit(
		&births.directory[granule >> MP_BLOCKS_LEAF_SHIFT],
		memory_order_acquire);
	if (!leaf && may_make)
		leaf = new_leaf(granule >> MP_BLOCKS_LEAF_SHIFT);
	if (!leaf)
		return NULL;
	return leaf + (granule & (MP_BLOCKS_LEAF_ENTRIES - 1)) * births.words;
}

void mp_births_keep(const void *addr, struct mp_birth birth)
{
	_Atomic uint64_t *words = words_of(addr, true);

	if (!words)
		return;
	atomic_store_explicit(&words[0], birth.ticks, memory_order_relaxed);
	atomic_store_explicit(&words[1], birth.allocs, memory_order_relaxed);
}

struct mp_birth mp_births_of(const void *addr)
{
	struct mp_birth birth = { 0, 0 };
	_Atomic uint64_t *words;

	words = mp_births_is_on ? words_of(addr, false) : NULL;
	if (!words)
		return birth;
	birth.ticks = atomic_load_explicit(&words[0], memory_order_relaxed);
	birth.allocs = atomic_load_explicit(&words[1], memory_order_relaxed);
	return birth;
}

size_t mp_births_usable(const void *addr)
{
	return births.usable_size ? births.usable_size((void *)(uintptr_t)addr)
				  : 0;
}

size_t mp_births_usable_pooled(size_t bytes)
{
	return births.usable_size ? bytes : 0;
}

void mp_births_read(const void *addr, struct mp_block *block)
{
	block->birth = mp_births_of(addr);
	block->usable = mp_births_usable(addr);
}
