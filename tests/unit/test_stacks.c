/* SPDX-License-Identifier: MIT */
/* The trie of stacks. */
#include "config.h"

#include "preload/record/stacks.h"

#include <pthread.h>
#include <stdlib.h>

#include "preload/record/file.h"
#include "tests/unit/recording.h"

#define MODEL 20000u

struct edge {
	uint32_t parent, id;
	uint64_t pc;
};

static struct edge model[MODEL];

static uint32_t model_find(uint32_t count, uint32_t parent, uint64_t pc)
{
	for (uint32_t i = 0; i < count; i++)
		if (model[i].parent == parent && model[i].pc == pc)
			return model[i].id;
	return 0;
}

START_TEST(test_stacks_agree_with_a_model)
{
	uint32_t count = 0, last;

	srand(4711);
	recording_create("dump");
	for (uint32_t i = 0; i < MODEL; i++) {
		uint32_t parent = count && rand() % 8
					  ? model[(uint32_t)rand() % count].id
					  : MP_NODE_NONE;
		uint64_t pc = 0x400000 + (uint64_t)(rand() % 4);
		uint32_t known = model_find(count, parent, pc);
		uint32_t id = mp_stacks_child(parent, pc, true);

		ck_assert_uint_ge(id, 8);
		if (known) {
			ck_assert_uint_eq(id, known);
			continue;
		}
		ck_assert_uint_gt(id, parent);
		model[count++] = (struct edge) { parent, id, pc };
	}
	last = mp_stacks_count();

	for (uint32_t i = 0; i < count; i++) {
		ck_assert_uint_lt(model[i].id, last);
		ck_assert_uint_ge(model[i].id % 8192, 8);
		ck_assert_uint_eq(mp_stacks_pc(model[i].id), model[i].pc);
		ck_assert_uint_eq(mp_stacks_parent(model[i].id),
				  model[i].parent);
	}
}
END_TEST

/* Words that are nodes: in use and no links. */
static uint32_t count_nodes(void)
{
	uint32_t count = 0;

	for (uint32_t id = 0; id < mp_stacks_count(); id++) {
		uint64_t pc = mp_stacks_has(id) ? mp_stacks_pc(id) : 0;

		count += pc && MPF_PC_KIND(pc) != MPF_NODE_LINK;
	}
	return count;
}

#define DEEP 20000u /* more than two segments of words */

static uint64_t deep_pcs[DEEP];
static uint32_t deep_ids[3][DEEP];

/* One chain, then the same again, then one that leaves it half way. */
START_TEST(test_stacks_of_many_frames_are_made_at_once)
{
	uint32_t root, words;

	recording_create("dump");
	root = mp_stacks_child(MP_NODE_NONE, (uint64_t)MPF_NODE_ROOT << 60 | 1,
			       true);
	for (uint32_t i = 0; i < DEEP; i++)
		deep_pcs[i] = 0x1000 + i;
	ck_assert_uint_eq(
		mp_stacks_extend(root, deep_pcs, DEEP, true, deep_ids[0]),
		DEEP);
	words = mp_stacks_count();
	/* The root and its chain: a link at the start of each segment. */
	ck_assert_uint_eq(words, 3 * 8 + 1 + DEEP + 2);
	ck_assert_uint_eq(
		mp_stacks_extend(root, deep_pcs, DEEP, true, deep_ids[1]),
		DEEP);
	ck_assert_uint_eq(mp_stacks_count(), words);
	for (uint32_t i = DEEP / 2; i < DEEP; i++)
		deep_pcs[i] += 0x100000;
	ck_assert_uint_eq(
		mp_stacks_extend(root, deep_pcs, DEEP, true, deep_ids[2]),
		DEEP);
	ck_assert_uint_eq(count_nodes(), 1 + DEEP + DEEP / 2);
	for (uint32_t i = 0; i < DEEP; i++) {
		uint32_t before = i ? deep_ids[0][i - 1] : root;

		ck_assert_uint_eq(mp_stacks_parent(deep_ids[0][i]), before);
		ck_assert_uint_eq(mp_stacks_pc(deep_ids[0][i]), 0x1000 + i);
		ck_assert_uint_eq(deep_ids[1][i], deep_ids[0][i]);
		if (i < DEEP / 2)
			ck_assert_uint_eq(deep_ids[2][i], deep_ids[0][i]);
		else
			ck_assert_uint_gt(deep_ids[2][i], words);
	}
	ck_assert_uint_eq(mp_stacks_parent(deep_ids[2][DEEP / 2]),
			  deep_ids[0][DEEP / 2 - 1]);
}
END_TEST

#define CHAINS 3000u
#define CHAIN  40u

static uint32_t chain_ids[8][CHAINS][CHAIN];

/* Chains that share their first frames, made by everybody at once. */
static void *extend_all(void *arg)
{
	uintptr_t t = (uintptr_t)arg;
	uint64_t pcs[CHAIN];

	for (uint32_t n = 0; n < CHAINS; n++) {
		uint32_t c = (n + (uint32_t)t % 2) % CHAINS;

		for (uint32_t i = 0; i < CHAIN; i++)
			pcs[i] = 0x1000 + i + (i > c % CHAIN ? c << 16 : 0);
		if (mp_stacks_extend(MP_NODE_NONE, pcs, CHAIN, true,
				     chain_ids[t][c]) != CHAIN)
			return arg;
	}
	return NULL;
}

START_TEST(test_stacks_made_at_once_by_threads_have_one_id)
{
	pthread_t threads[8];
	void *failed;

	recording_create("dump");
	for (uintptr_t t = 0; t < 8; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, extend_all,
						(void *)t),
				 0);
	for (uintptr_t t = 0; t < 8; t++) {
		pthread_join(threads[t], &failed);
		ck_assert_ptr_null(failed);
	}
	for (uint32_t c = 0; c < CHAINS; c++)
		for (uint32_t i = 0; i < CHAIN; i++) {
			uint32_t id = chain_ids[0][c][i];

			ck_assert_uint_eq(
				mp_stacks_pc(id),
				0x1000 + i + (i > c % CHAIN ? c << 16 : 0));
			ck_assert_uint_eq(mp_stacks_parent(id),
					  i ? chain_ids[0][c][i - 1] : 0);
			for (unsigned t = 1; t < 8; t++)
				ck_assert_uint_eq(chain_ids[t][c][i], id);
		}
}
END_TEST

#define THREADS	 8
#define INSERTED 30000u

static uint32_t inserted[THREADS][INSERTED];

/* Everybody the same stacks, each from another place on. */
static void *insert_all(void *arg)
{
	uintptr_t t = (uintptr_t)arg;

	for (uint32_t n = 0; n < INSERTED; n++) {
		uint32_t i =
			(n + (uint32_t)t * (INSERTED / THREADS)) % INSERTED;
		uint32_t root =
			mp_stacks_child(MP_NODE_NONE, 1000 + i % 50, true);

		inserted[t][i] = mp_stacks_child(root, 0x1000 + i, true);
	}
	return NULL;
}

START_TEST(test_stacks_of_threads_have_one_id)
{
	pthread_t threads[THREADS];

	recording_create("dump");
	for (uintptr_t t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, insert_all,
						(void *)t),
				 0);
	for (uintptr_t t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);

	for (uint32_t i = 0; i < INSERTED; i++) {
		ck_assert_uint_ne(inserted[0][i], 0);
		ck_assert_uint_eq(mp_stacks_pc(inserted[0][i]), 0x1000 + i);
		for (unsigned t = 1; t < THREADS; t++)
			ck_assert_uint_eq(inserted[t][i], inserted[0][i]);
	}
	ck_assert_uint_eq(count_nodes(), INSERTED + 50);
}
END_TEST

static _Atomic bool is_over;

static void *insert_meanwhile(void *arg)
{
	uint64_t pc = (uint64_t)(uintptr_t)arg << 32;

	while (!is_over)
		mp_stacks_child(MP_NODE_NONE, pc++, true);
	return NULL;
}

/* As a handler: among others that insert, a node is right or there is none. */
START_TEST(test_stacks_that_may_not_wait_are_right_or_none)
{
	pthread_t threads[2];
	uint32_t made = 0;

	recording_create("dump");
	for (uintptr_t t = 0; t < 2; t++)
		pthread_create(&threads[t], NULL, insert_meanwhile,
			       (void *)(t + 2));
	for (uint64_t pc = 1; pc <= 20000; pc++) {
		uint32_t id = mp_stacks_child(MP_NODE_NONE, pc, false);

		if (!id)
			continue;
		made++;
		ck_assert_uint_eq(mp_stacks_pc(id), pc);
		ck_assert_uint_eq(mp_stacks_parent(id), MP_NODE_NONE);
		ck_assert_uint_eq(mp_stacks_child(MP_NODE_NONE, pc, false), id);
	}
	is_over = true;
	for (unsigned t = 0; t < 2; t++)
		pthread_join(threads[t], NULL);

	ck_assert_uint_gt(made, 10000);
	ck_assert_uint_eq(mp_file.header->failure, MPF_FAIL_NONE);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("stacks");

	tcase_add_test(tcase, test_stacks_agree_with_a_model);
	tcase_add_test(tcase, test_stacks_of_many_frames_are_made_at_once);
	tcase_add_test(tcase, test_stacks_of_threads_have_one_id);
	tcase_add_test(tcase, test_stacks_made_at_once_by_threads_have_one_id);
	tcase_add_test(tcase, test_stacks_that_may_not_wait_are_right_or_none);
	return recording_run(tcase, "stacks");
}
