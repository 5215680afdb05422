/* SPDX-License-Identifier: MIT */
/*
 * heaptrack's interpreted text, version 3: tables of texts, instructions and
 * stacks, then an event for each call, made up by model/replay.h.
 *
 * Readers take a block that goes right after it came, by its number in the
 * table of sizes, for temporary. A size is therefore in that table twice for
 * each stack: blocks come by the first of the two, and those that were not
 * temporary go by the second.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/replay.h"
#include "analyzer/view/export/exporter.h"

#define HEAPTRACK_VERSION 0x10400
#define FORMAT_VERSION	  3
#define NS_PER_MS	  1000000
#define CALLS_MAX	  (INT64_C(1) << 31) /* about 40 GB of text */
#define LINE_BYTES	  32		     /* at most, of a call */
#define PIECE_BYTES	  32768 /* of calls that are all the same */

/* What an entry of the catalog is here. */
struct course {
	struct replay replay;
	uint32_t trace;
};

struct writer {
	FILE *file;
	struct catalog *catalog;
	struct intmap texts;  /* by pointer: number */
	struct intmap traces; /* by parent and instruction: number */
	uint32_t text_count;
	uint32_t trace_count;
	uint64_t size_count;
	struct course *courses;
};

/* ---- tables ---- */

/* The number of a text, which is written when it is new; 0: none. UINT32_MAX:
 * memory is out. */
static uint32_t put_text(struct writer *writer, const char *text)
{
	uint32_t *number;
	char *clean;

	if (!text || *text == '\0')
		return 0;
	number = intmap_at(&writer->texts, (uintptr_t)text, 0);
	if (!number)
		return UINT32_MAX;
	if (*number != 0)
		return *number;
	clean = export_clean(text);
	if (!clean)
		return UINT32_MAX;
	fprintf(writer->file, "s %zx %s\n", strlen(clean), clean);
	free(clean);
	*number = ++writer->text_count;
	return *number;
}

/* Instructions have the numbers of the catalog's frames, from 1 on. */
static int put_instruction(struct writer *writer, size_t number)
{
	const struct catalog *catalog = writer->catalog;
	const struct catalog_frame *frame = &catalog->frames[number];
	const struct catalog_call *calls = &catalog->calls[frame->first];
	uint32_t module = 0;

	if (frame->is_python)
		module = put_text(writer, EXPORT_PYTHON);
	else if (frame->module != CATALOG_NONE)
		module =
			put_text(writer, catalog->modules[frame->module]->path);
	for (uint32_t i = 0; i < frame->count; i++) {
		const struct catalog_function *function =
			&catalog->functions[calls[i].function];

		if (put_text(writer, function->name) == UINT32_MAX ||
		    put_text(writer, function->file) == UINT32_MAX)
			return DUMP_MEMORY;
	}
	if (module == UINT32_MAX)
		return DUMP_MEMORY;
	fprintf(writer->file, "i %" PRIx64 " %" PRIx32, frame->address, module);
	for (uint32_t i = 0; i < frame->count; i++) {
		const struct catalog_function *function =
			&catalog->functions[calls[i].function];

		fprintf(writer->file, " %" PRIx32,
			put_text(writer, function->name));
		if (function->file)
			fprintf(writer->file, " %" PRIx32 " %" PRIx32,
				put_text(writer, function->file),
				calls[i].line);
		else if (i + 1 < frame->count)
			fputs(" 0 0", writer->file);
	}
	fputc('\n', writer->file);
	return 0;
}

static int put_trace(struct writer *writer, const struct catalog_entry *entry,
		     uint32_t *ret_trace)
{
	uint32_t parent = 0;

	if (catalog_read(writer->catalog, entry) < 0)
		return DUMP_MEMORY;
	for (size_t i = writer->catalog->stack_count; i-- > 0;) {
		uint32_t frame = writer->catalog->stack[i];
		uint32_t *trace = intmap_at(&writer->traces,
					    (uint64_t)parent << 32 | frame, 0);

		if (!trace)
			return DUMP_MEMORY;
		if (*trace == 0) {
			*trace = ++writer->trace_count;
			fprintf(writer->file, "t %" PRIx32 " %" PRIx32 "\n",
				frame + 1, parent);
		}
		parent = *trace;
	}
	*ret_trace = parent;
	return 0;
}

/* ---- events ---- */

/* A size of a stack, and the first of its two numbers. */
static uint64_t put_size(struct writer *writer, int64_t size, uint32_t trace)
{
	for (int i = 0; i < 2; i++)
		fprintf(writer->file, "a %" PRIx64 " %" PRIx32 "\n",
			(uint64_t)size, trace);
	writer->size_count += 2;
	return writer->size_count - 2;
}

/* What is done with the blocks of a part. */
enum act {
	ACT_COME,
	ACT_GO,
	ACT_PASS,    /* come and go */
	ACT_PASS_BY, /* come and go, as temporary ones */
};

static void put_blocks(struct writer *writer, enum act act, int64_t count,
		       int64_t size, uint32_t trace)
{
	char piece[PIECE_BYTES], *end = piece;
	size_t call_bytes, bytes;
	uint64_t number;

	if (count <= 0)
		return;
	number = put_size(writer, size, trace);
	if (act != ACT_GO)
		end += snprintf(end, LINE_BYTES, "+ %" PRIx64 "\n", number);
	if (act != ACT_COME)
		end += snprintf(end, LINE_BYTES, "- %" PRIx64 "\n",
				number + (act == ACT_PASS_BY ? 0 : 1));
	/* Calls come by the million, and all are the same here. */
	call_bytes = bytes = (size_t)(end - piece);
	while (2 * bytes <= sizeof(piece) &&
	       bytes < call_bytes * (uint64_t)count) {
		memcpy(piece + bytes, piece, bytes);
		bytes *= 2;
	}
	for (uint64_t left = call_bytes * (uint64_t)count; left > 0;) {
		size_t part = bytes < left ? bytes : (size_t)left;

		fwrite(piece, 1, part, writer->file);
		left -= part;
	}
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The blocks of a part, all or (skip) without the last, a small one. */
static void put_part(struct writer *writer, enum act act,
		     const struct replay_part *part, uint32_t trace,
		     int64_t skip)
{
	int64_t size, larger = replay_larger(part, &size);

	put_blocks(writer, act, larger, size + 1, trace);
	put_blocks(writer, act, part->blocks - larger - skip, size, trace);
}

static void put_passing(struct writer *writer, const struct course *course)
{
	const struct replay_part *part = &course->replay.passing;
	int64_t size, larger = replay_larger(part, &size);
	int64_t by = lesser(course->replay.temporary, larger);
	int64_t small_by = course->replay.temporary - by;

	put_blocks(writer, ACT_PASS_BY, by, size + 1, course->trace);
	put_blocks(writer, ACT_PASS, larger - by, size + 1, course->trace);
	put_blocks(writer, ACT_PASS_BY, small_by, size, course->trace);
	put_blocks(writer, ACT_PASS, part->blocks - larger - small_by, size,
		   course->trace);
}

/* The peak, and down from it: a temporary block comes last and goes first. */
static void put_peak(struct writer *writer, uint64_t peak_ms)
{
	size_t count = writer->catalog->entry_count, last = count;

	for (size_t i = 0; i < count; i++)
		if (writer->courses[i].replay.peak_temporary > 0)
			last = i;
	for (size_t i = 0; i < count; i++) {
		const struct course *course = &writer->courses[i];

		put_part(writer, ACT_COME, &course->replay.lasting,
			 course->trace, 0);
		put_part(writer, ACT_COME, &course->replay.peak_only,
			 course->trace, i == last);
	}
	fprintf(writer->file, "c %" PRIx64 "\n", peak_ms);
	if (last < count) {
		const struct course *course = &writer->courses[last];
		int64_t size;

		replay_larger(&course->replay.peak_only, &size);
		put_blocks(writer, ACT_PASS_BY, 1, size, course->trace);
	}
	for (size_t i = 0; i < count; i++)
		put_part(writer, ACT_GO, &writer->courses[i].replay.peak_only,
			 writer->courses[i].trace, i == last);
}

static void put_events(struct writer *writer)
{
	const struct summary *summary = &writer->catalog->analysis->summary;
	uint64_t peak_ms = summary->has_peak_time ? summary->peak_ns : 0;
	uint64_t end_ms = summary->has_duration ? summary->duration_ns : 0;

	peak_ms /= NS_PER_MS;
	end_ms /= NS_PER_MS;
	fputs("c 0\n", writer->file);
	for (size_t i = 0; i < writer->catalog->entry_count; i++)
		put_passing(writer, &writer->courses[i]);
	put_peak(writer, peak_ms);
	for (size_t i = 0; i < writer->catalog->entry_count; i++)
		put_part(writer, ACT_COME, &writer->courses[i].replay.end_only,
			 writer->courses[i].trace, 0);
	fprintf(writer->file, "c %" PRIx64 "\n",
		end_ms > peak_ms ? end_ms : peak_ms);
}

/* ---- all of it ---- */

static int plan(struct writer *writer)
{
	const struct catalog *catalog = writer->catalog;

	if (catalog->analysis->sites.errors)
		return EXPORT_NO_ESTIMATES;
	if (catalog->sum.of[METRIC_ALLOCATIONS] > CALLS_MAX)
		return EXPORT_TOO_MANY;
	writer->courses =
		calloc(catalog->entry_count + 1, sizeof(*writer->courses));
	if (!writer->courses)
		return DUMP_MEMORY;
	for (size_t i = 0; i < catalog->entry_count; i++)
		if (replay_plan(&writer->courses[i].replay,
				&catalog->entries[i].counts) < 0)
			return EXPORT_NO_COURSE;
	return 0;
}

static int put_all(struct writer *writer)
{
	struct catalog *catalog = writer->catalog;
	int ret = plan(writer);

	if (ret < 0)
		return ret;
	fprintf(writer->file, "v %x %x\nX ", HEAPTRACK_VERSION, FORMAT_VERSION);
	export_command(writer->file, &catalog->analysis->summary, "");
	fputs("\nI 1000 0\n", writer->file);
	for (size_t i = 0; i < catalog->frame_count && ret == 0; i++)
		ret = put_instruction(writer, i);
	for (size_t i = 0; i < catalog->entry_count && ret == 0; i++)
		ret = put_trace(writer, &catalog->entries[i],
				&writer->courses[i].trace);
	if (ret == 0)
		put_events(writer);
	return ret;
}

static int heaptrack_write(FILE *file, struct catalog *catalog,
			   const struct export_options *options)
{
	struct writer writer = { .file = file, .catalog = catalog };
	int ret = put_all(&writer);

	(void)options;
	intmap_clear(&writer.texts);
	intmap_clear(&writer.traces);
	free(writer.courses);
	return ret;
}

const struct exporter export_heaptrack = {
	.name = "heaptrack",
	.has_zeros = true,
	.write = heaptrack_write,
};
