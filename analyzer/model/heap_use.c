/* SPDX-License-Identifier: MIT */
/* The memory behind the blocks when the process ended. */
#include "config.h"

#include "analyzer/model/heap_use.h"

#include <stddef.h>

#include "analyzer/model/dump.h"

#define UNKNOWN (-1)

static const char *allocator_name(uint32_t heap)
{
	switch (heap) {
	case MPF_HEAP_GLIBC:
		return "glibc";
	case MPF_HEAP_JEMALLOC:
		return "jemalloc";
	case MPF_HEAP_TCMALLOC:
		return "tcmalloc";
	case MPF_HEAP_MIMALLOC:
		return "mimalloc";
	default:
		return NULL;
	}
}

static enum heap_use_reason reason_of(uint32_t failure)
{
	switch (failure) {
	case MPF_HEAP_NO_FAILURE:
		return HEAP_USE_KNOWN;
	case MPF_HEAP_SANDBOXED:
		return HEAP_USE_SANDBOXED;
	case MPF_HEAP_UNSTEADY:
		return HEAP_USE_UNSTEADY;
	case MPF_HEAP_NO_PROC:
		return HEAP_USE_NO_PROC;
	case MPF_HEAP_NO_FORK:
		return HEAP_USE_NO_COPY;
	case MPF_HEAP_DIED:
	case MPF_HEAP_NO_TIME:
		return HEAP_USE_DIED;
	default:
		return HEAP_USE_NO_NUMBERS;
	}
}

static int64_t number(uint64_t value)
{
	return value <= DUMP_MAX_COUNT ? (int64_t)value : UNKNOWN;
}

void heap_use_init(struct heap_use *ret_use, const struct mpf_header *header)
{
	*ret_use = (struct heap_use) {
		.reason = HEAP_USE_NO_END,
		.held = UNKNOWN,
		.allocated = UNKNOWN,
		.free = UNKNOWN,
		.top = UNKNOWN,
		.mapped = UNKNOWN,
		.active = UNKNOWN,
		.resident = UNKNOWN,
		.retained = UNKNOWN,
		.metadata = UNKNOWN,
		.arenas = UNKNOWN,
		.rss = UNKNOWN,
		.recorder = UNKNOWN,
		.dump = UNKNOWN,
	};
	if (!(header->mode & MPF_MODE_HEAP))
		return;
	ret_use->reason = reason_of(header->heap_failure);
	ret_use->allocator = allocator_name(header->heap);
	ret_use->rss = number(header->heap_rss);
	ret_use->recorder = number(header->recorder_resident);
	ret_use->dump = number(header->used_bytes);
	if (ret_use->reason != HEAP_USE_KNOWN)
		return;
	ret_use->held = number(header->heap_held);
	ret_use->allocated = number(header->heap_allocated);
	ret_use->top = number(header->heap_top);
	ret_use->mapped = number(header->heap_mapped);
	ret_use->active = number(header->heap_active);
	ret_use->resident = number(header->heap_resident);
	ret_use->retained = number(header->heap_retained);
	ret_use->metadata = number(header->heap_metadata);
	ret_use->arenas = number(header->heap_arenas);
	if (ret_use->allocated < 0 || ret_use->held < 0)
		return;
	ret_use->free = ret_use->held - ret_use->allocated;
	if (ret_use->metadata > 0)
		ret_use->free -= ret_use->metadata;
	/* Not all of it is of one instant, nor is a dump to be trusted. */
	if (ret_use->free < 0)
		ret_use->free = UNKNOWN;
}
