/* SPDX-License-Identifier: MIT */
/* The test mode: recorded stacks against _Unwind_Backtrace. */
#include "config.h"

#include "preload/record/check.h"

#include <stdatomic.h>

#include "preload/base/lock.h"
#include "preload/base/map.h"
#include "preload/base/say.h"
#include "preload/record/mixed.h"
#include "preload/record/stacks.h"

#define SAID_MAX 3u /* differences shown in full */

uint32_t mp_check_every;
bool mp_check_verify;

static struct {
	struct mp_lock lock;
	uint64_t ours[MP_DEPTH_MAX]; /* innermost first */
	uint64_t reference[MP_DEPTH_MAX];
	uint32_t said;
} check;

void mp_check_init(uint32_t every, bool verify)
{
	mp_check_verify = verify;
	mp_check_every = every;
}

/* The recorded stack, innermost first; *ret_is_whole: nothing was cut. */
static size_t read_stack(uint32_t node, bool *ret_is_whole)
{
	size_t depth = 0;

	*ret_is_whole = true;
	for (; node; node = mp_stacks_parent(node)) {
		uint64_t pc = mp_stacks_pc(node);

		if (MPF_PC_KIND(pc) == MPF_NODE_CUT)
			*ret_is_whole = false;
		if (MPF_PC_KIND(pc) != MPF_NODE_FRAME || depth == MP_DEPTH_MAX)
			continue;
		/* A guess is marked as one; the reference has nothing there. */
		if (pc & MPF_PC_GUESSED) {
			*ret_is_whole = false;
			break;
		}
		check.ours[depth++] = pc & MPF_PC_MASK;
	}
	return depth;
}

static void say_stack(const char *what, const uint64_t *pcs, size_t depth)
{
	char buf[MP_SAY_BYTES];
	struct mp_text text;

	mp_text_init(&text, buf, sizeof(buf));
	for (size_t i = 0; i < depth; i++) {
		mp_text_str(&text, " ");
		mp_text_hex(&text, pcs[i]);
	}
	mp_say(what, buf, NULL);
}

static bool is_equal(size_t depth, size_t reference, bool is_whole)
{
	if (is_whole ? depth != reference : depth > reference)
		return false;
	for (size_t i = 0; i < depth; i++)
		if (check.ours[i] != check.reference[reference - 1 - i])
			return false;
	return true;
}

static void compare(const struct mp_regs *regs, uint32_t node)
{
	struct mpf_header *header = mp_file.header;
	size_t depth, reference;
	bool is_whole;

	reference = mp_unwind_reference(regs, check.reference, MP_DEPTH_MAX);
	if (!reference || reference == MP_DEPTH_MAX)
		return;
	depth = read_stack(node, &is_whole);
	header->check_walks++;
	if (is_equal(depth, reference, is_whole))
		return;
	header->check_differences++;
	if (check.said++ >= SAID_MAX)
		return;
	say_stack("check: recorded, innermost first: ", check.ours, depth);
	say_stack("check: reference, outermost first: ", check.reference,
		  reference);
}

void mp_check_differ(const struct mp_regs *regs,
		     const struct mp_walk *remembered,
		     const struct mp_walk *full)
{
	static _Atomic uint32_t said;

	(void)regs;
	if (atomic_fetch_add(&said, 1) >= SAID_MAX)
		return;
	say_stack("verify: remembered, outermost first: ", remembered->pcs,
		  remembered->depth);
	say_stack("verify: walked, outermost first: ", full->pcs, full->depth);
}

void mp_check_verified(void)
{
	uint64_t walks, differences, nodes, others;

	mp_unwind_verified(&walks, &differences);
	mp_mixed_verified(&nodes, &others);
	mp_file.header->verify_walks = walks + nodes;
	mp_file.header->verify_differences = differences + others;
}

void mp_check_now(struct mp_writer *writer, const struct mp_regs *regs,
		  uint32_t node)
{
	if (!node || writer->is_nested ||
	    ++writer->walks_to_check < mp_check_every)
		return;
	writer->walks_to_check = 0;
	if (!mp_lock_try(&check.lock))
		return;
	compare(regs, node);
	mp_lock_release(&check.lock);
}
