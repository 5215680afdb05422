/* SPDX-License-Identifier: MIT */
/* What the allocator behind us says of its memory. */
#include "config.h"

#include "preload/shim/usage.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>

#include "preload/base/map.h"
#include "preload/base/sandbox.h"
#include "preload/base/sys.h"
#include "preload/leak/copy.h"
#include "preload/leak/glibc.h"
#include "preload/record/file.h"
#include "preload/record/timeline.h"
#include "preload/shim/next.h"

#define LIMIT_NS UINT64_C(1000000000) /* then the copy is given up */

/* How each is asked: jemalloc(3); tcmalloc's and mimalloc's headers. */
static struct {
	uint32_t heap; /* enum mpf_heap */
	union {
		void *any;
		int (*mallctl)(const char *, void *, size_t *, void *, size_t);
		int (*get)(const char *, size_t *);
		void (*info)(size_t *, size_t *, size_t *, size_t *, size_t *,
			     size_t *, size_t *, size_t *);
	} ask;
	uint64_t start, end; /* glibc's variables */
} behind;

/* What a copy answers. */
struct numbers {
	uint64_t held, allocated, active, resident, retained, metadata;
	uint64_t arenas;
};

/* The writable segment of an object; none: 0. */
static void find_variables(const void *base)
{
	const ElfW(Ehdr) *elf = base;
	const ElfW(Phdr) *part =
		(const void *)((const uint8_t *)base + elf->e_phoff);

	for (unsigned i = 0; i < elf->e_phnum; i++, part++)
		if (part->p_type == PT_LOAD && part->p_flags & PF_W) {
			behind.start =
				(uint64_t)(uintptr_t)base + part->p_vaddr;
			behind.end = behind.start + part->p_memsz;
		}
}

void mp_usage_init(void)
{
	static const struct {
		const char *name;
		uint32_t heap;
	} entries[] = {
		{ "mallctl", MPF_HEAP_JEMALLOC },
		{ "MallocExtension_GetNumericProperty", MPF_HEAP_TCMALLOC },
		{ "mi_process_info", MPF_HEAP_MIMALLOC },
	};
	const struct link_map *serves =
		mp_next_object((void *)(uintptr_t)mp_next.malloc);

	/* A look-up that fails allocates, which a sanitizer that is only
	 * beginning does not survive; its malloc is none of these. */
	if (mp_next.is_bypassed || mp_next_lsan.register_root_region || !serves)
		return;
	if (mp_next.is_libc) {
		behind.heap = MPF_HEAP_GLIBC;
		find_variables((const void *)serves->l_addr);
		return;
	}
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		void *ask = dlsym(RTLD_NEXT, entries[i].name);

		if (ask && mp_next_object(ask) == serves) {
			behind.heap = entries[i].heap;
			behind.ask.any = ask;
			return;
		}
	}
}

static uint64_t mallctl_number(const char *name)
{
	size_t value = 0, bytes = sizeof(value);

	return behind.ask.mallctl(name, &value, &bytes, NULL, 0) == 0 &&
			       bytes == sizeof(value)
		       ? value
		       : MPF_UNKNOWN;
}

static void ask_jemalloc(void *ret)
{
	struct numbers *numbers = ret;
	uint64_t epoch = 1;
	unsigned arenas = 0;
	size_t bytes = sizeof(arenas);

	/* The others are as of this. */
	behind.ask.mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
	numbers->allocated = mallctl_number("stats.allocated");
	numbers->active = mallctl_number("stats.active");
	/* What is retained is no memory, what is resident all there is. */
	numbers->held = mallctl_number("stats.resident");
	numbers->resident = numbers->held;
	numbers->retained = mallctl_number("stats.retained");
	numbers->metadata = mallctl_number("stats.metadata");
	numbers->arenas = MPF_UNKNOWN;
	if (behind.ask.mallctl("arenas.narenas", &arenas, &bytes, NULL, 0) == 0)
		numbers->arenas = arenas;
}

static uint64_t tcmalloc_number(const char *name)
{
	size_t value = 0;

	return behind.ask.get(name, &value) ? value : MPF_UNKNOWN;
}

static void ask_tcmalloc(void *ret)
{
	struct numbers *numbers = ret;

	numbers->held = tcmalloc_number("generic.heap_size");
	numbers->allocated = tcmalloc_number("generic.current_allocated_bytes");
	numbers->retained = tcmalloc_number("tcmalloc.pageheap_unmapped_bytes");
	if (numbers->held != MPF_UNKNOWN && numbers->retained <= numbers->held)
		numbers->held -= numbers->retained;
	numbers->active = numbers->resident = MPF_UNKNOWN;
	numbers->metadata = numbers->arenas = MPF_UNKNOWN;
}

static void ask_mimalloc(void *ret)
{
	struct numbers *numbers = ret;
	size_t unused[7] = { 0 }, held = 0;

	behind.ask.info(&unused[0], &unused[1], &unused[2], &unused[3],
			&unused[4], &held, &unused[5], &unused[6]);
	*numbers = (struct numbers) {
		.held = held,
		.allocated = MPF_UNKNOWN,
		.active = MPF_UNKNOWN,
		.resident = MPF_UNKNOWN,
		.retained = MPF_UNKNOWN,
		.metadata = MPF_UNKNOWN,
		.arenas = MPF_UNKNOWN,
	};
}

static uint32_t note_glibc(struct mpf_header *header)
{
	static const uint32_t failures[] = {
		[MP_GLIBC_DONE] = MPF_HEAP_NO_FAILURE,
		[MP_GLIBC_UNKNOWN] = MPF_HEAP_UNKNOWN,
		[MP_GLIBC_NO_PROC] = MPF_HEAP_NO_PROC,
		[MP_GLIBC_UNSTEADY] = MPF_HEAP_UNSTEADY,
	};
	struct mp_glibc glibc;
	enum mp_glibc_result result =
		mp_glibc_read(behind.start, behind.end, &glibc);

	if (result == MP_GLIBC_DONE) {
		header->heap_held = glibc.arena_bytes + glibc.mapped_bytes;
		header->heap_allocated = header->heap_held - glibc.free_bytes;
		header->heap_top = glibc.top_bytes;
		header->heap_mapped = glibc.mapped_bytes;
		header->heap_arenas = glibc.arenas;
	}
	return failures[result];
}

static uint32_t note_answer(struct mpf_header *header)
{
	static mp_copy_fn *const asks[] = {
		[MPF_HEAP_JEMALLOC] = ask_jemalloc,
		[MPF_HEAP_TCMALLOC] = ask_tcmalloc,
		[MPF_HEAP_MIMALLOC] = ask_mimalloc,
	};
	static const uint32_t failures[] = {
		[MP_COPY_DONE] = MPF_HEAP_NO_FAILURE,
		[MP_COPY_NO_FORK] = MPF_HEAP_NO_FORK,
		[MP_COPY_DIED] = MPF_HEAP_DIED,
		[MP_COPY_NO_TIME] = MPF_HEAP_NO_TIME,
	};
	struct numbers numbers;
	enum mp_copy_result result = mp_copy_ask(asks[behind.heap], &numbers,
						 sizeof(numbers), LIMIT_NS);

	if (result == MP_COPY_DONE) {
		header->heap_held = numbers.held;
		header->heap_allocated = numbers.allocated;
		header->heap_active = numbers.active;
		header->heap_resident = numbers.resident;
		header->heap_retained = numbers.retained;
		header->heap_metadata = numbers.metadata;
		header->heap_arenas = numbers.arenas;
	}
	return failures[result];
}

static void clear(struct mpf_header *header)
{
	header->heap_rss = header->heap_held = MPF_UNKNOWN;
	header->heap_allocated = header->heap_active = MPF_UNKNOWN;
	header->heap_resident = header->heap_retained = MPF_UNKNOWN;
	header->heap_metadata = header->heap_top = MPF_UNKNOWN;
	header->heap_mapped = header->heap_arenas = MPF_UNKNOWN;
	header->recorder_resident = MPF_UNKNOWN;
}

void mp_usage_note(void)
{
	struct mpf_header *header = mp_file.header;
	uint64_t rss;

	header->mode &= ~(uint32_t)MPF_MODE_HEAP;
	clear(header);
	header->heap = behind.heap;
	if (mp_sandbox_is_on) {
		header->heap_failure = MPF_HEAP_SANDBOXED;
		header->mode |= MPF_MODE_HEAP;
		return;
	}
	rss = mp_timeline_source.rss_bytes();
	if (rss)
		header->heap_rss = rss;
	/* A filter that it was started with may know only usual calls. */
	if (mp_sys6(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0) == 0)
		header->recorder_resident = mp_map_resident();
	if (behind.heap == MPF_HEAP_GLIBC)
		header->heap_failure = note_glibc(header);
	else if (behind.heap == MPF_HEAP_OTHER)
		header->heap_failure = MPF_HEAP_UNKNOWN;
	else
		header->heap_failure = note_answer(header);
	header->mode |= MPF_MODE_HEAP;
}
