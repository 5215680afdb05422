/* SPDX-License-Identifier: MIT */
/* One object's addresses to names. */
#include "config.h"

#include "analyzer/sym/object_names.h"

#include <string.h>

#include "analyzer/sym/demangle.h"
#include "analyzer/sym/plt.h"

void object_names_init(struct object_names *object, struct object_file *file,
		       struct function_names *names)
{
	*object = (struct object_names) { .file = file, .names = names };
	if (file->dwarf != NULL)
		object->index = dwarf_index_new(file->dwarf, names);
}

void object_names_done(struct object_names *object)
{
	dwarf_index_free(object->index);
	symtab_done(&object->symtab);
	*object = (struct object_names) { 0 };
}

/* A table that memory does not suffice for holds what was put in before. */
static void read_symtab(struct object_names *object)
{
	struct object_file *file = object->file;
	int result = 0;

	if (object->has_symtab)
		return;
	object->has_symtab = true;
	if (file->debug != NULL)
		result = symtab_add_static(&object->symtab, file->debug->elf);
	if (result == 0 && file->mini != NULL)
		result = symtab_add_static(&object->symtab,
					   minidebug_elf(file->mini));
	if (result == 0 && file->main != NULL) {
		result = symtab_add_static(&object->symtab, file->main->elf);
		if (result == 0)
			result = symtab_add_dynamic(&object->symtab,
						    file->main->elf);
		if (result == 0)
			plt_add(&object->symtab, file->main->elf,
				&object->names->texts);
	}
	symtab_seal(&object->symtab);
}

/* Sets the names of frame from the symbol tables, if they know better. */
static void name_by_symbol(struct object_names *object, uint64_t address,
			   struct sym_frame *frame)
{
	const struct symtab_symbol *symbol;
	size_t bytes;

	read_symtab(object);
	symbol = symtab_find(&object->symtab, address);
	if (symbol == NULL)
		return;
	/* With a name from DWARF only a linkage name says more. */
	if (frame->function != NULL && !demangle_is_mangled(symbol->name))
		return;
	bytes = strcspn(symbol->name, "@");
	if (strcmp(symbol->name + bytes, "@plt") == 0)
		bytes += 4;
	function_names_set(object->names, symbol->name, bytes, frame);
}

/* Of code without a name. */
static uint64_t start_of(struct object_names *object, uint64_t address)
{
	uint64_t start = 0;

	if (!object->has_starts && object->file->main != NULL)
		function_starts_init(&object->starts, object->file->main->elf);
	object->has_starts = true;
	function_starts_find(&object->starts, address, &start);
	return start;
}

size_t object_names_find(struct object_names *object, uint64_t address,
			 struct sym_frame *frames)
{
	bool is_plain = false;
	size_t count = 0;
	struct sym_frame *last;

	if (object->index != NULL)
		count = dwarf_index_find(object->index, address, frames,
					 &is_plain);
	if (count == 0) {
		frames[0] = (struct sym_frame) { 0 };
		count = 1;
	}
	last = &frames[count - 1];
	if (last->function == NULL || is_plain)
		name_by_symbol(object, address, last);
	if (count > 1 || last->function != NULL || last->file != NULL)
		return count;
	last->start = start_of(object, address);
	return last->start != 0 ? 1 : 0;
}
