/* SPDX-License-Identifier: MIT */
/*
 * Addresses to names, offline. Owns the search for debug information and what
 * is learned from it; knows nothing of dumps. Everything read is untrusted.
 *
 * Threads: a struct sym is used by one thread at a time. Nothing here prints.
 * Files are mapped, not kept open; one that somebody cuts while it is in use
 * raises SIGBUS.
 */
#ifndef MEMPROF_ANALYZER_SYM_SYM_H
#define MEMPROF_ANALYZER_SYM_SYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sym;

struct sym_options {
	const char *sysroot; /* put before recorded paths; NULL: none */
	const char *const *debug_dirs; /* searched before /usr/lib/debug */
	size_t debug_dir_count;
	/*
	 * Ask the servers in DEBUGINFOD_URLS: needs the client library of
	 * elfutils at run time, and waits for the network.
	 */
	bool use_debuginfod;
	/*
	 * Folder that names are kept in from run to run, by build-id; made by
	 * sym_save(). Nobody else may write to it. NULL: none is kept.
	 */
	const char *cache_folder;
};

/* A code object as it was recorded. */
struct sym_object {
	const char *path; /* absolute path in the recorded system */
	const uint8_t *build_id;
	size_t build_id_bytes;	/* 0: had none */
	uint64_t file_bytes;	/* 0: unknown */
	uint64_t file_mtime_ns; /* 0: unknown */
	bool is_vdso;
};

/*
 * What was found for an object. A debug file that has the recorded build-id
 * is right whatever became of the object itself: it decides then.
 */
enum sym_status {
	SYM_FULL,    /* line information */
	SYM_SYMTAB,  /* function names only (.symtab, .gnu_debugdata) */
	SYM_DYNSYM,  /* exported names only (.dynsym) */
	SYM_NONE,    /* the file has no names that could be read */
	SYM_MISSING, /* no file and no debug file by build-id; the vDSO */
	/*
	 * The file there now is another and is not used: its build-id differs
	 * or, where none was recorded, size or mtime (only the size with a
	 * sysroot: copies carry the time of the copying).
	 */
	SYM_CHANGED,
	SYM_UNREADABLE /* no permission, not an ELF file, cut or corrupt */
};

/*
 * One function activation at an address. Strings live as long as the struct
 * sym, and equal ones have equal pointers. function NULL: unknown. file NULL:
 * unknown, line 0: unknown (or made by the compiler).
 *
 * Names of inlined functions are as complete as the compiler left them: without
 * a linkage name (clang -gline-tables-only) they come without class and
 * arguments.
 */
struct sym_frame {
	const char *function; /* demangled, with arguments for C++ */
	const char *mangled;  /* linkage name; equals function for C */
	/*
	 * Made absolute with the directory of the compilation, without "." and
	 * ".."; relative only where the build hid its place.
	 */
	const char *file;
	uint32_t line;
	uint32_t column;
	bool is_inlined; /* this activation was inlined into the next one */
	/* With neither function nor file: ELF virtual address where the
	 * function begins, by the unwind tables. 0: unknown, or has a name. */
	uint64_t start;
};

/* options is copied. NULL only when memory is out. */
struct sym *sym_new(const struct sym_options *options);
void sym_free(struct sym *sym);

/* Keeps in the cache folder what was found out since sym_new(). */
void sym_save(struct sym *sym);

/*
 * Adds an object; nothing is opened yet. Returns its handle (from 0), or
 * UINT32_MAX when memory is out.
 */
uint32_t sym_add_object(struct sym *sym, const struct sym_object *object);

/*
 * The activations at an ELF virtual address of the object, innermost first:
 * n-1 inlined ones, then the function that the code belongs to. Callers pass
 * return address - 1 themselves where that is meant. Returns how many: one for
 * code of which only the start is known; 0 when nothing at all is known of the
 * address. *ret_frames stays valid as long as
 * the struct sym. Cheap when the address was asked for before.
 */
size_t sym_resolve(struct sym *sym, uint32_t object, uint64_t address,
		   const struct sym_frame **ret_frames);

/*
 * The variable at an ELF virtual address of the object, demangled, and how far
 * behind its beginning that is. NULL: unknown. Not remembered: slow.
 */
const char *sym_variable(struct sym *sym, uint32_t object, uint64_t address,
			 uint64_t *ret_offset);

/* Opens the object if that was not done. */
enum sym_status sym_object_status(struct sym *sym, uint32_t object);

/* File actually used for names (main or debug file); NULL: none. */
const char *sym_object_source(struct sym *sym, uint32_t object);

#endif
