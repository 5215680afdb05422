/* SPDX-License-Identifier: MIT */
/* The live blocks: a side table indexed by address. */
#include "config.h"

#include "preload/record/blocks.h"

#include <stdatomic.h>

#include "preload/base/map.h"
#include "preload/base/sys.h"
#include "preload/format/format.h"

#define LEAF_BYTES ((MP_BLOCKS_LEAF_ENTRIES + LEAF_SLACK) * sizeof(uint32_t))
#define LEAF_SLACK 4 /* a block at the end of a leaf may own the next words */

struct mp_blocks mp_blocks;

bool mp_blocks_init(unsigned granule_shift)
{
	mp_blocks.shift = granule_shift;
	mp_blocks.leaves = (size_t)1 << (MP_BLOCKS_ADDRESS_BITS -
					 granule_shift - MP_BLOCKS_LEAF_SHIFT);
	mp_blocks.directory = mp_map_new(mp_blocks.leaves * sizeof(uint32_t *));
	mp_blocks.used = mp_map_new(mp_blocks.leaves * sizeof(uint32_t));
	return mp_blocks.directory && mp_blocks.used;
}

__attribute__((noinline)) bool mp_blocks_new_leaf(const void *addr)
{
	uintptr_t at = (uintptr_t)addr;
	_Atomic(uint32_t *) *slot;
	uint32_t *leaf, *other = NULL;

	if (at >> MP_BLOCKS_ADDRESS_BITS)
		return false;
	slot = &mp_blocks.directory[at >> mp_blocks.shift >>
				    MP_BLOCKS_LEAF_SHIFT];
	leaf = mp_map_new(LEAF_BYTES);
	if (!leaf)
		return false;
	if (atomic_compare_exchange_strong(slot, &other, leaf))
		mp_blocks.used[atomic_fetch_add(&mp_blocks.used_count, 1)] =
			(uint32_t)(slot - mp_blocks.directory);
	else
		mp_map_free(leaf, LEAF_BYTES);
	return true;
}

const void *mp_blocks_next(const void *from, const void *end)
{
	const uintptr_t last = (uintptr_t)end >> mp_blocks.shift;
	uintptr_t granule = (uintptr_t)from >> mp_blocks.shift;

	if ((uintptr_t)end >> MP_BLOCKS_ADDRESS_BITS)
		return NULL;
	while (granule < last) {
		const size_t number = granule >> MP_BLOCKS_LEAF_SHIFT;
		uintptr_t behind = (number + 1) << MP_BLOCKS_LEAF_SHIFT;
		const uint32_t *leaf = atomic_load_explicit(
			&mp_blocks.directory[number], memory_order_acquire);

		if (behind > last)
			behind = last;
		for (; leaf && granule < behind; granule++)
			if (leaf[granule & (MP_BLOCKS_LEAF_ENTRIES - 1)])
				return (const void *)(granule
						      << mp_blocks.shift);
		granule = behind;
	}
	return NULL;
}

/*
 * Which pages of a leaf were ever written, from the kernel, so that a walk
 * does not touch the others: most of a leaf is never used. Bit 63 present,
 * 62 swapped. Without /proc every page counts as written.
 */
struct written {
	uint64_t pagemap[LEAF_BYTES / MPF_PAGE + 1];
	bool is_known;
};

static void written_read(struct written *written, int fd, const uint32_t *leaf)
{
	long ret = mp_sys_pread(fd, written->pagemap, sizeof(written->pagemap),
				(uintptr_t)leaf / MPF_PAGE * sizeof(uint64_t));

	written->is_known = ret == (long)sizeof(written->pagemap);
}

static bool is_written(const struct written *written, size_t i)
{
	return !written->is_known ||
	       written->pagemap[i * sizeof(uint32_t) / MPF_PAGE] >> 62;
}

/* number: of the leaf in the directory. */
static void leaf_each(uint32_t *leaf, size_t number,
		      const struct written *written, mp_block_fn *fn, void *arg)
{
	const size_t page_entries = MPF_PAGE / sizeof(uint32_t);
	struct mp_block block;
	size_t i = 0;

	while (i < MP_BLOCKS_LEAF_ENTRIES) {
		uint32_t class_node;
		unsigned words;

		if (i % page_entries == 0 && !is_written(written, i)) {
			i += page_entries;
			continue;
		}
		words = mp_blocks_read(leaf + i, &block);
		if (!words) {
			i++;
			continue;
		}
		class_node = fn(arg,
				(number << MP_BLOCKS_LEAF_SHIFT | i)
					<< mp_blocks.shift,
				block);
		if (class_node != block.class_node)
			leaf[i] =
				(leaf[i] & ~MP_BLOCKS_CLASS_MASK) | class_node;
		/* No further: a block whose free was not seen may have others
		 * within it by now. */
		i += words;
		/* A page entered in its middle is looked at as a whole only
		 * when it was written. */
		if (i < MP_BLOCKS_LEAF_ENTRIES && !is_written(written, i))
			i = (i | (page_entries - 1)) + 1;
	}
}

void mp_blocks_each(mp_block_fn *fn, void *arg)
{
	struct written *written = mp_map_new(sizeof(*written));
	long fd = -1;

	if (!written)
		return;
	fd = mp_sys_open("/proc/self/pagemap", O_RDONLY, 0);
	for (size_t i = 0; i < atomic_load(&mp_blocks.used_count); i++) {
		uint32_t *leaf = atomic_load_explicit(
			&mp_blocks.directory[mp_blocks.used[i]],
			memory_order_acquire);

		if (!leaf)
			continue;
		written_read(written, (int)fd, leaf);
		leaf_each(leaf, mp_blocks.used[i], written, fn, arg);
	}
	if (!mp_sys_failed(fd))
		mp_sys_close((int)fd);
	mp_map_free(written, sizeof(*written));
}
