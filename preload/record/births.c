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
#include "preload/record/stacks.h"

#define CALIBRATE_EVERY 4096u /* allocations; at first more often */

bool mp_births_is_on;

struct table {
	_Atomic(_Atomic uint64_t *) *directory; /* NULL: there is none */
	size_t words; /* of a granule; a birth has two */
};

static struct {
	/* Blocks of glibc own two granules each, those of others may own one;
	 * an interpreter's objects lie side by side. */
	struct table blocks, objects;
	bool has_objects; /* somebody may ask for them */
	size_t (*usable_size)(void *);
} births;

/* Every allocation changes it: a line of its own. */
static struct {
	_Alignas(64) _Atomic uint64_t allocs;
	uint8_t rest[64 - sizeof(uint64_t)];
} counted;

static bool table_init(struct table *table, size_t words)
{
	table->words = words;
	table->directory =
		mp_map_new(mp_blocks.leaves * sizeof(*table->directory));
	return table->directory != NULL;
}

void mp_births_init(const struct mp_settings *settings,
		    size_t (*usable_size)(void *))
{
	/* Of a block that was not sampled nothing tells what it is. */
	const bool is_told =
		!settings->has_python_objects || !settings->sample_bytes;
	const bool is_apart = settings->has_python_objects && is_told;

	if (!settings->lifetimes)
		return;
	if (!table_init(&births.blocks,
			is_told && mp_blocks.shift == 4 ? 1 : 2) ||
	    (is_apart && !table_init(&births.objects, 2))) {
		mp_file_fail(MPF_FAIL_MEMORY, ENOMEM);
		return;
	}
	births.has_objects = is_apart;
	/* malloc knows of its own blocks only. */
	births.usable_size = is_told ? usable_size : NULL;
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

/* The last block of a leaf may own more than the leaf has. */
static size_t leaf_bytes(const struct table *table)
{
	return (MP_BLOCKS_LEAF_ENTRIES * table->words + 2) * sizeof(uint64_t);
}

static _Atomic uint64_t *new_leaf(const struct table *table, size_t number)
{
	_Atomic uint64_t *leaf = mp_map_new(leaf_bytes(table)), *other = NULL;

	if (!leaf)
		return NULL;
	if (atomic_compare_exchange_strong(&table->directory[number], &other,
					   leaf))
		return leaf;
	mp_map_free((void *)(uintptr_t)leaf, leaf_bytes(table));
	return other;
}

/* The two words of an address; NULL: there are none. */
static _Atomic uint64_t *words_of(const struct table *table, const void *addr,
				  bool may_make)
{
	uintptr_t at = (uintptr_t)addr, granule = at >> mp_blocks.shift;
	_Atomic uint64_t *leaf;

	if (at >> MP_BLOCKS_ADDRESS_BITS)
		return NULL;
	leaf = atomic_load_explicit(
		&table->directory[granule >> MP_BLOCKS_LEAF_SHIFT],
		memory_order_acquire);
	if (!leaf && may_make)
		leaf = new_leaf(table, granule >> MP_BLOCKS_LEAF_SHIFT);
	if (!leaf)
		return NULL;
	return leaf + (granule & (MP_BLOCKS_LEAF_ENTRIES - 1)) * table->words;
}

static bool is_object(uint32_t class_node)
{
	return births.has_objects &&
	       MPF_CLASS_CALL(mp_stacks_pc(class_node)) >= MPF_CALL_OBJECT;
}

/* Where a block of that class has its birth; NULL: what has no class is either
 * of both. */
static const struct table *table_of(uint32_t class_node)
{
	if (births.has_objects && class_node == MP_NODE_OVERFLOW)
		return NULL;
	return is_object(class_node) ? &births.objects : &births.blocks;
}

void mp_births_keep(const void *addr, uint32_t class_node,
		    struct mp_birth birth)
{
	const struct table *table = table_of(class_node);
	_Atomic uint64_t *words = table ? words_of(table, addr, true) : NULL;

	if (!words)
		return;
	atomic_store_explicit(&words[0], birth.ticks, memory_order_relaxed);
	atomic_store_explicit(&words[1], birth.allocs, memory_order_relaxed);
}

struct mp_birth mp_births_of(const void *addr, uint32_t class_node)
{
	const struct table *table =
		mp_births_is_on ? table_of(class_node) : NULL;
	_Atomic uint64_t *words = table ? words_of(table, addr, false) : NULL;
	struct mp_birth birth = { 0, 0 };

	if (!words)
		return birth;
	birth.ticks = atomic_load_explicit(&words[0], memory_order_relaxed);
	birth.allocs = atomic_load_explicit(&words[1], memory_order_relaxed);
	return birth;
}

size_t mp_births_usable(const void *addr, uint32_t class_node, size_t bytes)
{
	if (!births.usable_size || class_node == MP_NODE_OVERFLOW)
		return 0;
	/* What is around objects is their arena's. */
	return is_object(class_node)
		       ? bytes
		       : births.usable_size((void *)(uintptr_t)addr);
}

size_t mp_births_usable_pooled(size_t bytes)
{
	return births.usable_size ? bytes : 0;
}

void mp_births_read(const void *addr, struct mp_block *block)
{
	block->birth = mp_births_of(addr, block->class_node);
	block->usable = mp_births_usable(addr, block->class_node, block->bytes);
}
