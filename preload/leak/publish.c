/* SPDX-License-Identifier: MIT */
/* Verdicts into the dump. */
#include "config.h"

#include "preload/leak/publish.h"

#include "preload/base/sys.h"
#include "preload/record/file.h"
#include "preload/record/recorder.h"

#define PARTS	   24u /* each is as large as all before together */
#define PART_BYTES (UINT64_C(64) << 10)
#define PART_MAX   (UINT64_C(8) << 20)

/* The segments of one type, one array through all of them. */
struct array {
	uint32_t pid; /* whose dump they are in */
	uint32_t type;
	uint32_t part_count;
	struct {
		uint64_t first; /* index of the element under its header */
		uint64_t count; /* of elements, that one included */
		uint8_t *start;
	} parts[PARTS];
};

#define ELEM_BYTES 64u /* of a leak and of a root */
_Static_assert(sizeof(struct mpf_leak) == ELEM_BYTES, "leak");
_Static_assert(sizeof(struct mpf_root) == ELEM_BYTES, "root");

static struct array leaks = { .type = MPF_SEG_LEAKS };
static struct array roots = { .type = MPF_SEG_ROOTS };

/* Makes room for count elements; the first of each part is its header. */
static bool make_room(struct array *array, uint64_t count, bool may_wait)
{
	uint64_t room = 0, next = 0;

	if (array->pid != mp_file.header->pid)
		array->part_count = 0;
	array->pid = mp_file.header->pid;
	for (uint32_t i = 0; i < array->part_count; i++) {
		room += array->parts[i].count - 1;
		next = array->parts[i].first + array->parts[i].count;
	}
	while (room < count && array->part_count < PARTS) {
		uint64_t bytes = (count - room + 1) * ELEM_BYTES, offset;
		struct mpf_segment *segment;

		if (bytes < next * ELEM_BYTES)
			bytes = next * ELEM_BYTES;
		if (bytes < PART_BYTES)
			bytes = PART_BYTES;
		if (bytes > PART_MAX)
			bytes = PART_MAX;
		bytes = (bytes + MPF_PAGE - 1) & ~(uint64_t)(MPF_PAGE - 1);
		segment = mp_file_segment(array->type, 0, ELEM_BYTES, next,
					  bytes, may_wait, &offset);
		if (!segment)
			return false;
		array->parts[array->part_count].first = next;
		array->parts[array->part_count].count = bytes / ELEM_BYTES;
		array->parts[array->part_count].start = (uint8_t *)segment;
		array->part_count++;
		room += bytes / ELEM_BYTES - 1;
		next += bytes / ELEM_BYTES;
	}
	return room >= count;
}

/* The nth element that is under no header, and its index. NULL: no room. */
static void *element(const struct array *array, uint64_t n, uint64_t *ret_index)
{
	for (uint32_t i = 0; i < array->part_count; i++) {
		if (n < array->parts[i].count - 1) {
			*ret_index = array->parts[i].first + 1 + n;
			return array->parts[i].start + (n + 1) * ELEM_BYTES;
		}
		n -= array->parts[i].count - 1;
	}
	return NULL;
}

static void clear_from(const struct array *array, uint64_t n)
{
	uint64_t index;
	void *at;

	for (; (at = element(array, n, &index)); n++)
		__builtin_memset(at, 0, ELEM_BYTES);
}

static size_t length(const char *text, size_t limit)
{
	size_t len = 0;

	while (len < limit && text[len])
		len++;
	return len;
}

/* The same path again is the same text. */
static struct mpf_text text_of(const char *path, struct mpf_text old,
			       bool may_wait)
{
	size_t len = length(path, MP_VERDICTS_PATH - 1);

	if (old.bytes == len && len &&
	    __builtin_memcmp(mp_file_at(old.offset), path, len) == 0)
		return old;
	return mp_file_text(path, len, may_wait);
}

static void write_roots(const struct mp_verdicts *verdicts, bool may_wait)
{
	for (uint32_t i = 1; i < verdicts->root_count; i++) {
		const struct mp_verdicts_root *from = &verdicts->roots[i];
		uint64_t index;
		struct mpf_root *root = element(&roots, i - 1, &index);
		struct mpf_text path = root->path;

		*root = (struct mpf_root) { .held = from->held,
					    .tid = from->tid };
		__builtin_memcpy(root->name, from->name,
				 sizeof(root->name) - 1);
		root->path = text_of(from->path, path, may_wait);
	}
	clear_from(&roots, verdicts->root_count - 1);
}

static void write_leaks(const struct mp_verdicts *verdicts)
{
	for (uint32_t i = 1; i <= verdicts->leak_count; i++) {
		uint64_t index, root = 0;
		struct mpf_leak *leak = element(&leaks, i - 1, &index);

		*leak = verdicts->leaks[i];
		if (leak->root && !element(&roots, leak->root - 1ul, &root))
			root = 0;
		leak->root = (uint32_t)root;
	}
	clear_from(&leaks, verdicts->leak_count);
}

static bool write_verdicts(const struct mp_verdicts *verdicts, bool may_wait)
{
	struct mpf_header *header = mp_file.header;
	uint32_t root_count =
		verdicts->root_count ? verdicts->root_count - 1 : 0;

	if (verdicts->leak_count >= MP_VERDICTS_LEAKS ||
	    root_count >= MP_VERDICTS_ROOTS)
		return false;
	if (!make_room(&leaks, verdicts->leak_count, may_wait) ||
	    !make_room(&roots, root_count, may_wait))
		return false;
	__atomic_fetch_add(&header->leak_sequence, 1, __ATOMIC_SEQ_CST);
	if (root_count)
		write_roots(verdicts, may_wait);
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
