/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/sym.h"

#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sym/debug_search.h"
#include "analyzer/sym/demangle.h"
#include "analyzer/sym/dwarf_index.h"
#include "analyzer/sym/function_names.h"
#include "analyzer/sym/object_file.h"
#include "analyzer/sym/plt.h"
#include "analyzer/sym/symtab.h"
#include "analyzer/sym/variables.h"
#include "analyzer/sym/word_map.h"

/* What was answered for one address. */
struct answer {
	size_t count;
	struct sym_frame frames[];
};

/* An object added; opened when first asked about. */
struct entry {
	struct sym_object object; /* its texts live in the names */
	struct object_file file;
	struct dwarf_index *index; /* NULL: not yet, or no DWARF */
	struct symtab symtab;
	bool is_opened;
	bool has_symtab; /* was read */
	struct word_map answers;
};

struct sym {
	struct debug_search search;
	struct function_names names;
	struct entry **entries;
	uint32_t count;
	uint32_t capacity;
};

struct sym *sym_new(const struct sym_options *options)
{
	struct sym *sym = calloc(1, sizeof(*sym));

	if (sym == NULL)
		return NULL;
	elf_version(EV_CURRENT);
	if (debug_search_init(&sym->search, options->sysroot,
			      options->debug_dirs, options->debug_dir_count,
			      options->use_debuginfod) != 0) {
		sym_free(sym);
		return NULL;
	}
	return sym;
}

static void entry_free(struct entry *entry)
{
	dwarf_index_free(entry->index);
	symtab_done(&entry->symtab);
	object_file_close(&entry->file);
	word_map_done(&entry->answers);
	free(entry);
}

void sym_free(struct sym *sym)
{
	if (sym == NULL)
		return;
	for (uint32_t i = 0; i < sym->count; i++)
		entry_free(sym->entries[i]);
	free(sym->entries);
	function_names_done(&sym->names);
	debug_search_done(&sym->search);
	free(sym);
}

static int reserve_entry(struct sym *sym)
{
	uint32_t capacity = sym->capacity == 0 ? 64 : sym->capacity * 2;
	void *larger;

	if (sym->count < sym->capacity)
		return 0;
	if (sym->count > INT32_MAX)
		return -1;
	larger = realloc(sym->entries,
			 (size_t)capacity * sizeof(struct entry *));
	if (larger == NULL)
		return -1;
	sym->entries = larger;
	sym->capacity = capacity;
	return 0;
}

uint32_t sym_add_object(struct sym *sym, const struct sym_object *object)
{
	struct entry *entry;
	uint8_t *build_id;

	if (reserve_entry(sym) != 0)
		return UINT32_MAX;
	entry = calloc(1, sizeof(*entry));
	build_id = intern_alloc(&sym->names.texts, object->build_id_bytes + 1);
	if (entry == NULL || build_id == NULL) {
		free(entry);
		return UINT32_MAX;
	}
	entry->object = *object;
	entry->object.path = intern_string(
		&sym->names.texts, object->path == NULL ? "" : object->path);
	if (entry->object.path == NULL) {
		free(entry);
		return UINT32_MAX;
	}
	if (object->build_id_bytes > 0)
		memcpy(build_id, object->build_id, object->build_id_bytes);
	entry->object.build_id = build_id;
	sym->entries[sym->count] = entry;
	return sym->count++;
}

static struct entry *open_entry(struct sym *sym, uint32_t object)
{
	struct entry *entry;

	if (object >= sym->count)
		return NULL;
	entry = sym->entries[object];
	if (!entry->is_opened) {
		entry->is_opened = true;
		object_file_open(&entry->file, &sym->search, &entry->object);
		if (entry->file.dwarf != NULL)
			entry->index =
				dwarf_index_new(entry->file.dwarf, &sym->names);
	}
	return entry;
}

/* A table that memory does not suffice for holds what was put in before. */
static void read_symtab(struct sym *sym, struct entry *entry)
{
	struct object_file *file = &entry->file;
	int result = 0;

	if (entry->has_symtab)
		return;
	entry->has_symtab = true;
	if (file->debug != NULL)
		result = symtab_add_static(&entry->symtab, file->debug->elf);
	if (result == 0 && file->mini != NULL)
		result = symtab_add_static(&entry->symtab,
					   minidebug_elf(file->mini));
	if (result == 0 && file->main != NULL) {
		result = symtab_add_static(&entry->symtab, file->main->elf);
		if (result == 0)
			result = symtab_add_dynamic(&entry->symtab,
						    file->main->elf);
		if (result == 0)
			plt_add(&entry->symtab, file->main->elf,
				&sym->names.texts);
	}
	symtab_seal(&entry->symtab);
}

/* Sets the names of frame from the symbol tables, if they know better. */
static void name_by_symbol(struct sym *sym, struct entry *entry,
			   uint64_t address, struct sym_frame *frame)
{
	const struct symtab_symbol *symbol;
	size_t bytes;

	read_symtab(sym, entry);
	symbol = symtab_find(&entry->symtab, address);
	if (symbol == NULL)
		return;
	/* With a name from DWARF only a linkage name says more. */
	if (frame->function != NULL && !demangle_is_mangled(symbol->name))
		return;
	bytes = strcspn(symbol->name, "@");
	if (strcmp(symbol->name + bytes, "@plt") == 0)
		bytes += 4;
	function_names_set(&sym->names, symbol->name, bytes, frame);
}

static size_t find_frames(struct sym *sym, struct entry *entry,
			  uint64_t address, struct sym_frame *frames)
{
	bool is_plain = false;
	size_t count = 0;
	struct sym_frame *last;

	if (entry->index != NULL)
		count = dwarf_index_find(entry->index, address, frames,
					 &is_plain);
	if (count == 0) {
		frames[0] = (struct sym_frame) { 0 };
		count = 1;
	}
	last = &frames[count - 1];
	if (last->function == NULL || is_plain)
		name_by_symbol(sym, entry, address, last);
	if (count == 1 && last->function == NULL && last->file == NULL)
		return 0;
	return count;
}

static const struct answer *answer_new(struct sym *sym, struct entry *entry,
				       uint64_t address)
{
	struct sym_frame frames[DWARF_INDEX_FRAME_LIMIT];
	size_t count = find_frames(sym, entry, address, frames);
	struct answer *answer = intern_alloc(
		&sym->names.texts, sizeof(*answer) + count * sizeof(*frames));

	if (answer == NULL)
		return NULL;
	answer->count = count;
	memcpy(answer->frames, frames, count * sizeof(*frames));
	/* Without memory for this the address is looked up once more. */
	word_map_add(&entry->answers, address, answer);
	return answer;
}

size_t sym_resolve(struct sym *sym, uint32_t object, uint64_t address,
		   const struct sym_frame **ret_frames)
{
	struct entry *entry = open_entry(sym, object);
	const struct answer *answer;

	if (entry == NULL)
		return 0;
	answer = word_map_get(&entry->answers, address);
	if (answer == NULL)
		answer = answer_new(sym, entry, address);
	if (answer == NULL)
		return 0;
	*ret_frames = answer->frames;
	return answer->count;
}

const char *sym_variable(struct sym *sym, uint32_t object, uint64_t address,
			 uint64_t *ret_offset)
{
	struct entry *entry = open_entry(sym, object);
	const char *name = NULL;
	struct sym_frame frame = { 0 };
	uint64_t start = 0;

	if (entry != NULL && entry->file.debug != NULL)
		name = variables_find(entry->file.debug->elf, address, &start);
	if (name == NULL && entry != NULL && entry->file.main != NULL)
		name = variables_find(entry->file.main->elf, address, &start);
	if (name == NULL)
		return NULL;
	*ret_offset = address - start;
	function_names_set(&sym->names, name, strcspn(name, "@"), &frame);
	return frame.function;
}

enum sym_status sym_object_status(struct sym *sym, uint32_t object)
{
	const struct entry *entry = open_entry(sym, object);

	return entry == NULL ? SYM_MISSING : entry->file.status;
}

const char *sym_object_source(struct sym *sym, uint32_t object)
{
	const struct entry *entry = open_entry(sym, object);

	return entry == NULL ? NULL : object_file_source(&entry->file);
}
