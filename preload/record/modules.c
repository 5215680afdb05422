/* SPDX-License-Identifier: MIT */
/* The code objects that stacks run through. */
#include "config.h"

#include "preload/record/modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>

#include "preload/base/lock.h"
#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/record/file.h"
#include "preload/unwind/stack.h"

#define MODULES_MAX   16384u
#define SEGMENT_BYTES 4096u
#define SEGMENT_ELEMS \
	(SEGMENT_BYTES / (uint32_t)sizeof(struct mpf_module)) /* 32 */
#define NOTES_MAX      65536u /* bytes of notes that are looked through */
#define PATH_MAX_BYTES 4096u

struct mp_modules mp_modules = { .generation = 1 };

/* What is known of a module besides its record in the dump. */
struct known {
	struct mpf_module *record;
	const void *link_map;
};

static struct {
	struct mp_lock lock;
	_Atomic uint32_t count; /* released after the entry is complete */
	struct known known[MODULES_MAX];
	struct mpf_module *free; /* elements left in the last segment */
	uint32_t free_count;
	uint32_t first; /* elements so far, for segment.first */
	uintptr_t guess_start, guess_end; /* lock; where any guess was */
	const void *in_self;
	const char *program;
} modules;

static bool find_object(const void *addr, struct dl_find_object *ret_object)
{
	return _dl_find_object((void *)(uintptr_t)addr, ret_object) == 0;
}

void mp_modules_init(const void *in_loader, const void *in_self,
		     const char *program)
{
	struct dl_find_object object;

	modules.in_self = in_self;
	modules.program = program;
	if (find_object(in_loader, &object)) {
		mp_modules.loader_start = (uintptr_t)object.dlfo_map_start;
		mp_modules.loader_end = (uintptr_t)object.dlfo_map_end;
	}
}

/* The build-id among the notes at [at, end), readable memory. */
static void read_notes(const uint8_t *at, const uint8_t *end,
		       struct mpf_module *module)
{
	while ((size_t)(end - at) >= sizeof(Elf64_Nhdr)) {
		const Elf64_Nhdr *note = (const Elf64_Nhdr *)(const void *)at;
		const uint8_t *name = at + sizeof(*note), *desc;
		size_t name_bytes = ((size_t)note->n_namesz + 3) & ~(size_t)3;
		size_t desc_bytes = ((size_t)note->n_descsz + 3) & ~(size_t)3;

		if (name_bytes + desc_bytes > (size_t)(end - name))
			return;
		desc = name + name_bytes;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    name[0] == 'G' && name[1] == 'N' && name[2] == 'U' &&
		    note->n_descsz <= MPF_BUILD_ID_BYTES) {
			module->build_id_bytes = note->n_descsz;
			__builtin_memcpy(module->build_id, desc,
					 note->n_descsz);
			return;
		}
		at = desc + desc_bytes;
	}
}

/* The ELF header lies at the start of the first segment; the program headers
 * after it in the same page in all that linkers make. */
static void read_build_id(uintptr_t start, uintptr_t bias,
			  struct mpf_module *module)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)start;
	const Elf64_Phdr *phdr;

	/* Programs may protect their headers against reading. */
	if (!mp_stack_probe(start & ~(uintptr_t)(MPF_PAGE - 1)))
		return;
	if (__builtin_memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0 ||
	    ehdr->e_phentsize != sizeof(*phdr) ||
	    ehdr->e_phoff + ehdr->e_phnum * sizeof(*phdr) > MPF_PAGE)
		return;
	phdr = (const Elf64_Phdr *)(start + ehdr->e_phoff);
	for (unsigned i = 0; i < ehdr->e_phnum; i++) {
		uintptr_t at = bias + phdr[i].p_vaddr;

		if (phdr[i].p_type != PT_NOTE || !(phdr[i].p_flags & PF_R) ||
		    phdr[i].p_filesz > NOTES_MAX || at < module->start ||
		    at + phdr[i].p_filesz > module->end ||
		    !mp_stack_probe(at & ~(uintptr_t)(MPF_PAGE - 1)) ||
		    !mp_stack_probe((at + phdr[i].p_filesz) &
				    ~(uintptr_t)(MPF_PAGE - 1)))
			continue;
		read_notes((const uint8_t *)at,
			   (const uint8_t *)at + phdr[i].p_filesz, module);
		if (module->build_id_bytes)
			return;
	}
}

static void read_file_times(const char *path, struct mpf_module *module)
{
	struct stat st;

	if (mp_sys_failed(mp_sys_stat(path, &st)))
		return;
	module->file_bytes = (uint64_t)st.st_size;
	module->file_mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u +
				(uint64_t)st.st_mtim.tv_nsec;
}

static const char *path_of(const struct mp_code_object *object)
{
	return object->path && object->path[0] ? object->path : modules.program;
}

static size_t text_length(const char *str)
{
	size_t len = 0;

	while (len < PATH_MAX_BYTES && str[len])
		len++;
	return len;
}

/* Fills in everything but the generations. Relative paths are as the loader
 * resolved them, against the directory the process had then. */
static void describe(const struct mp_code_object *object,
		     struct mpf_module *module)
{
	const char *path = path_of(object);
	uintptr_t self = (uintptr_t)modules.in_self;

	module->start = object->start;
	module->end = object->end;
	module->bias = object->bias;
	module->path = mp_file_text(path, text_length(path), false);
	if (self - object->start < object->end - object->start)
		module->flags |= MPF_MODULE_MEMPROF;
	if (object->start == mp_modules.loader_start)
		module->flags |= MPF_MODULE_LOADER;
	if (path == modules.program)
		module->flags |= MPF_MODULE_MAIN;
	read_build_id(object->start, object->bias, module);
	if (path[0] == '/')
		read_file_times(path, module);
	else if (path[0] == 'l') /* linux-vdso.so.1 */
		module->flags |= MPF_MODULE_VDSO;
}

static bool is_same_text(struct mpf_text text, const char *str)
{
	return text.bytes == text_length(str) &&
	       (text.bytes == 0 || __builtin_memcmp(mp_file_at(text.offset),
						    str, text.bytes) == 0);
}

static bool is_same(const struct mpf_module *record,
		    const struct mp_code_object *object)
{
	struct mpf_module now = { .start = object->start, .end = object->end };

	if (record->start != object->start || record->end != object->end ||
	    record->bias != object->bias ||
	    !is_same_text(record->path, path_of(object)))
		return false;
	read_build_id(object->start, object->bias, &now);
	return now.build_id_bytes == record->build_id_bytes &&
	       __builtin_memcmp(now.build_id, record->build_id,
				now.build_id_bytes) == 0;
}

/* Lock held. */
static struct mpf_module *record_new(void)
{
	struct mpf_segment *segment;
	uint64_t offset;

	if (modules.free_count == 0) {
		segment = mp_file_segment(
			MPF_SEG_MODULES, 0, sizeof(struct mpf_module),
			modules.first, SEGMENT_BYTES, false, &offset);
		if (!segment)
			return NULL;
		modules.first += SEGMENT_ELEMS;
		modules.free = (struct mpf_module *)segment + 1;
		modules.free_count = SEGMENT_ELEMS - 1;
	}
	modules.free_count--;
	return modules.free++;
}

/* Lock held. */
static void next_generation(void)
{
	__atomic_store_n(&mp_modules.generation, mp_modules.generation + 1,
			 __ATOMIC_RELEASE);
}

/* Lock held. Ends the life of whatever had these addresses before; true when
 * the object is known already. */
static bool displace(const struct mp_code_object *object, const void *link_map)
{
	uint32_t count = atomic_load(&modules.count);
	bool is_reused = false;

	for (uint32_t i = 0; i < count; i++) {
		struct mpf_module *old = modules.known[i].record;

		if (old->end_generation || old->start >= object->end ||
		    object->start >= old->end)
			continue;
		if (is_same(old, object)) {
			modules.known[i].link_map = link_map;
			return true;
		}
		old->end_generation = mp_modules.generation + 1;
		is_reused = true;
	}
	/* Stacks through generated code that was there are not the object's. */
	if (is_reused || (object->start < modules.guess_end &&
			  modules.guess_start < object->end))
		next_generation();
	return false;
}

/* Not to wait for long: the walk may be a handler's, and the holder reading a
 * slow disk. */
static bool lock_modules(void)
{
	for (unsigned i = 0; i < 50; i++)
		if (mp_lock_take_soon(&modules.lock))
			return true;
	return false;
}

void mp_modules_guess(uintptr_t pc)
{
	uint32_t count = atomic_load(&modules.count);
	bool is_reused = false;

	if (!lock_modules())
		return;
	__atomic_store_n(&mp_modules.has_guesses, true, __ATOMIC_RELAXED);
	if (modules.guess_end == 0 || pc < modules.guess_start)
		modules.guess_start = pc;
	if (pc >= modules.guess_end)
		modules.guess_end = pc + 1;
	/* An object that is gone had this address. One that is there may have a
	 * gap around it. */
	for (uint32_t i = 0; i < count; i++) {
		struct mpf_module *old = modules.known[i].record;

		if (modules.known[i].link_map || old->end_generation ||
		    pc - old->start >= old->end - old->start)
			continue;
		old->end_generation = mp_modules.generation + 1;
		is_reused = true;
	}
	if (is_reused)
		next_generation();
	mp_lock_release(&modules.lock);
}

void mp_modules_note(const struct mp_code_object *object)
{
	struct dl_find_object found;
	struct mpf_module *module;
	uint32_t count;

	if (!lock_modules())
		return;
	found.dlfo_link_map = NULL;
	find_object((const void *)object->start, &found);
	if (displace(object, found.dlfo_link_map))
		goto out;
	count = atomic_load(&modules.count);
	if (count == MODULES_MAX) {
		mp_file_fail(MPF_FAIL_LIMIT, 0);
		goto out;
	}
	module = record_new();
	if (!module)
		goto out;
	describe(object, module);
	module->first_generation = mp_modules.generation;
	modules.known[count].record = module;
	modules.known[count].link_map = found.dlfo_link_map;
	atomic_store(&modules.count, count + 1);
out:
	mp_lock_release(&modules.lock);
}

void mp_modules_loader_frees(const void *addr)
{
	uint32_t count =
		atomic_load_explicit(&modules.count, memory_order_acquire);

	for (uint32_t i = 0; addr && i < count; i++) {
		if (modules.known[i].link_map == addr) {
			modules.known[i].link_map = NULL;
			mp_unwind_forget();
		}
	}
}

static void count_records(const struct mpf_segment *segment)
{
	if (segment->type == MPF_SEG_MODULES)
		modules.first += SEGMENT_ELEMS;
}

void mp_modules_forked(void)
{
	mp_lock_reset(&modules.lock);
	modules.free_count = 0;
	modules.first = 0;
	mp_file_each(count_records);
}
