/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/sym.h"

#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sym/answer.h"
#include "analyzer/sym/cache_folder.h"
#include "analyzer/sym/debug_search.h"
#include "analyzer/sym/function_names.h"
#include "analyzer/sym/object_cache.h"
#include "analyzer/sym/object_file.h"
#include "analyzer/sym/object_names.h"
#include "analyzer/sym/variables.h"
#include "analyzer/sym/word_map.h"

/* An object added; opened when first asked about. */
struct entry {
	struct sym_object object; /* its texts live in the names */
	bool is_opened;		  /* its files were looked for */
	bool is_loaded;		  /* they are in use */
	bool has_learned;	  /* what is worth keeping */
	enum sym_status status;
	enum object_file_source source;
	const char *path; /* of the source */
	struct object_cache cache;
	struct object_file file;
	struct object_names names;
	struct word_map answers;
};

struct sym {
	struct debug_search search;
	struct cache_folder cache_folder;
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
			      options->use_debuginfod) != 0 ||
	    cache_folder_init(&sym->cache_folder, options->cache_folder) != 0) {
		sym_free(sym);
		return NULL;
	}
	return sym;
}

static void entry_free(struct entry *entry)
{
	object_names_done(&entry->names);
	object_file_close(&entry->file);
	object_cache_close(&entry->cache);
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
	cache_folder_done(&sym->cache_folder);
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

/* Makes the files ready that were found. */
static void load(struct sym *sym, struct entry *entry)
{
	object_file_load(&entry->file);
	object_names_init(&entry->names, &entry->file, &sym->names);
	entry->is_loaded = true;
	/* What else the names depend on is not known. */
	if (entry->names.index != NULL &&
	    dwarf_index_is_split(entry->names.index))
		object_cache_close(&entry->cache);
}

static struct entry *open_entry(struct sym *sym, uint32_t object)
{
	struct entry *entry;
	bool is_cached;

	if (object >= sym->count)
		return NULL;
	entry = sym->entries[object];
	if (entry->is_opened)
		return entry;
	entry->is_opened = true;
	object_file_find(&entry->file, &sym->search, &entry->object);
	is_cached = object_cache_open(&entry->cache, &sym->cache_folder,
				      &entry->object, &entry->file);
	if (is_cached) {
		entry->status =
			(enum sym_status)entry->cache.file.header.status;
		entry->source = (enum object_file_source)
					entry->cache.file.header.source;
	} else {
		load(sym, entry);
		entry->status = entry->file.status;
		entry->source = object_file_source(&entry->file);
	}
	entry->path =
		intern_string(&sym->names.texts,
			      object_file_path(&entry->file, entry->source));
	/* Descriptors and mappings of hundreds of objects are not for free. */
	if (is_cached)
		object_file_close(&entry->file);
	return entry;
}

/* The files of an object that the cache did not suffice for. */
static void load_again(struct sym *sym, struct entry *entry)
{
	struct object_identity identity;

	object_file_find(&entry->file, &sym->search, &entry->object);
	object_identity_read(&identity, &entry->file);
	/* They were exchanged meanwhile: answers are of both. */
	if (!object_identity_is(&identity, &entry->cache.identity))
		object_cache_close(&entry->cache);
	load(sym, entry);
}

static const struct answer *find_out(struct sym *sym, struct entry *entry,
				     uint64_t address)
{
	struct sym_frame frames[OBJECT_NAMES_FRAME_LIMIT];
	struct answer *answer;
	size_t count;

	if (!entry->is_loaded)
		load_again(sym, entry);
	count = object_names_find(&entry->names, address, frames);
	answer = answer_new(&sym->names.texts, count);
	if (answer == NULL)
		return NULL;
	memcpy(answer->frames, frames, count * sizeof(*frames));
	entry->has_learned = true;
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
	if (answer == NULL) {
		answer = object_cache_get(&entry->cache, address,
					  &sym->names.texts);
		if (answer == NULL)
			answer = find_out(sym, entry, address);
		if (answer == NULL)
			return 0;
		/* Without memory for this it is looked up once more. */
		word_map_add(&entry->answers, address, answer);
	}
	*ret_frames = answer->frames;
	return answer->count;
}

void sym_save(struct sym *sym)
{
	bool is_any = false;

	for (uint32_t i = 0; i < sym->count; i++) {
		struct entry *entry = sym->entries[i];

		if (!entry->has_learned)
			continue;
		object_cache_save(&entry->cache, &sym->cache_folder,
				  &entry->object, entry->status, entry->source,
				  &entry->answers, &sym->names.texts);
		entry->has_learned = false;
		is_any = true;
	}
	if (is_any)
		cache_folder_trim(&sym->cache_folder, CACHE_FOLDER_LIMIT,
				  CACHE_FOLDER_FILE_COUNT);
}

const char *sym_variable(struct sym *sym, uint32_t object, uint64_t address,
			 uint64_t *ret_offset)
{
	struct entry *entry = open_entry(sym, object);
	const char *name = NULL;
	struct sym_frame frame = { 0 };
	uint64_t start = 0;

	if (entry != NULL && !entry->is_loaded)
		load_again(sym, entry);
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

	return entry == NULL ? SYM_MISSING : entry->status;
}

const char *sym_object_source(struct sym *sym, uint32_t object)
{
	const struct entry *entry = open_entry(sym, object);

	return entry == NULL ? NULL : entry->path;
}
