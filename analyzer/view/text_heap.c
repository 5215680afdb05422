/* SPDX-License-Identifier: MIT */
/* The memory behind the blocks at the end, as text and as JSON. */
#include "config.h"

#include "analyzer/view/text_heap.h"

#include "analyzer/view/text.h"

#define LABEL_COLUMNS 18

static const char *const reasons[] = {
	[HEAP_USE_KNOWN] = "",
	[HEAP_USE_NO_END] = "the process was not seen to end by itself",
	[HEAP_USE_NO_NUMBERS] = "the allocator gives no numbers that are known",
	[HEAP_USE_SANDBOXED] = "the program put itself in a sandbox",
	[HEAP_USE_UNSTEADY] = "the allocator's lists make no sense",
	[HEAP_USE_NO_PROC] = "/proc/self/mem could not be read",
	[HEAP_USE_NO_COPY] = "the kernel made no copy of the process",
	[HEAP_USE_DIED] = "the allocator gave no answer",
};

/* A size with what it is; none when it is unknown. */
static bool put(struct term *term, const char *label, int64_t bytes,
		const char *note)
{
	if (bytes < 0)
		return false;
	fprintf(term->file, "  %-*s", LABEL_COLUMNS, label);
	text_size_cell(term, bytes, false);
	if (*note)
		fprintf(term->file, "  %s%s%s", term_style(term, TERM_DIM),
			note, term_style(term, TERM_PLAIN));
	putc('\n', term->file);
	return true;
}

static void put_part(struct term *term, const char *before, int64_t bytes,
		     const char *behind)
{
	char buf[UNITS_TEXT_BYTES];

	if (bytes >= 0)
		fprintf(term->file, "%s%s%s", before,
			text_size(buf, term, bytes), behind);
}

static void put_reason(struct term *term, const struct summary *summary)
{
	enum heap_use_reason reason = summary->heap_use.reason;

	fprintf(term->file, "  %-*snot known: %s\n", LABEL_COLUMNS, "the heap",
		reason == HEAP_USE_NO_END && summary->state == SUMMARY_RUNNING
			? "the allocator is asked when the process ends"
			: reasons[reason]);
}

void text_heap_print(struct term *term, const struct analysis *analysis)
{
	const struct heap_use *use = &analysis->summary.heap_use;
	char label[64];

	text_heading(term, "Memory at the end");
	if (use->reason != HEAP_USE_KNOWN)
		put_reason(term, &analysis->summary);
	if (use->reason == HEAP_USE_NO_END)
		return;
	put(term, "live blocks", analysis->sites.totals.of[METRIC_LIVE_BYTES],
	    "as requested");
	if (use->allocator && use->reason == HEAP_USE_KNOWN) {
		snprintf(label, sizeof(label), "%s's blocks", use->allocator);
		put(term, label, use->allocated,
		    "with its rounding and what its caches keep");
		put(term, "held but free", use->free, "");
		put(term, "held", use->held, "from the system");
	}
	put(term, "  own mappings", use->mapped, "of large blocks");
	put(term, "  free at its end", use->top, "of the heap");
	put(term, "  active pages", use->active, "that hold blocks");
	put(term, "  its own data", use->metadata, "");
	put(term, "retained", use->retained, "addresses without memory");
	if (use->arenas >= 0)
		fprintf(term->file, "  %-*s%*lld\n", LABEL_COLUMNS, "arenas",
			text_size_columns(term) + 1, (long long)use->arenas);
	put(term, "resident", use->rss, "the whole process, with");
	put(term, "  recorder", use->recorder, "its private memory");
	put(term, "  dump", use->dump, "the file, in which it works");
}

void text_heap_brief(struct term *term, const struct analysis *analysis,
		     int label_columns)
{
	const struct heap_use *use = &analysis->summary.heap_use;

	if (use->reason == HEAP_USE_NO_END)
		return;
	if (use->held >= 0) {
		fprintf(term->file, "  %-*s", label_columns, "allocator");
		put_part(term, "held ", use->held, "");
		fprintf(term->file, " (%s)", use->allocator);
		put_part(term, ": ", use->allocated, " in blocks");
		put_part(term, ", ", use->free, " free");
		putc('\n', term->file);
	}
	if (use->rss >= 0) {
		fprintf(term->file, "  %-*s", label_columns, "resident");
		put_part(term, "", use->rss, " at the end");
		put_part(term, ", ", use->recorder, " of it the recorder's");
		putc('\n', term->file);
	}
}

static void put_number(struct json *json, const char *key, int64_t number)
{
	if (number < 0)
		json_null(json, key);
	else
		json_number(json, key, number);
}

void json_heap_put(struct json *json, const char *key,
		   const struct analysis *analysis)
{
	static const char *const words[] = {
		[HEAP_USE_KNOWN] = NULL,
		[HEAP_USE_NO_END] = "no end",
		[HEAP_USE_NO_NUMBERS] = "no numbers",
		[HEAP_USE_SANDBOXED] = "sandboxed",
		[HEAP_USE_UNSTEADY] = "unsteady",
		[HEAP_USE_NO_PROC] = "no proc",
		[HEAP_USE_NO_COPY] = "no copy",
		[HEAP_USE_DIED] = "died",
	};
	const struct heap_use *use = &analysis->summary.heap_use;

	json_begin_object(json, key);
	json_text(json, "unknown", words[use->reason]);
	json_text(json, "allocator", use->allocator);
	put_number(json, "held_bytes", use->held);
	put_number(json, "allocated_bytes", use->allocated);
	put_number(json, "free_bytes", use->free);
	put_number(json, "top_bytes", use->top);
	put_number(json, "mapped_bytes", use->mapped);
	put_number(json, "active_bytes", use->active);
	put_number(json, "resident_bytes", use->resident);
	put_number(json, "retained_bytes", use->retained);
	put_number(json, "metadata_bytes", use->metadata);
	put_number(json, "arenas", use->arenas);
	put_number(json, "rss_bytes", use->rss);
	put_number(json, "recorder_bytes", use->recorder);
	put_number(json, "dump_bytes", use->dump);
	json_end(json);
}
