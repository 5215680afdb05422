/* SPDX-License-Identifier: MIT */
/* The live blocks in the dump. */
#include "config.h"

#include "preload/record/live.h"

#include "preload/base/lock.h"
#include "preload/base/map.h"
#include "preload/base/sandbox.h"
#include "preload/base/ticks.h"
#include "preload/record/array.h"
#include "preload/record/births.h"
#include "preload/record/file.h"
#include "preload/record/pools.h"
#include "preload/record/stacks.h"

#define GROUPS_FIRST 4096u /* a power of two */

_Static_assert(sizeof(struct mpf_live) == MP_ARRAY_ELEM_BYTES, "live");

static struct {
	struct mp_lock lock;
	bool is_on, has_addresses;
	struct mp_array array;
} live = { .array = { .type = MPF_SEG_LIVE } };

/* What is being listed. */
struct list {
	uint64_t now;	/* ticks */
	uint64_t count; /* blocks met, or groups there are */
	uint64_t lost;
	struct mpf_live *groups; /* by class and age, open addressing */
	uint64_t room;		 /* of them; without addresses */
};

void mp_live_init(const struct mp_settings *settings)
{
	live.has_addresses = settings->addresses;
	live.is_on = settings->addresses || mp_births_is_on;
	if (settings->addresses)
		mp_file.header->mode |= MPF_MODE_ADDRESSES;
}

void mp_live_forked(void)
{
	mp_lock_reset(&live.lock);
	mp_file.header->live_sequence = mp_file.header->live_lost = 0;
}

static struct mpf_live describe(const struct list *list, uintptr_t addr,
				const struct mp_block *block)
{
	struct mpf_live one = {
		.address = addr,
		.class_node = block->class_node,
		.blocks = 1,
		.bytes = block->bytes,
		.born_ticks = block->birth.ticks,
		.born_allocs = block->birth.allocs,
	};

	/* What was counted without one. */
	if (one.class_node == MP_NODE_OVERFLOW)
		one.class_node = 0;
	if (one.born_allocs && (int64_t)(list->now - one.born_ticks) > 0)
		one.ticks = list->now - one.born_ticks;
	one.age = mpf_age_ticks(one.ticks);
	return one;
}

static struct mpf_live *group_of(struct mpf_live *groups, uint64_t room,
				 const struct mpf_live *one)
{
	uint64_t key = (uint64_t)one->class_node << 6 | one->age;
	uint64_t at = key * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (room - 1);

	while (groups[at].blocks && (groups[at].class_node != one->class_node ||
				     groups[at].age != one->age))
		at = (at + 1) & (room - 1);
	return &groups[at];
}

/* At most half full. */
static bool make_room(struct list *list)
{
	uint64_t room = list->groups ? 2 * list->room : GROUPS_FIRST;
	struct mpf_live *groups;

	if (list->groups && list->count < list->room / 2)
		return true;
	groups = list->count < MP_LIVE_MAX ? mp_map_new(room * sizeof(*groups))
					   : NULL;
	if (!groups)
		return false;
	for (uint64_t i = 0; i < list->room; i++)
		if (list->groups[i].blocks)
			*group_of(groups, room, &list->groups[i]) =
				list->groups[i];
	mp_map_free(list->groups, list->room * sizeof(*groups));
	list->groups = groups;
	list->room = room;
	return true;
}

static void add_to_group(struct list *list, const struct mpf_live *one)
{
	struct mpf_live *group;

	if (!make_room(list)) {
		list->lost++;
		return;
	}
	group = group_of(list->groups, list->room, one);
	if (!group->blocks) {
		*group = *one;
		group->address = 0;
		list->count++;
		return;
	}
	group->blocks++;
	group->bytes += one->bytes;
	if (__builtin_add_overflow(group->ticks, one->ticks, &group->ticks))
		group->ticks = UINT64_MAX;
	if (one->born_allocs && one->born_ticks < group->born_ticks) {
		group->born_ticks = one->born_ticks;
		group->born_allocs = one->born_allocs;
	}
}

static void add_at_address(struct list *list, const struct mpf_live *one)
{
	struct mpf_live *to = NULL;
	uint64_t index;

	if (list->count < MP_LIVE_MAX)
		to = mp_array_at(&live.array, list->count, &index);
	if (!to) {
		list->lost++;
		return;
	}
	*to = *one;
	list->count++;
}

static uint32_t add_pooled(void *arg, uintptr_t addr, struct mp_block block)
{
	struct list *list = arg;
	struct mpf_live one = describe(list, addr, &block);

	if (live.has_addresses)
		add_at_address(list, &one);
	else
		add_to_group(list, &one);
	return block.class_node;
}

static uint32_t add_one(void *arg, uintptr_t addr, struct mp_block block)
{
	block.birth = mp_births_of((const void *)addr, block.class_node);
	return add_pooled(arg, addr, block);
}

static uint32_t count_one(void *arg, uintptr_t addr, struct mp_block block)
{
	uint64_t *count = arg;

	(void)addr;
	++*count;
	return block.class_node;
}

/* With addresses the blocks go where they stay; room for some that come
 * meanwhile. */
static void list_addresses(struct list *list, bool may_wait)
{
	uint64_t count = 0;

	mp_blocks_each(count_one, &count);
	mp_pools_each(count_one, &count);
	count += count / 16 + 64;
	if (count > MP_LIVE_MAX)
		count = MP_LIVE_MAX;
	mp_array_reserve(&live.array, count, may_wait);
	mp_blocks_each(add_one, list);
	mp_pools_each(add_pooled, list);
}

static void list_groups(struct list *list, bool may_wait)
{
	uint64_t n = 0, index;

	mp_blocks_each(add_one, list);
	mp_pools_each(add_pooled, list);
	mp_array_reserve(&live.array, list->count, may_wait);
	for (uint64_t i = 0; i < list->room; i++) {
		struct mpf_live *to;

		if (!list->groups[i].blocks)
			continue;
		to = mp_array_at(&live.array, n, &index);
		if (!to) {
			list->lost += list->groups[i].blocks;
			continue;
		}
		*to = list->groups[i];
		n++;
	}
	mp_map_free(list->groups, list->room * sizeof(*list->groups));
	list->count = n;
}

void mp_live_list(bool may_wait)
{
	struct mpf_header *header = mp_file.header;
	struct list list = { .now = mp_ticks() };

	if (!live.is_on || atomic_load(&mp_sandbox_is_on) ||
	    !mp_lock_take_soon(&live.lock))
		return;
	mp_births_calibrate();
	__atomic_fetch_add(&header->live_sequence, 1, __ATOMIC_SEQ_CST);
	if (live.has_addresses)
		list_addresses(&list, may_wait);
	else
		list_groups(&list, may_wait);
	mp_array_clear(&live.array, list.count);
	header->live_ticks = list.now;
	header->live_allocs = mp_births_allocs();
	header->live_lost =
		list.lost < UINT32_MAX ? (uint32_t)list.lost : UINT32_MAX;
	__atomic_fetch_add(&header->live_sequence, 1, __ATOMIC_SEQ_CST);
	mp_lock_release(&live.lock);
}
