/* SPDX-License-Identifier: MIT */
/* Verdicts into the dump. */
#include "config.h"

#include "preload/leak/publish.h"

#include "preload/base/sys.h"
#include "preload/record/array.h"
#include "preload/record/file.h"
#include "preload/record/recorder.h"

_Static_assert(sizeof(struct mpf_leak) == MP_ARRAY_ELEM_BYTES, "leak");
_Static_assert(sizeof(struct mpf_root) == MP_ARRAY_ELEM_BYTES, "root");

static struct mp_array leaks = { .type = MPF_SEG_LEAKS };
static struct mp_array roots = { .type = MPF_SEG_ROOTS };

static size_t length(const char *text, size_t limit)
{
	size_t len = 0;

	while (len < limit && text[len])
		len++;
	return len;
}

/* The same text again is the one that is there. */
static struct mpf_text text_of(const char *text, size_t len,
			       struct mpf_text old, bool may_wait)
{
	if (old.bytes == len && len &&
	    __builtin_memcmp(mp_file_at(old.offset), text, len) == 0)
		return old;
	return mp_file_text(text, len, may_wait);
}

static void write_roots(const struct mp_verdicts *verdicts, bool may_wait)
{
	for (uint32_t i = 1; i < verdicts->root_count; i++) {
		const struct mp_verdicts_root *from = &verdicts->roots[i];
		uint64_t index;
		struct mpf_root *root = mp_array_at(&roots, i - 1, &index);
		struct mpf_text path = root->path;

		*root = (struct mpf_root) { .held = from->held,
					    .tid = from->tid };
		__builtin_memcpy(root->name, from->name,
				 sizeof(root->name) - 1);
		root->path = text_of(from->path,
				     length(from->path, MP_VERDICTS_PATH - 1),
				     path, may_wait);
	}
}

/* After the roots; how many elements that took. */
static uint64_t write_rules(const struct mp_verdicts_rules *rules, uint64_t n,
			    bool may_wait)
{
	uint32_t bytes = atomic_load(&rules->bytes);
	uint64_t index;
	struct mpf_root *root = mp_array_at(&roots, n, &index);
	struct mpf_text text;

	if (!bytes || bytes > MP_VERDICTS_RULES || !root)
		return 0;
	text = text_of(rules->text, bytes, root->path, may_wait);
	if (!text.offset)
		return 0;
	*root = (struct mpf_root) { .held = MPF_HELD_RULES, .path = text };
	__builtin_memcpy(root->name, rules->source, sizeof(root->name) - 1);
	return 1;
}

static void write_leaks(const struct mp_verdicts *verdicts)
{
	for (uint32_t i = 1; i <= verdicts->leak_count; i++) {
		uint64_t index, root = 0;
		struct mpf_leak *leak = mp_array_at(&leaks, i - 1, &index);

		*leak = verdicts->leaks[i];
		if (leak->root && !mp_array_at(&roots, leak->root - 1ul, &root))
			root = 0;
		leak->root = (uint32_t)root;
	}
	mp_array_clear(&leaks, verdicts->leak_count);
}

static bool write_verdicts(const struct mp_verdicts *verdicts, bool may_wait)
{
	struct mpf_header *header = mp_file.header;
	uint32_t root_count =
		verdicts->root_count ? verdicts->root_count - 1 : 0;
	uint64_t used = root_count;

	if (verdicts->leak_count >= MP_VERDICTS_LEAKS ||
	    root_count >= MP_VERDICTS_ROOTS)
		return false;
	if (!mp_array_reserve(&leaks, verdicts->leak_count, may_wait) ||
	    !mp_array_reserve(&roots, root_count + MP_VERDICTS_TEXTS, may_wait))
		return false;
	__atomic_fetch_add(&header->leak_sequence, 1, __ATOMIC_SEQ_CST);
	if (root_count)
		write_roots(verdicts, may_wait);
	for (uint32_t i = 0; i < MP_VERDICTS_TEXTS; i++)
		used += write_rules(&verdicts->rules[i], used, may_wait);
	mp_array_clear(&roots, used);
	write_leaks(verdicts);
	return true;
}

static void describe_stop(struct mpf_header *header, const struct mp_stop *stop)
{
	uint32_t unseen = 0, threads = 1;

	for (uint32_t i = 0; i < stop->count; i++) {
		threads += stop->threads[i].tid != 0;
		unseen += stop->threads[i].tid && !stop->threads[i].is_seen;
	}
	header->leak_method = unseen || !stop->is_complete ? MPF_LEAK_UNSEEN
			      : threads > 1		   ? MPF_LEAK_STOPPED
							   : MPF_LEAK_ALONE;
	header->leak_threads = threads;
	header->leak_unseen = unseen;
	header->leak_stopped_ns = stop->stopped_ns;
}

void mp_publish_failure(enum mpf_leak_failure failure, int err,
			uint64_t began_ns)
{
	struct mpf_header *header = mp_file.header;

	header->leak_failure = failure;
	header->leak_errno = err;
	header->leak_at_ns = began_ns;
	header->leak_ns = mp_sys_clock_ns(CLOCK_MONOTONIC) - began_ns;
}

bool mp_publish(const struct mp_verdicts *verdicts, const struct mp_stop *stop,
		uint64_t began_ns, bool may_wait)
{
	struct mpf_header *header = mp_file.header;
	uint32_t failure = verdicts->failure;

	if (!failure && !write_verdicts(verdicts, may_wait))
		failure = MPF_LEAK_NO_SPACE;
	mp_publish_failure(failure, verdicts->err, began_ns);
	if (failure)
		return false;
	describe_stop(header, stop);
	header->leak_scanned_bytes = verdicts->scanned_bytes;
	header->leak_blocks = verdicts->blocks;
	header->mode |= MPF_MODE_LEAK_CHECKED;
	__atomic_fetch_add(&header->leak_sequence, 1, __ATOMIC_SEQ_CST);
	return true;
}
