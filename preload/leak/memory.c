/* SPDX-License-Identifier: MIT */
/* The memory of this process as the kernel lists it. */
#include "config.h"

#include "preload/leak/memory.h"

#include <sys/uio.h>

#include "preload/base/map.h"
#include "preload/base/sys.h"
#include "preload/format/format.h"

#define TEXT_FIRST    (UINT64_C(1) << 20)
#define TEXT_MAX      (UINT64_C(1) << 30)
#define LINE_MIN      36u /* bytes of the shortest line */
#define SKIPS_FIRST   4096u
#define SMALL_BYTES   (64u << 10) /* not worth asking which pages are used */
#define PAGES_AT_ONCE 128u

/* The whole of /proc/self/maps, terminated; NULL: *ret_err. */
static char *read_maps(size_t *ret_bytes, int *ret_err)
{
	uint64_t size = TEXT_FIRST, used = 0;
	long fd = mp_sys_open("/proc/self/maps", O_RDONLY, 0), got;
	char *text;

	*ret_err = (int)fd;
	if (mp_sys_failed(fd))
		return NULL;
	text = mp_map_new(size);
	while (text) {
		char *more;

		got = mp_sys_read((int)fd, text + used, size - 1 - used);
		if (got == -EINTR)
			continue;
		if (mp_sys_failed(got) || got == 0)
			break;
		used += (uint64_t)got;
		if (used < size - 1)
			continue;
		more = size < TEXT_MAX ? mp_map_new(2 * size) : NULL;
		if (more)
			__builtin_memcpy(more, text, used);
		text = more;
		size *= 2;
	}
	mp_sys_close((int)fd);
	*ret_err = text && used ? 0 : text ? -ENOENT : -ENOMEM;
	*ret_bytes = used;
	return text && used ? text : NULL;
}

static uint64_t hex(const char **at)
{
	uint64_t value = 0;

	for (;; (*at)++) {
		if (**at >= '0' && **at <= '9')
			value = value << 4 | (uint64_t)(**at - '0');
		else if (**at >= 'a' && **at <= 'f')
			value = value << 4 | (uint64_t)(**at - 'a' + 10);
		else
			return value;
	}
}

/* "start-end rwxp offset dev:dev inode   path" */
static void parse_line(struct mp_memory_map *map, const char *at)
{
	map->start = hex(&at);
	at += *at == '-';
	map->end = hex(&at);
	at += *at == ' ';
	map->is_readable = at[0] == 'r';
	map->is_writable = at[1] == 'w';
	map->is_executable = at[2] == 'x';
	map->is_shared = at[3] == 's';
	at += 5;
	map->offset = hex(&at);
	at += *at == ' ';
	while (*at && *at != ' ')
		at++;
	while (*at == ' ')
		at++;
	for (; *at >= '0' && *at <= '9'; at++)
		map->inode = map->inode * 10 + (uint64_t)(*at - '0');
	while (*at == ' ')
		at++;
	map->path = at;
}

int mp_memory_read(struct mp_memory *memory)
{
	size_t bytes = 0;
	int err;
	char *text = read_maps(&bytes, &err), *line;

	if (!text)
		return err;
	memory->maps =
		mp_map_new((bytes / LINE_MIN + 1) * sizeof(*memory->maps));
	memory->skip_room = SKIPS_FIRST;
	memory->skips = mp_map_new(memory->skip_room * sizeof(*memory->skips));
	memory->buffer = mp_map_new(SMALL_BYTES);
	if (!memory->maps || !memory->skips || !memory->buffer)
		return -ENOMEM;
	line = text;
	for (char *at = text; at < text + bytes; at++) {
		if (*at != '\n')
			continue;
		*at = '\0';
		if (at - line >= (long)LINE_MIN - 1)
			parse_line(&memory->maps[memory->count++], line);
		line = at + 1;
	}
	memory->pagemap = (int)mp_sys_open("/proc/self/pagemap", O_RDONLY, 0);
	return 0;
}

const struct mp_memory_map *mp_memory_find(const struct mp_memory *memory,
					   uint64_t addr)
{
	size_t low = 0, high = memory->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memory->maps[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < memory->count && memory->maps[low].start <= addr
		       ? &memory->maps[low]
		       : NULL;
}

bool mp_memory_is_readable(const struct mp_memory *memory, uint64_t start,
			   uint64_t end)
{
	const struct mp_memory_map *map = mp_memory_find(memory, start);
	const struct mp_memory_map *last = memory->maps + memory->count;

	for (; map && map < last && map->start <= start; map++) {
		if (!map->is_readable)
			return false;
		if (map->end >= end)
			return true;
		start = map->end;
	}
	return false;
}

void mp_memory_skip(struct mp_memory *memory, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	if (memory->skip_count == memory->skip_room) {
		size_t bytes = memory->skip_room * sizeof(*memory->skips);
		struct mp_memory_span *more = mp_map_new(2 * bytes);

		if (!more) {
			memory->is_short = true;
			return;
		}
		__builtin_memcpy(more, memory->skips, bytes);
		mp_map_free(memory->skips, bytes);
		memory->skips = more;
		memory->skip_room *= 2;
	}
	memory->skips[memory->skip_count++] =
		(struct mp_memory_span) { start, end };
}

static void sift(struct mp_memory_span *spans, size_t root, size_t count)
{
	for (;;) {
		size_t child = 2 * root + 1;
		struct mp_memory_span other;

		if (child >= count)
			return;
		if (child + 1 < count &&
		    spans[child].start < spans[child + 1].start)
			child++;
		if (spans[root].start >= spans[child].start)
			return;
		other = spans[root];
		spans[root] = spans[child];
		spans[child] = other;
		root = child;
	}
}

void mp_memory_seal(struct mp_memory *memory)
{
	struct mp_memory_span *spans = memory->skips;
	size_t count = memory->skip_count, kept = 0;

	for (size_t i = count / 2; i-- > 0;)
		sift(spans, i, count);
	for (size_t i = count; i-- > 1;) {
		struct mp_memory_span other = spans[0];

		spans[0] = spans[i];
		spans[i] = other;
		sift(spans, 0, i);
	}
	for (size_t i = 0; i < count; i++) {
		if (kept && spans[i].start <= spans[kept - 1].end) {
			if (spans[i].end > spans[kept - 1].end)
				spans[kept - 1].end = spans[i].end;
			continue;
		}
		spans[kept++] = spans[i];
	}
	memory->skip_count = kept;
}

/* Of files: what somebody cut would raise SIGBUS, so the kernel copies. */
static void words_of_file(struct mp_memory *memory, uint64_t start,
			  uint64_t end, mp_memory_fn *fn, void *arg)
{
	while (start < end) {
		uint64_t bytes = end - start;
		struct iovec to = { memory->buffer, SMALL_BYTES };
		struct iovec from = { (void *)(uintptr_t)start, 0 };
		long got;

		from.iov_len = bytes < SMALL_BYTES ? bytes : SMALL_BYTES;
		got = mp_sys6(SYS_process_vm_readv, mp_sys_getpid(), (long)&to,
			      1, (long)&from, 1, 0);
		if (mp_sys_failed(got) || got == 0)
			return;
		fn(arg, memory->buffer, (size_t)got / sizeof(uint64_t), start);
		start += (uint64_t)got & ~(uint64_t)7;
		if (got < 8)
			return;
	}
}

/* Of memory without a file, only pages that were ever written. */
static void words_of_pages(struct mp_memory *memory, uint64_t start,
			   uint64_t end, mp_memory_fn *fn, void *arg)
{
	uint64_t pages[PAGES_AT_ONCE];

	while (start < end) {
		uint64_t first = start / MPF_PAGE, count;
		uint64_t stop = start, until;
		long got;

		count = (end + MPF_PAGE - 1) / MPF_PAGE - first;
		if (count > PAGES_AT_ONCE)
			count = PAGES_AT_ONCE;
		until = (first + count) * MPF_PAGE;
		if (until > end)
			until = end;
		got = mp_sys_pread(memory->pagemap, pages,
				   count * sizeof(pages[0]),
				   first * sizeof(pages[0]));
		if (got != (long)(count * sizeof(pages[0]))) {
			fn(arg, (const uint64_t *)(uintptr_t)start,
			   (until - start) / sizeof(uint64_t), start);
			start = until;
			continue;
		}
		for (uint64_t i = 0; i < count; i++) {
			uint64_t page_end = (first + i + 1) * MPF_PAGE;

			if (page_end > until)
				page_end = until;
			/* Bit 63: present, 62: swapped. */
			if (pages[i] >> 62) {
				stop = page_end;
				if (i + 1 < count)
					continue;
			}
			if (stop > start)
				fn(arg, (const uint64_t *)(uintptr_t)start,
				   (stop - start) / sizeof(uint64_t), start);
			start = stop = page_end;
		}
	}
}

static bool is_of_file(const struct mp_memory_map *map)
{
	return map->inode != 0;
}

void mp_memory_words(struct mp_memory *memory, uint64_t start, uint64_t end,
		     mp_memory_fn *fn, void *arg)
{
	start = (start + 7) & ~(uint64_t)7;
	end &= ~(uint64_t)7;
	if (start >= end)
		return;
	if (end - start <= SMALL_BYTES)
		fn(arg, (const uint64_t *)(uintptr_t)start,
		   (end - start) / sizeof(uint64_t), start);
	else
		words_of_pages(memory, start, end, fn, arg);
}

void mp_memory_rest(struct mp_memory *memory, const struct mp_memory_map *map,
		    mp_memory_fn *fn, void *arg)
{
	size_t low = 0, high = memory->skip_count;
	uint64_t at = map->start;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memory->skips[middle].end <= at)
			low = middle + 1;
		else
			high = middle;
	}
	while (at < map->end) {
		uint64_t end = map->end;

		if (low < memory->skip_count && memory->skips[low].start < end)
			end = memory->skips[low].start;
		if (at < end && is_of_file(map))
			words_of_file(memory, at, end, fn, arg);
		else if (at < end)
			words_of_pages(memory, at, end, fn, arg);
		if (low == memory->skip_count)
			break;
		at = memory->skips[low].end;
		low++;
	}
}
