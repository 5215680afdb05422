/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/object_file.h"

/* Is what is there now what was recorded? */
static bool is_same(const struct elf_file *file,
		    const struct debug_search *search,
		    const struct sym_object *object)
{
	if (object->build_id_bytes > 0)
		return elf_file_has_build_id(file, object->build_id,
					     object->build_id_bytes);
	if (object->file_bytes != 0 && object->file_bytes != file->bytes)
		return false;
	/* Copies of a system often carry the time of the copying. */
	return search->sysroot[0] != '\0' || object->file_mtime_ns == 0 ||
	       object->file_mtime_ns == file->mtime_ns;
}

static enum sym_status open_main(struct object_file *file,
				 const struct debug_search *search,
				 const struct sym_object *object)
{
	enum sym_status status;

	switch (elf_file_open(search->sysroot, object->path, &file->main)) {
	case ELF_FILE_OK:
		if (file->main->is_linked &&
		    is_same(file->main, search, object))
			return SYM_NONE;
		status = file->main->is_linked ? SYM_CHANGED : SYM_UNREADABLE;
		elf_file_close(file->main);
		file->main = NULL;
		return status;
	case ELF_FILE_ABSENT:
		return SYM_MISSING;
	case ELF_FILE_UNREADABLE:
	case ELF_FILE_NO_MEMORY:
		break;
	}
	return SYM_UNREADABLE;
}

/* The recorded build-id counts: the file there now may be another. */
static void open_debug(struct object_file *file,
		       const struct debug_search *search,
		       const struct sym_object *object)
{
	if (file->main != NULL && elf_file_has_dwarf(file->main->elf))
		return;
	if (object->build_id_bytes > 0)
		file->debug = debug_search_build_id(search, object->build_id,
						    object->build_id_bytes);
	else if (file->main != NULL && file->main->build_id_bytes > 0)
		file->debug =
			debug_search_build_id(search, file->main->build_id,
					      file->main->build_id_bytes);
	if (file->debug == NULL && file->main != NULL)
		file->debug =
			debug_search_link(search, file->main, object->path);
}

static void open_dwarf(struct object_file *file)
{
	struct elf_file *source =
		file->debug != NULL ? file->debug : file->main;

	if (!elf_file_has_dwarf(source->elf))
		return;
	file->dwarf = dwarf_begin_elf(source->elf, DWARF_C_READ, NULL);
	if (file->dwarf == NULL)
		return;
	file->dwarf_source = source;
	if (file->alt == NULL || !elf_file_has_dwarf(file->alt->elf))
		return;
	file->alt_dwarf = dwarf_begin_elf(file->alt->elf, DWARF_C_READ, NULL);
	if (file->alt_dwarf != NULL)
		dwarf_setalt(file->dwarf, file->alt_dwarf);
}

static bool has_table(const struct elf_file *file, GElf_Word type)
{
	GElf_Shdr header;

	return file != NULL &&
	       elf_file_section_of_type(file->elf, type, &header) != NULL;
}

static enum sym_status judge(const struct object_file *file)
{
	if (file->dwarf != NULL && elf_file_has_lines(file->dwarf_source->elf))
		return SYM_FULL;
	if (has_table(file->main, SHT_SYMTAB) ||
	    has_table(file->debug, SHT_SYMTAB) || file->mini != NULL)
		return SYM_SYMTAB;
	return has_table(file->main, SHT_DYNSYM) ? SYM_DYNSYM : SYM_NONE;
}

void object_file_find(struct object_file *file,
		      const struct debug_search *search,
		      const struct sym_object *object)
{
	*file = (struct object_file) { .status = SYM_MISSING };
	if (object->is_vdso)
		return;
	file->status = open_main(file, search, object);
	open_debug(file, search, object);
	if (file->debug != NULL)
		file->alt = debug_search_alt(search, file->debug);
	else if (file->main != NULL)
		file->alt = debug_search_alt(search, file->main);
}

void object_file_load(struct object_file *file)
{
	if (file->main == NULL && file->debug == NULL)
		return;
	open_dwarf(file);
	if (file->main != NULL && !has_table(file->main, SHT_SYMTAB) &&
	    !has_table(file->debug, SHT_SYMTAB))
		file->mini = minidebug_open(file->main->elf);
	file->status = judge(file);

	/* libdw asked the descriptors where the files are. */
	if (file->main != NULL)
		elf_file_release_fd(file->main);
	if (file->debug != NULL)
		elf_file_release_fd(file->debug);
	if (file->alt != NULL)
		elf_file_release_fd(file->alt);
}

void object_file_close(struct object_file *file)
{
	dwarf_end(file->dwarf);
	dwarf_end(file->alt_dwarf);
	minidebug_close(file->mini);
	elf_file_close(file->alt);
	elf_file_close(file->debug);
	elf_file_close(file->main);
	*file = (struct object_file) { 0 };
}

enum object_file_source object_file_source(const struct object_file *file)
{
	if (file->dwarf_source == NULL && file->debug != NULL &&
	    has_table(file->debug, SHT_SYMTAB))
		return OBJECT_FILE_DEBUG;
	if (file->dwarf_source == NULL)
		return file->main != NULL ? OBJECT_FILE_MAIN
					  : OBJECT_FILE_NOWHERE;
	return file->dwarf_source == file->debug ? OBJECT_FILE_DEBUG
						 : OBJECT_FILE_MAIN;
}

const char *object_file_path(const struct object_file *file,
			     enum object_file_source source)
{
	const struct elf_file *of = NULL;

	if (source == OBJECT_FILE_DEBUG)
		of = file->debug;
	else if (source == OBJECT_FILE_MAIN)
		of = file->main;
	return of != NULL ? of->path : NULL;
}
