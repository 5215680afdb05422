/* SPDX-License-Identifier: MIT */
/* Names of generated code. */
#include "config.h"

#include "analyzer/sym/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct line {
	uint64_t start, end;
	const char *name;
	uint32_t number;
};

/* Of the lines that cover an address, the last one is the top of the heap;
 * below it may be some that have ended. */
struct sweep {
	struct line *lines; /* by start, once sorted */
	size_t count, next;
	const struct line **heap;
	size_t heap_count;
	uint64_t *bounds; /* where a line starts or ends */
};

static bool read_hex(char **at, const char *end, uint64_t *ret_value)
{
	char *p = *at;
	uint64_t value = 0;
	unsigned digits = 0;

	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	for (; p < end; p++, digits++) {
		unsigned digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned)(*p - '0');
		else if ((*p | 32) >= 'a' && (*p | 32) <= 'f')
			digit = (unsigned)((*p | 32) - 'a') + 10;
		else
			break;
		if (value >> 60)
			return false;
		value = value << 4 | digit;
	}
	*at = p;
	*ret_value = value;
	return digits > 0;
}

/* "START SIZE NAME". */
static bool read_line(char *at, char *end, struct line *ret_line)
{
	uint64_t start, bytes;

	if (!read_hex(&at, end, &start) || at == end || *at++ != ' ' ||
	    !read_hex(&at, end, &bytes) || at == end || *at++ != ' ' ||
	    at == end || bytes == 0 || bytes > UINT64_MAX - start)
		return false;
	if (end - at > PERF_MAP_NAME_LIMIT)
		end = at + PERF_MAP_NAME_LIMIT;
	*end = '\0';
	ret_line->start = start;
	ret_line->end = start + bytes;
	ret_line->name = at;
	return *at != '\0';
}

static int compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static int compare_bounds(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void heap_push(struct sweep *sweep, const struct line *line)
{
	size_t i = sweep->heap_count++;

	while (i > 0 && sweep->heap[(i - 1) / 2]->number < line->number) {
		sweep->heap[i] = sweep->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	sweep->heap[i] = line;
}

static void heap_pop(struct sweep *sweep)
{
	const struct line *line = sweep->heap[--sweep->heap_count];
	const size_t count = sweep->heap_count;
	size_t i = 0, child;

	while ((child = 2 * i + 1) < count) {
		if (child + 1 < count &&
		    sweep->heap[child + 1]->number > sweep->heap[child]->number)
			child++;
		if (sweep->heap[child]->number <= line->number)
			break;
		sweep->heap[i] = sweep->heap[child];
		i = child;
	}
	sweep->heap[i] = line;
}

/* The name that covers an address; addresses come in ascending order. */
static const char *name_at(struct sweep *sweep, uint64_t address)
{
	for (; sweep->next < sweep->count &&
	       sweep->lines[sweep->next].start <= address;
	     sweep->next++)
		heap_push(sweep, &sweep->lines[sweep->next]);
	while (sweep->heap_count > 0 && sweep->heap[0]->end <= address)
		heap_pop(sweep);
	return sweep->heap_count > 0 ? sweep->heap[0]->name : NULL;
}

static int set_segments(struct perf_map *map, struct sweep *sweep)
{
	const size_t bounds = 2 * sweep->count;

	sweep->heap = calloc(sweep->count, sizeof(*sweep->heap));
	sweep->bounds = calloc(bounds, sizeof(*sweep->bounds));
	map->segments = calloc(bounds, sizeof(*map->segments));
	if (!sweep->heap || !sweep->bounds || !map->segments)
		return -1;
	qsort(sweep->lines, sweep->count, sizeof(*sweep->lines), compare_lines);
	for (size_t i = 0; i < sweep->count; i++) {
		sweep->bounds[2 * i] = sweep->lines[i].start;
		sweep->bounds[2 * i + 1] = sweep->lines[i].end;
	}
	qsort(sweep->bounds, bounds, sizeof(*sweep->bounds), compare_bounds);
	for (size_t i = 0; i < bounds; i++) {
		const char *name;

		if (i > 0 && sweep->bounds[i] == sweep->bounds[i - 1])
			continue;
		name = name_at(sweep, sweep->bounds[i]);
		if (map->count > 0 &&
		    map->segments[map->count - 1].name == name)
			continue;
		map->segments[map->count++] =
			(struct perf_map_segment) { sweep->bounds[i], name };
	}
	return 0;
}

/* A text's lines; the first one is left out. */
static int read_lines(struct sweep *sweep, char *text, size_t bytes)
{
	const char *end = text + bytes;
	size_t room = 0;

	for (char *at = text; at < end; at++)
		room += *at == '\n';
	if (room > PERF_MAP_LINES_LIMIT)
		room = PERF_MAP_LINES_LIMIT;
	sweep->lines = calloc(room + 1, sizeof(*sweep->lines));
	if (!sweep->lines)
		return -1;
	while (text < end && sweep->count < room) {
		char *stop = memchr(text, '\n', (size_t)(end - text));
		struct line *line = &sweep->lines[sweep->count];

		/* A last line without an end was cut. */
		if (!stop)
			break;
		line->number = (uint32_t)sweep->count;
		sweep->count += read_line(text, stop, line);
		text = stop + 1;
	}
	return 0;
}

int perf_map_parse(struct perf_map *ret_map, char *text, size_t bytes,
		   const char *first_line)
{
	const size_t skipped = strlen(first_line);
	struct perf_map map = { .text = text };
	struct sweep sweep = { .count = 0 };
	int ret = 0;

	*ret_map = (struct perf_map) { .count = 0 };
	if (bytes <= skipped || memcmp(text, first_line, skipped) != 0 ||
	    text[skipped] != '\n') {
		free(text);
		return 0;
	}
	ret = read_lines(&sweep, text + skipped + 1, bytes - skipped - 1);
	if (ret == 0 && sweep.count > 0)
		ret = set_segments(&map, &sweep);
	free(sweep.lines);
	free(sweep.heap);
	free(sweep.bounds);
	if (ret < 0)
		perf_map_done(&map);
	else
		*ret_map = map;
	return ret;
}

/* NULL: it cannot be read. */
static char *read_file(int fd, size_t *ret_bytes)
{
	struct stat st;
	size_t bytes, have = 0;
	char *text;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return NULL;
	bytes = (uint64_t)st.st_size > PERF_MAP_BYTES_LIMIT
			? PERF_MAP_BYTES_LIMIT
			: (size_t)st.st_size;
	text = malloc(bytes);
	while (text && have < bytes) {
		ssize_t n = read(fd, text + have, bytes - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	*ret_bytes = have;
	return text;
}

int perf_map_open(struct perf_map *ret_map, const char *path,
		  const char *first_line)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t bytes;
	char *text;

	*ret_map = (struct perf_map) { .count = 0 };
	if (fd < 0)
		return 0;
	text = read_file(fd, &bytes);
	close(fd);
	return text ? perf_map_parse(ret_map, text, bytes, first_line) : 0;
}

void perf_map_done(struct perf_map *map)
{
	free(map->text);
	free(map->segments);
	*map = (struct perf_map) { .count = 0 };
}

const char *perf_map_find(const struct perf_map *map, uint64_t address)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (map->segments[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? map->segments[low - 1].name : NULL;
}
