/* SPDX-License-Identifier: MIT */
/* The live blocks: a side table indexed by address. */
#include "config.h"

#include "preload/record/blocks.h"

#include <stdatomic.h>

#include "preload/base/map.h"
#include "preload/base/sys.h"
#include "preload/format/format.h"

#define ADDRESS_BITS 47
#define LEAF_SHIFT   22 /* granules in a leaf: 16 MiB of entries */
#define LEAF_ENTRIES ((size_t)1 << LEAF_SHIFT)
#define LEAF_SLACK   4 /* a block at the end of a leaf may own the next words */
#define LEAF_BYTES   ((LEAF_ENTRIES + LEAF_SLACK) * sizeof(uint32_t))
#define CLASS_MASK   ((UINT32_C(1) << 28) - 1)
#define SMALL_MAX    8u /* sizes kept in the first word */
#define SMALL_SHIFT  28

static struct {
	unsigned shift; /* of a granule */
	size_t leaves;
	_Atomic(uint32_t *) *directory;
} blocks;

bool mp_blocks_init(unsigned granule_shift)
{
	blocks.shift = granule_shift;
	blocks.leaves = (size_t)1
			<< (ADDRESS_BITS - granule_shift - LEAF_SHIFT);
	blocks.directory = mp_map_new(blocks.leaves * sizeof(uint32_t *));
	return blocks.directory != NULL;
}

static inline uint32_t *entry_of(uintptr_t addr)
{
	uintptr_t granule = addr >> blocks.shift;
	uint32_t *leaf;

	if (addr >> ADDRESS_BITS)
		return NULL;
	leaf = atomic_load_explicit(&blocks.directory[granule >> LEAF_SHIFT],
				    memory_order_acquire);
	return leaf ? leaf + (granule & (LEAF_ENTRIES - 1)) : NULL;
}

static __attribute__((noinline)) uint32_t *entry_new(uintptr_t addr)
{
	_Atomic(uint32_t *) *slot;
	uint32_t *leaf, *other = NULL;

	if (addr >> ADDRESS_BITS)
		return NULL;
	slot = &blocks.directory[addr >> blocks.shift >> LEAF_SHIFT];
	leaf = mp_map_new(LEAF_BYTES);
	if (!leaf)
		return NULL;
	if (!atomic_compare_exchange_strong(slot, &other, leaf))
		mp_map_free(leaf, LEAF_BYTES);
	return entry_of(addr);
}

bool mp_blocks_has(const void *addr)
{
	uint32_t *entry = entry_of((uintptr_t)addr);

	return entry && *entry;
}

bool mp_blocks_reserve(const void *addr)
{
	return __builtin_expect(entry_of((uintptr_t)addr) != NULL, 1) ||
	       entry_new((uintptr_t)addr);
}

void mp_blocks_add(const void *addr, struct mp_block block)
{
	uint32_t *entry = entry_of((uintptr_t)addr);

	if (blocks.shift == 3 && block.bytes <= SMALL_MAX) {
		entry[0] = block.class_node | (uint32_t)(block.bytes + 1)
						      << SMALL_SHIFT;
		return;
	}
	if (__builtin_expect(block.bytes < UINT32_MAX, 1)) {
		entry[1] = (uint32_t)block.bytes;
	} else {
		entry[1] = UINT32_MAX;
		entry[2] = (uint32_t)block.bytes;
		entry[3] = (uint32_t)(block.bytes >> 32);
	}
	entry[0] = block.class_node;
}

/* How many words the entry has; 0 when it is none. */
static inline unsigned entry_read(const uint32_t *entry,
				  struct mp_block *ret_block)
{
	uint32_t word = entry[0];

	if (!word)
		return 0;
	ret_block->class_node = word & CLASS_MASK;
	if (word >> SMALL_SHIFT) {
		ret_block->bytes = (word >> SMALL_SHIFT) - 1;
		return 1;
	}
	ret_block->bytes = entry[1];
	if (entry[1] != UINT32_MAX)
		return 2;
	ret_block->bytes = entry[2] | (uint64_t)entry[3] << 32;
	return 4;
}

bool mp_blocks_take(const void *addr, struct mp_block *ret_block)
{
	uint32_t *entry = entry_of((uintptr_t)addr);
	unsigned words;

	if (!entry)
		return false;
	words = entry_read(entry, ret_block);
	if (!words)
		return false;
	/* All of them: a walk over the table reads word after word. */
	while (words)
		entry[--words] = 0;
	return true;
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

static void leaf_each(const uint32_t *leaf, const struct written *written,
		      mp_block_fn *fn, void *arg)
{
	const size_t page_entries = MPF_PAGE / sizeof(uint32_t);
	struct mp_block block;
	size_t i = 0;

	while (i < LEAF_ENTRIES) {
		unsigned words;

		if (i % page_entries == 0 && !is_written(written, i)) {
			i += page_entries;
			continue;
		}
		words = entry_read(leaf + i, &block);
		if (!words) {
			i++;
			continue;
		}
		fn(arg, block);
		/* There are no others within a block. */
		if (block.bytes >> blocks.shift > words)
			i += block.bytes >> blocks.shift;
		else
			i += words;
		/* A page entered in its middle is looked at as a whole only
		 * when it was written. */
		if (i < LEAF_ENTRIES && !is_written(written, i))
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
	for (size_t i = 0; i < blocks.leaves; i++) {
		const uint32_t *leaf = atomic_load_explicit(
			&blocks.directory[i], memory_order_acquire);

		if (!leaf)
			continue;
		written_read(written, (int)fd, leaf);
		leaf_each(leaf, written, fn, arg);
	}
	if (!mp_sys_failed(fd))
		mp_sys_close((int)fd);
	mp_map_free(written, sizeof(*written));
}
