/* SPDX-License-Identifier: MIT */
/* The timeline of a dump: its arrays, and whether they can be followed. */
#include "config.h"

#include "analyzer/model/dump_private.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/region.h"

/* Moments are written after their changes, so they are read before them. */
static int load_area(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	void *array = NULL;
	int ret;

	/* One of two; the recorder wrote whatever another reader may take. */
	dump->header.timeline_area &= 1;
	ret = dump_load_array(reader, MPF_SEG_MOMENTS, &array,
			      &dump->moment_count);
	dump->moments = array;
	array = NULL;
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_CHANGES, &array,
				      &dump->change_count);
	dump->changes = array;
	return ret;
}

static void forget_area(struct dump *dump)
{
	region_free(dump->moments, dump->moment_count, sizeof(*dump->moments));
	region_free(dump->changes, dump->change_count, sizeof(*dump->changes));
	dump->moments = NULL;
	dump->changes = NULL;
	dump->moment_count = dump->change_count = 0;
}

static int read_sequence(struct dump_reader *reader, uint64_t *ret_sequence)
{
	return dump_read(reader, ret_sequence, sizeof(*ret_sequence),
			 offsetof(struct mpf_header, thin_sequence));
}

/*
 * The area of a process that goes on. It is whole unless a thinning has begun
 * to overwrite it, for which another one had to end first. Thinnings double
 * their distance in time, so a second try is rare.
 */
static int load_changing_area(struct dump_reader *reader)
{
	struct mpf_header *header = &reader->dump->header;
	uint64_t before, after;
	int ret;

	for (unsigned tries = 0; tries < DUMP_MAX_TRIES; tries++) {
		ret = read_sequence(reader, &before);
		if (ret == 0)
			ret = dump_read(
				reader, &header->timeline_area,
				sizeof(header->timeline_area),
				offsetof(struct mpf_header, timeline_area));
		if (ret == 0)
			ret = load_area(reader);
		if (ret == 0)
			ret = read_sequence(reader, &after);
		if (ret < 0 || after - before <= 2 - before % 2)
			return ret;
		forget_area(reader->dump);
	}
	return dump_drop(reader, "sequence of the timeline",
			 offsetof(struct mpf_header, thin_sequence), NULL);
}

int dump_load_timeline(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	void *array = NULL;
	int ret;

	ret = dump_check_chains(reader);
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_POINTS, &array,
				      &dump->point_count);
	dump->points = array;
	if (ret == 0)
		ret = dump->is_changing ? load_changing_area(reader)
					: load_area(reader);
	return ret;
}

static bool are_counts(uint64_t allocs, uint64_t alloc_bytes, uint64_t frees,
		       uint64_t free_bytes)
{
	return allocs <= DUMP_MAX_COUNT && alloc_bytes <= DUMP_MAX_COUNT &&
	       frees <= DUMP_MAX_COUNT && free_bytes <= DUMP_MAX_COUNT;
}

/* May be an instant of the recording, which nobody can tell the length of. */
static bool is_time(const struct dump *dump, uint64_t ns)
{
	return ns >= dump->header.start_ns &&
	       ns - dump->header.start_ns <= DUMP_MAX_COUNT;
}

static const char *point_fault(const struct dump *dump,
			       const struct mpf_point *point)
{
	if (!is_time(dump, point->ns))
		return "time of a point";
	if (point->rss_bytes > DUMP_MAX_COUNT ||
	    !are_counts(point->allocs, point->alloc_bytes, point->frees,
			point->free_bytes))
		return "value of a point";
	return NULL;
}

static int check_points(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;

	for (size_t i = 0; i < dump->point_count; i++) {
		struct mpf_point *point = &dump->points[i];
		const char *fault;

		fault = point->ns ? point_fault(dump, point) : NULL;
		if (fault) {
			int ret = dump_drop_element(reader, fault,
						    MPF_SEG_POINTS, i);

			if (ret < 0)
				return ret;
			point->ns = 0;
		}
	}
	return 0;
}

static const char *moment_fault(const struct dump *dump,
				const struct mpf_moment *moment,
				uint64_t last_ns, uint64_t first_change)
{
	const struct mpf_overflow *lost = &moment->overflow;

	if (!is_time(dump, moment->ns) || moment->ns < last_ns)
		return "time of a moment";
	if (moment->kind < MPF_MOMENT_MARK || moment->kind > MPF_MOMENT_LAST)
		return "kind of a moment";
	if (moment->name.bytes >= MPF_MOMENT_NAME_BYTES ||
	    !dump_is_text_valid(dump, moment->name))
		return "name of a moment";
	if (moment->first_change < first_change ||
	    moment->first_change > dump->change_count ||
	    moment->change_count > dump->change_count - moment->first_change)
		return "changes of a moment";
	if (moment->rss_bytes > DUMP_MAX_COUNT ||
	    moment->peak_bytes > DUMP_MAX_COUNT ||
	    !are_counts(moment->allocs, moment->alloc_bytes, moment->frees,
			moment->free_bytes) ||
	    !are_counts(lost->allocs, lost->alloc_bytes, lost->frees,
			lost->free_bytes))
		return "value of a moment";
	return NULL;
}

/* Its changes lie in a segment that is younger than our look at used_bytes. */
static bool is_too_young(const struct dump *dump,
			 const struct mpf_moment *moment)
{
	return dump->is_changing &&
	       (uint64_t)moment->first_change + moment->change_count >
		       dump->change_count;
}

/* In order, so that following all their changes takes one pass. */
static int check_moments(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	uint64_t last_ns = 0, first_change = 0;

	for (size_t i = 0; i < dump->moment_count; i++) {
		struct mpf_moment *moment = &dump->moments[i];
		const char *fault;

		if (moment->ns == 0) { /* unused, or being written */
			memset(moment, 0, sizeof(*moment));
			continue;
		}
		if (is_too_young(dump, moment)) {
			memset(moment, 0,
			       (dump->moment_count - i) * sizeof(*moment));
			break;
		}
		fault = moment_fault(dump, moment, last_ns, first_change);
		if (fault) {
			int ret = dump_drop_element(reader, fault,
						    MPF_SEG_MOMENTS, i);

			if (ret < 0)
				return ret;
			memset(moment, 0, sizeof(*moment));
			continue;
		}
		last_ns = moment->ns;
		first_change =
			(uint64_t)moment->first_change + moment->change_count;
	}
	return 0;
}

/* The slot that lies at a place of the file, + 1; 0: none in use does. */
static uint32_t slot_of_line(const struct dump *dump,
			     const struct dump_run *const *runs, uint32_t line)
{
	const uint64_t offset = (uint64_t)line * sizeof(struct mpf_slot);
	size_t low = 0, high = dump->run_count, slot;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (runs[middle]->offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return 0;
	slot = (offset - runs[low - 1]->offset) / sizeof(struct mpf_slot);
	if (slot >= runs[low - 1]->count)
		return 0;
	slot += runs[low - 1]->first;
	return dump->slots[slot].class_node ? (uint32_t)slot + 1 : 0;
}

static int compare_runs(const void *left, const void *right)
{
	const struct dump_run *const *a = left, *const *b = right;

	return (*a)->offset < (*b)->offset ? -1 : (*a)->offset > (*b)->offset;
}

static bool is_change(const struct mpf_change *change)
{
	return are_counts(change->allocs, change->alloc_bytes, change->frees,
			  change->free_bytes) &&
	       change->temporary <= DUMP_MAX_COUNT &&
	       llabs(change->peak_blocks / 2) <= DUMP_MAX_COUNT / 2 &&
	       llabs(change->peak_bytes / 2) <= DUMP_MAX_COUNT / 2;
}

/* Those that moments have; what is behind them is being written. */
static int check_changes(struct dump_reader *reader,
			 const struct dump_run *const *runs)
{
	struct dump *dump = reader->dump;
	size_t end = 0;

	for (size_t i = dump->moment_count; i-- > 0 && end == 0;)
		end = (size_t)dump->moments[i].first_change +
		      dump->moments[i].change_count;
	for (size_t i = 0; i < end; i++) {
		struct mpf_change *change = &dump->changes[i];
		uint32_t slot;
		int ret = 0;

		if (change->line == 0)
			continue;
		slot = slot_of_line(dump, runs, change->line);
		if (!is_change(change))
			ret = dump_drop_element(reader, "value of a change",
						MPF_SEG_CHANGES, i);
		/* A process that goes on has slots that we did not read. */
		else if (slot == 0 && !dump->is_changing)
			ret = dump_drop_element(reader, "slot of a change",
						MPF_SEG_CHANGES, i);
		if (ret < 0)
			return ret;
		change->line = is_change(change) ? slot : 0;
	}
	return 0;
}

int dump_check_timeline(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	const struct dump_run **runs;
	int ret;

	runs = calloc(dump->run_count + 1, sizeof(*runs));
	if (!runs)
		return dump_fail(reader, DUMP_MEMORY, NULL, 0);
	for (size_t i = 0; i < dump->run_count; i++)
		runs[i] = &dump->runs[i];
	qsort(runs, dump->run_count, sizeof(*runs), compare_runs);
	ret = check_points(reader);
	if (ret == 0)
		ret = check_moments(reader);
	if (ret == 0)
		ret = check_changes(reader, runs);
	free(runs);
	return ret;
}
