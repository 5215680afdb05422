/* SPDX-License-Identifier: MIT */
/* Names for the frames of a tree, found when they are asked for. */
#include "config.h"

#include "analyzer/model/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"
#include "analyzer/model/tree.h"

enum { WRAPPER_UNKNOWN, WRAPPER_NO, WRAPPER_YES };

int names_init(struct names *ret_names, const struct tree *tree,
	       struct sym *sym)
{
	struct names names = { .tree = tree, .sym = sym };
	size_t others = 0;

	names.objects = region_new(tree->modules.count, sizeof(*names.objects));
	names.entries = region_new(tree->frame_count, sizeof(*names.entries));
	for (size_t i = 1; i < tree->frame_count; i++)
		others += tree->frames[i].module == MODULES_NONE;
	names.other_room = others;
	names.others = region_new(others, sizeof(*names.others));
	if (!names.objects || !names.entries || !names.others) {
		names_done(&names);
		return DUMP_MEMORY;
	}
	*ret_names = names;
	return 0;
}

int names_add_map(struct names *names, const struct dump *dump,
		  const char *path)
{
	char first_line[64], *beside;
	int ret;

	if (!names->sym)
		return 0;
	if (asprintf(&beside, "%s.map", path) < 0)
		return DUMP_MEMORY;
	snprintf(first_line, sizeof(first_line),
		 MPF_MAP_BEGIN "%" PRIu32 " %" PRIu64, dump->header.pid,
		 dump->header.start_unix_ns);
	ret = perf_map_open(&names->generated, beside, first_line);
	free(beside);
	return ret < 0 ? DUMP_MEMORY : 0;
}

void names_done(struct names *names)
{
	if (!names->tree)
		return;
	region_free(names->objects, names->tree->modules.count,
		    sizeof(*names->objects));
	region_free(names->entries, names->tree->frame_count,
		    sizeof(*names->entries));
	region_free(names->others, names->other_room, sizeof(*names->others));
	perf_map_done(&names->generated);
	intern_done(&names->made);
	*names = (struct names) { 0 };
}

/* sym's handle of a module; false when there is none. */
static bool object_of(struct names *names, uint32_t module,
		      uint32_t *ret_object)
{
	const struct module *from;

	if (!names->sym || module == MODULES_NONE)
		return false;
	from = &names->tree->modules.array[module];
	if (names->objects[module] == 0) {
		uint32_t object = sym_add_object(
			names->sym,
			&(struct sym_object) {
				.path = from->path,
				.build_id = from->build_id,
				.build_id_bytes = from->build_id_bytes,
				.file_bytes = from->file_bytes,
				.file_mtime_ns = from->file_mtime_ns,
				.is_vdso = from->is_vdso,
			});

		if (object == UINT32_MAX)
			return false;
		names->objects[module] = object + 1;
	}
	*ret_object = names->objects[module] - 1;
	return true;
}

/* Is it a function whose caller is who allocated? */
static bool is_allocating(const char *function)
{
	static const char *const functions[] = {
		"malloc",	   "calloc",	     "realloc",
		"reallocarray",	   "posix_memalign", "aligned_alloc",
		"memalign",	   "valloc",	     "pvalloc",
		"__libc_malloc",   "__libc_calloc",  "__libc_realloc",
		"__libc_memalign", "__libc_valloc",  "__libc_pvalloc",
	};
	static const char new_prefix[] = "operator new";

	if (strncmp(function, new_prefix, sizeof(new_prefix) - 1) == 0) {
		char next = function[sizeof(new_prefix) - 1];

		return next == '\0' || next == '(' || next == '[';
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(function, functions[i]) == 0)
			return true;
	return false;
}

/* An allocator's own malloc() may be inlined into the one who calls it. */
static void skip_inlined(struct names_entry *entry)
{
	while (entry->count > 1 && entry->frames[0].is_inlined &&
	       entry->frames[0].function &&
	       is_allocating(entry->frames[0].function)) {
		entry->frames++;
		entry->count--;
	}
}

/* Code that could not be kept has no name. */
static void resolve_python(struct names *names, const struct tree_frame *from,
			   struct names_entry *entry)
{
	const struct code *code = &names->tree->codes.array[from->code];
	struct sym_frame *frame = &names->others[names->other_count++];

	*frame = (struct sym_frame) {
		.function = code->function,
		.file = code->file,
		.line = from->line,
		.column = from->column,
	};
	if (from->is_left_out)
		frame->function = "(more Python frames)";
	else if (!frame->function)
		frame->function = "(unknown Python code)";
	entry->frames = frame;
	entry->count = 1;
}

static void resolve_generated(struct names *names,
			      const struct tree_frame *from,
			      struct names_entry *entry)
{
	const char *name =
		perf_map_find(&names->generated, tree_lookup_address(from));

	if (!name)
		return;
	names->others[names->other_count] =
		(struct sym_frame) { .function = name };
	entry->frames = &names->others[names->other_count++];
	entry->count = 1;
}

size_t names_of(struct names *names, uint32_t frame,
		const struct sym_frame **ret_frames)
{
	struct names_entry *entry = &names->entries[frame];
	const struct tree_frame *from = &names->tree->frames[frame];
	uint32_t object;

	if (!entry->is_resolved) {
		entry->is_resolved = true;
		names->resolved++;
		if (names->progress)
			names->progress(names->progress_arg, names->resolved,
					names->tree->frame_count);
		if (from->is_python)
			resolve_python(names, from, entry);
		else if (from->module == MODULES_NONE)
			resolve_generated(names, from, entry);
		else if (object_of(names, from->module, &object)) {
			uint64_t bias =
				names->tree->modules.array[from->module].bias;

			entry->count = (uint32_t)sym_resolve(
				names->sym, object,
				tree_lookup_address(from) - bias,
				&entry->frames);
		}
		if (from->module != MODULES_NONE &&
		    names->tree->modules.array[from->module].is_allocator)
			skip_inlined(entry);
	}
	*ret_frames = entry->frames;
	return entry->count;
}

size_t names_write_unnamed(char buf[static NAMES_UNNAMED_BYTES],
			   const char *module, uint64_t start)
{
	const char *slash = strrchr(module, '/');

	return (size_t)snprintf(buf, NAMES_UNNAMED_BYTES, "%.*s+0x%" PRIx64,
				NAME_MAX,
				slash && slash[1] ? slash + 1 : module, start);
}

const char *names_unnamed(struct names *names, uint32_t frame,
			  uint64_t *ret_start)
{
	uint32_t module = names->tree->frames[frame].module;
	char text[NAMES_UNNAMED_BYTES];
	const struct sym_frame *known;

	if (module == MODULES_NONE || names_of(names, frame, &known) != 1 ||
	    known->start == 0)
		return NULL;
	*ret_start = known->start;
	return intern_bytes(
		&names->made, text,
		names_write_unnamed(text,
				    names->tree->modules.array[module].path,
				    known->start));
}

static bool find_wrapper(struct names *names, uint32_t frame)
{
	const struct tree_frame *from = &names->tree->frames[frame];
	const struct sym_frame *frames;
	const struct module *module;
	size_t count;

	if (from->module == MODULES_NONE)
		return false;
	module = &names->tree->modules.array[from->module];
	if (module->is_memprof)
		return true;
	if (!module->is_allocator)
		return false;
	/* The last is the function that the others are inlined into. */
	count = names_of(names, frame, &frames);
	return count && frames[count - 1].function &&
	       is_allocating(frames[count - 1].function);
}

bool names_is_wrapper(struct names *names, uint32_t frame)
{
	struct names_entry *entry = &names->entries[frame];

	if (entry->wrapper == WRAPPER_UNKNOWN)
		entry->wrapper =
			find_wrapper(names, frame) ? WRAPPER_YES : WRAPPER_NO;
	return entry->wrapper == WRAPPER_YES;
}

uint32_t names_self(struct names *names, uint32_t node)
{
	const struct tree *tree = names->tree;
	uint32_t self = 0;

	while (node != 0 && tree->frame_of[node] != 0) {
		self = node;
		if (!names_is_wrapper(names, tree->frame_of[node]))
			break;
		node = tree_parent(tree, node);
	}
	return self;
}

enum sym_status names_module_status(struct names *names, uint32_t module)
{
	uint32_t object;

	if (!object_of(names, module, &object))
		return SYM_NONE;
	return sym_object_status(names->sym, object);
}

const char *names_variable(struct names *names, uint32_t module,
			   uint64_t address, uint64_t *ret_offset)
{
	uint32_t object;

	if (!object_of(names, module, &object))
		return NULL;
	return sym_variable(names->sym, object, address, ret_offset);
}

const char *names_problem(struct names *names, uint32_t module)
{
	if (names->objects[module] == 0 ||
	    names->tree->modules.array[module].is_vdso)
		return NULL;
	switch (names_module_status(names, module)) {
	case SYM_MISSING:
		return "missing";
	case SYM_CHANGED:
		return "changed";
	case SYM_UNREADABLE:
		return "unreadable";
	default:
		return NULL;
	}
}
