/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/dwarf_index.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sym/demangle.h"
#include "analyzer/sym/source_path.h"

struct dwarf_index {
	struct function_names *names;
	struct dwarf_unit *units;
	size_t unit_count;
	struct range_map map;  /* from addresses to units */
	struct word_map paths; /* from libdw's text to ours */
	bool is_split;
};

static int add_unit(struct dwarf_index *index, size_t *capacity, Dwarf_Die *die)
{
	if (index->unit_count == *capacity) {
		size_t larger_capacity = *capacity == 0 ? 64 : *capacity * 2;
		void *larger = realloc(index->units,
				       larger_capacity * sizeof(*index->units));

		if (larger == NULL)
			return -1;
		index->units = larger;
		*capacity = larger_capacity;
	}
	if (dwarf_unit_add_ranges(&index->map, die,
				  (uint32_t)index->unit_count))
		dwarf_unit_init(&index->units[index->unit_count++], die);
	return 0;
}

struct dwarf_index *dwarf_index_new(Dwarf *dwarf, struct function_names *names)
{
	struct dwarf_index *index = calloc(1, sizeof(*index));
	Dwarf_CU *unit = NULL;
	size_t capacity = 0;
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Die die;

	if (index == NULL)
		return NULL;
	index->names = names;
	while (index->unit_count < RANGE_MAP_NONE &&
	       dwarf_get_units(dwarf, unit, &unit, &version, &type, &die,
			       NULL) == 0) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		index->is_split |= type == DW_UT_skeleton;
		if (add_unit(index, &capacity, &die) != 0) {
			dwarf_index_free(index);
			return NULL;
		}
	}
	if (range_map_seal(&index->map) != 0) {
		dwarf_index_free(index);
		return NULL;
	}
	return index;
}

void dwarf_index_free(struct dwarf_index *index)
{
	if (index == NULL)
		return;
	for (size_t i = 0; i < index->unit_count; i++)
		dwarf_unit_done(&index->units[i]);
	free(index->units);
	range_map_done(&index->map);
	word_map_done(&index->paths);
	free(index);
}

bool dwarf_index_is_split(const struct dwarf_index *index)
{
	return index->is_split;
}

/*
 * libdw joins the names of some line tables with the directory of the
 * compilation and leaves others. Only a build that hides its place
 * (-ffile-prefix-map) has a relative directory, and one cannot tell but by
 * looking whether it is in front already.
 */
static bool is_joined(const char *directory, const char *name)
{
	return directory[0] != '/' &&
	       strncmp(name, directory, strlen(directory)) == 0;
}

static const char *path_of(struct dwarf_index *index,
			   const struct dwarf_unit *unit, const char *name)
{
	const char *directory = unit->directory;
	const char *path;

	if (name == NULL)
		return NULL;
	path = word_map_get(&index->paths, (uintptr_t)name);
	if (path != NULL)
		return path;
	if (directory != NULL && is_joined(directory, name))
		directory = NULL;
	path = source_path_clean(&index->names->texts, directory, name);
	if (path != NULL)
		word_map_add(&index->paths, (uintptr_t)name, path);
	return path;
}

/* Where the code at the address was written. */
static void set_line(struct dwarf_index *index, struct dwarf_unit *unit,
		     uint64_t address, struct sym_frame *frame)
{
	Dwarf_Line *line = dwarf_getsrc_die(&unit->lines, address);
	int number = 0;
	int column = 0;

	if (line == NULL)
		return;
	frame->file = path_of(index, unit, dwarf_linesrc(line, NULL, NULL));
	if (dwarf_lineno(line, &number) == 0 && number > 0)
		frame->line = (uint32_t)number;
	if (dwarf_linecol(line, &column) == 0 && column > 0)
		frame->column = (uint32_t)column;
}

static uint32_t number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_attr(die, name, &attribute) == NULL ||
	    dwarf_formudata(&attribute, &value) != 0 || value > INT32_MAX)
		return 0;
	return (uint32_t)value;
}

/* Where the call was written that the entry is the inlined body of. */
static void set_call(struct dwarf_index *index, struct dwarf_unit *unit,
		     Dwarf_Die *die, struct sym_frame *frame)
{
	Dwarf_Attribute attribute;
	Dwarf_Word file;

	if (unit->files != NULL &&
	    dwarf_attr(die, DW_AT_call_file, &attribute) != NULL &&
	    dwarf_formudata(&attribute, &file) == 0 && file < unit->file_count)
		frame->file =
			path_of(index, unit,
				dwarf_filesrc(unit->files, file, NULL, NULL));
	frame->line = number_of(die, DW_AT_call_line);
	frame->column = number_of(die, DW_AT_call_column);
}

/* The names may stand at what the entry is an instance or definition of. */
static const char *text_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;

	if (dwarf_attr_integrate(die, name, &attribute) == NULL)
		return NULL;
	return dwarf_formstring(&attribute);
}

/*
 * A linkage name that does not encode the arguments is but another label of
 * the function, like those that the C library gives its own for private calls.
 * Returns whether there was one that does.
 */
static bool set_function(struct dwarf_index *index, Dwarf_Die *die,
			 struct sym_frame *frame)
{
	const char *linkage = text_of(die, DW_AT_linkage_name);
	const char *name = NULL;
	bool is_mangled;

	if (linkage == NULL)
		linkage = text_of(die, DW_AT_MIPS_linkage_name);
	is_mangled = linkage != NULL && demangle_is_mangled(linkage);
	if (!is_mangled)
		name = text_of(die, DW_AT_name);
	if (name == NULL)
		name = linkage;
	if (name != NULL)
		function_names_set(index->names, name, INTERN_STRING_LIMIT,
				   frame);
	return is_mangled;
}

size_t dwarf_index_find(struct dwarf_index *index, uint64_t address,
			struct sym_frame *frames, bool *ret_is_plain)
{
	uint32_t at = range_map_find(&index->map, address);
	struct dwarf_unit *unit;
	Dwarf *tree;
	size_t count = 0;
	uint32_t node;

	*ret_is_plain = false;
	if (at == RANGE_MAP_NONE)
		return 0;
	unit = &index->units[at];
	dwarf_unit_read(unit);
	tree = dwarf_cu_getdwarf(unit->tree.cu);
	frames[0] = (struct sym_frame) { 0 };
	set_line(index, unit, address, &frames[0]);
	node = dwarf_unit_find(unit, address);
	while (node != DWARF_UNIT_NONE && count + 1 < DWARF_INDEX_FRAME_LIMIT) {
		struct sym_frame *frame = &frames[count++];
		Dwarf_Die die;
		bool is_mangled;

		if (dwarf_offdie(tree, unit->nodes[node].offset, &die) == NULL)
			return count;
		is_mangled = set_function(index, &die, frame);
		if (dwarf_tag(&die) != DW_TAG_inlined_subroutine) {
			*ret_is_plain = unit->is_mangling && !is_mangled;
			return count;
		}
		frame->is_inlined = true;
		frames[count] = (struct sym_frame) { 0 };
		set_call(index, unit, &die, &frames[count]);
		node = unit->nodes[node].parent;
	}
	return count + 1;
}
