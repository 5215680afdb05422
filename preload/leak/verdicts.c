/* SPDX-License-Identifier: MIT */
/* The verdicts of a scan, added up by class and root. */
#include "config.h"

#include "preload/leak/verdicts.h"

#include "preload/base/say.h"

#define KINDS MPF_HELD_IGNORED /* roots 1 to this stand for a whole kind */

static uint32_t root_of_kind(struct mp_verdicts *verdicts, enum mpf_held held)
{
	verdicts->roots[held].held = held;
	if (verdicts->root_count <= held)
		verdicts->root_count = held + 1u;
	return held;
}

uint32_t mp_verdicts_root(struct mp_verdicts *verdicts, enum mpf_held held,
			  uint32_t tid, const char *name, const char *path)
{
	struct mp_verdicts_root *root;
	struct mp_text text;

	if (verdicts->root_count <= KINDS)
		verdicts->root_count = KINDS + 1u;
	if (verdicts->root_count == MP_VERDICTS_ROOTS)
		return root_of_kind(verdicts, held);
	root = &verdicts->roots[verdicts->root_count];
	root->held = held;
	root->tid = tid;
	if (name)
		__builtin_memcpy(root->name, name, sizeof(root->name) - 1);
	mp_text_init(&text, root->path, sizeof(root->path));
	if (path)
		mp_text_str(&text, path);
	return verdicts->root_count++;
}

static struct mpf_leak *find(struct mp_verdicts *verdicts,
			     const struct mpf_leak *like)
{
	const uint32_t mask = 2 * MP_VERDICTS_LEAKS - 1;
	uint64_t hash =
		(like->class_node ^ (uint64_t)like->by_class << 32 ^
		 (uint64_t)like->root << 13 ^ (uint64_t)like->verdict << 29) *
		UINT64_C(0x9E3779B97F4A7C15);

	for (uint32_t i = (uint32_t)(hash >> 32) & mask;; i = (i + 1) & mask) {
		struct mpf_leak *leak = &verdicts->leaks[verdicts->table[i]];

		if (verdicts->table[i] &&
		    (leak->class_node != like->class_node ||
		     leak->by_class != like->by_class ||
		     leak->root != like->root ||
		     leak->verdict != like->verdict))
			continue;
		if (verdicts->table[i])
			return leak;
		if (verdicts->leak_count + 1 == MP_VERDICTS_LEAKS)
			return NULL;
		verdicts->table[i] = ++verdicts->leak_count;
		leak = &verdicts->leaks[verdicts->table[i]];
		leak->class_node = like->class_node;
		leak->by_class = like->by_class;
		leak->root = like->root;
		leak->verdict = like->verdict;
		return leak;
	}
}

void mp_verdicts_count(struct mp_verdicts *verdicts,
		       const struct mpf_leak *leak)
{
	struct mpf_leak *sum = find(verdicts, leak);

	/* Too many kinds of them: without who holds them, then without class.
	 * The four last ones are kept for that. */
	if (!sum || verdicts->leak_count + 8 > MP_VERDICTS_LEAKS) {
		const struct mpf_leak least = { .verdict = leak->verdict };

		sum = sum && sum->blocks ? sum : find(verdicts, &least);
		if (!sum)
			return;
	}
	if (!sum->blocks || leak->largest_bytes > sum->largest_bytes) {
		sum->largest = leak->largest;
		sum->largest_bytes = leak->largest_bytes;
		sum->held_at = leak->held_at;
	}
	sum->blocks += leak->blocks;
	sum->bytes += leak->bytes;
}

void mp_verdicts_rules(struct mp_verdicts_rules *rules, uint32_t bytes)
{
	if (bytes == MP_VERDICTS_RULES)
		while (bytes && rules->text[bytes - 1] != '\n')
			bytes--;
	atomic_store(&rules->bytes, bytes);
}
