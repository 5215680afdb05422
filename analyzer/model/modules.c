/* SPDX-License-Identifier: MIT */
/* The code objects of a dump, and the search for the one of an address. */
#include "config.h"

#include "analyzer/model/modules.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"

/* Libraries whose malloc() or operator new is no caller worth naming. */
static const char *const allocator_names[] = {
	"libc.so",     "libc-",	       "ld-linux",    "libstdc++.so",
	"libc++.so",   "libc++abi.so", "libjemalloc", "libtcmalloc",
	"libmimalloc", "libgcc_s.so",  "libhoard",    "librpmalloc",
	"libsnmalloc",
};

static bool is_allocator(const char *path, const char *next_allocator,
			 size_t next_bytes)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t n = sizeof(allocator_names) / sizeof(allocator_names[0]);

	if (next_bytes && strlen(path) == next_bytes &&
	    memcmp(path, next_allocator, next_bytes) == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (strncmp(name, allocator_names[i],
			    strlen(allocator_names[i])) == 0)
			return true;
	return false;
}

static void fill(struct module *module, const struct dump *dump,
		 const struct mpf_module *from, char *path)
{
	size_t allocator_bytes;
	const char *allocator =
		dump_text(dump, dump->header.allocator, &allocator_bytes);

	*module = (struct module) {
		.path = path,
		.start = from->start,
		.end = from->end,
		.bias = from->bias,
		.build_id = from->build_id,
		.build_id_bytes = from->build_id_bytes,
		.file_bytes = from->file_bytes,
		.file_mtime_ns = from->file_mtime_ns,
		.is_main = from->flags & MPF_MODULE_MAIN,
		.is_vdso = from->flags & MPF_MODULE_VDSO,
		.is_loader = from->flags & MPF_MODULE_LOADER,
		.is_memprof = from->flags & MPF_MODULE_MEMPROF,
		.is_unloaded = from->end_generation != 0,
		.is_allocator = !(from->flags & MPF_MODULE_MAIN) &&
				is_allocator(path, allocator, allocator_bytes),
	};
}

static int compare_starts(const void *left, const void *right, void *arg)
{
	const struct module *modules = arg;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	if (modules[a].start != modules[b].start)
		return modules[a].start < modules[b].start ? -1 : 1;
	return a < b ? -1 : a > b;
}

static void sort_by_start(struct modules *modules)
{
	uint64_t greatest = 0;

	for (uint32_t i = 0; i < modules->count; i++)
		modules->by_start[i] = i;
	if (modules->count)
		qsort_r(modules->by_start, modules->count,
			sizeof(*modules->by_start), compare_starts,
			modules->array);
	for (size_t i = 0; i < modules->count; i++) {
		uint64_t end = modules->array[modules->by_start[i]].end;

		if (end > greatest)
			greatest = end;
		modules->greatest_end[i] = greatest;
	}
}

int modules_init(struct modules *ret_modules, const struct dump *dump)
{
	struct modules modules = { 0 };
	size_t n = dump->module_count, path_bytes = 1, bytes;
	char *path;

	for (size_t i = 0; i < n; i++)
		path_bytes += dump->modules[i].path.bytes + 1;
	modules.array = calloc(n + 1, sizeof(*modules.array));
	modules.by_start = calloc(n + 1, sizeof(*modules.by_start));
	modules.greatest_end = calloc(n + 1, sizeof(*modules.greatest_end));
	modules.generations = calloc(n + 1, sizeof(*modules.generations));
	modules.paths = path = malloc(path_bytes);
	if (!modules.array || !modules.by_start || !modules.greatest_end ||
	    !modules.generations || !modules.paths) {
		modules_done(&modules);
		return DUMP_MEMORY;
	}
	for (size_t i = 0; i < n; i++) {
		const struct mpf_module *from = &dump->modules[i];
		const char *text;
		size_t at = modules.count;

		if (from->end == 0)
			continue;
		text = dump_text(dump, from->path, &bytes);
		memcpy(path, text, bytes);
		path[bytes] = '\0';
		fill(&modules.array[at], dump, from, path);
		modules.generations[at].first = from->first_generation;
		modules.generations[at].end = from->end_generation;
		path += bytes + 1;
		modules.count++;
	}
	sort_by_start(&modules);
	*ret_modules = modules;
	return 0;
}

void modules_done(struct modules *modules)
{
	free(modules->array);
	free(modules->by_start);
	free(modules->greatest_end);
	free(modules->generations);
	free(modules->paths);
	*modules = (struct modules) { 0 };
}

bool modules_is_in(const struct modules *modules, uint32_t module,
		   uint32_t generation)
{
	return modules->generations[module].first <= generation &&
	       (modules->generations[module].end == 0 ||
		generation < modules->generations[module].end);
}

uint32_t modules_find(const struct modules *modules, uint64_t address,
		      uint32_t generation)
{
	size_t low = 0, high = modules->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (modules->array[modules->by_start[middle]].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Back from the last that begins early enough, until none that is
	 * left reaches so far. */
	while (low > 0 && modules->greatest_end[low - 1] > address) {
		uint32_t i = modules->by_start[--low];

		if (modules->array[i].end > address &&
		    modules_is_in(modules, i, generation))
			return i;
	}
	return MODULES_NONE;
}
