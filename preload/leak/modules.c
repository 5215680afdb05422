/* SPDX-License-Identifier: MIT */
/* The variables of loaded modules, found by their ELF headers in memory: the
 * dynamic linker's lists may be locked. */
#include "config.h"

#include <elf.h>
#include <errno.h>

#include "preload/base/map.h"
#include "preload/leak/libc.h"
#include "preload/leak/scan.h"
#include "preload/record/starts.h"

#define PAGE_MASK (~(uint64_t)(MPF_PAGE - 1))

static void add_segment(struct mp_scan_module *module, const Elf64_Phdr *phdr)
{
	if (phdr->p_type == PT_TLS && phdr->p_memsz < UINT32_MAX)
		module->tls_bytes = phdr->p_memsz + phdr->p_align;
	if (phdr->p_type != PT_LOAD || !(phdr->p_flags & PF_W) ||
	    module->span_count == MP_SCAN_SPANS)
		return;
	module->spans[module->span_count++] = (struct mp_memory_span) {
		.start = module->bias + phdr->p_vaddr,
		.end = module->bias + phdr->p_vaddr + phdr->p_memsz,
	};
}

/* False: not the beginning of an ELF file. */
static bool read_module(struct mp_scan_module *module,
			const struct mp_memory_map *map)
{
	const Elf64_Ehdr *ehdr = (const void *)(uintptr_t)map->start;
	const Elf64_Phdr *phdrs, *first = NULL;
	uint64_t bytes = map->end - map->start;

	if (bytes < sizeof(*ehdr) ||
	    __builtin_memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0 ||
	    ehdr->e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr->e_phentsize != sizeof(*phdrs) || ehdr->e_phoff > bytes ||
	    ehdr->e_phnum > (bytes - ehdr->e_phoff) / sizeof(*phdrs) ||
	    (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN))
		return false;
	phdrs = (const void *)((const char *)ehdr + ehdr->e_phoff);
	for (unsigned i = 0; i < ehdr->e_phnum && !first; i++)
		if (phdrs[i].p_type == PT_LOAD)
			first = &phdrs[i];
	if (!first)
		return false;
	module->path = map->path;
	module->bias = map->start - (first->p_vaddr & PAGE_MASK);
	for (unsigned i = 0; i < ehdr->e_phnum; i++)
		add_segment(module, &phdrs[i]);
	return true;
}

int mp_scan_modules_read(struct mp_scan *scan)
{
	const struct mp_memory *memory = &scan->memory;

	scan->modules = mp_map_new(memory->count * sizeof(*scan->modules));
	if (!scan->modules)
		return -ENOMEM;
	for (size_t i = 0; i < memory->count; i++) {
		const struct mp_memory_map *map = &memory->maps[i];
		struct mp_scan_module *module =
			&scan->modules[scan->module_count];

		if (!map->inode || map->offset || !map->is_readable ||
		    map->is_shared || !read_module(module, map))
			continue;
		scan->tls_bytes += module->tls_bytes;
		scan->module_count++;
	}
	return 0;
}

/* A file mapped to be looked at has the headers, but its parts are not where
 * they say: only what is a writable map of the file or follows one counts. */
static bool is_loaded(const struct mp_scan *scan,
		      const struct mp_scan_module *module,
		      const struct mp_memory_span *span)
{
	const struct mp_memory_map *map =
		mp_memory_find(&scan->memory, span->start);
	const char *a, *b;

	if (!map ||
	    !mp_memory_is_readable(&scan->memory, span->start, span->end))
		return false;
	for (a = map->path, b = module->path; *a && *a == *b; a++)
		b++;
	return *a == *b;
}

static void scan_span(struct mp_scan *scan, uint64_t start, uint64_t end)
{
	struct mp_memory_span arena = { end, end };

	if (scan->is_libc)
		mp_libc_find_arena(start, end, &arena);
	mp_chase_range(&scan->chase, start, arena.start);
	mp_chase_range(&scan->chase, arena.end, end);
	mp_memory_skip(&scan->memory, start, end);
}

/* Our own variables hold addresses of blocks, those of this scan above all. */
static bool is_ours(const struct mp_memory_span *span)
{
	static char there;

	return (uintptr_t)&there - span->start < span->end - span->start;
}

/* But for arguments of threads that did not begin yet. */
static void scan_starts(struct mp_scan *scan,
			const struct mp_scan_module *module)
{
	uint32_t root = 0;

	for (size_t i = 0; i < MP_STARTS_MAX; i++) {
		const uintptr_t arg = (uintptr_t)&mp_starts[i].arg;

		if (!mp_starts[i].arg)
			continue;
		if (!root)
			root = mp_verdicts_root(scan->verdicts, MPF_HELD_MODULE,
						0, NULL, module->path);
		mp_chase_root(&scan->chase, root, module->bias);
		mp_chase_range(&scan->chase, arg, arg + sizeof(void *));
	}
}

void mp_scan_modules(struct mp_scan *scan)
{
	for (size_t i = 0; i < scan->module_count; i++) {
		const struct mp_scan_module *module = &scan->modules[i];
		uint32_t root = 0;

		for (uint32_t s = 0; s < module->span_count; s++) {
			const struct mp_memory_span *span = &module->spans[s];

			if (!is_loaded(scan, module, span))
				continue;
			if (is_ours(span)) {
				mp_memory_skip(&scan->memory, span->start,
					       span->end);
				scan_starts(scan, module);
				continue;
			}
			if (!root)
				root = mp_verdicts_root(scan->verdicts,
							MPF_HELD_MODULE, 0,
							NULL, module->path);
			mp_chase_root(&scan->chase, root, module->bias);
			scan_span(scan, span->start, span->end);
		}
	}
}
