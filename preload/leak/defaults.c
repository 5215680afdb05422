/* SPDX-License-Identifier: MIT */
/* Functions of the program, by their names in the files that are loaded. */
#include "config.h"

#include "preload/leak/defaults.h"

#include <elf.h>
#include <sys/prctl.h>

#include "preload/base/sys.h"
#include "preload/leak/options.h"
#include "preload/record/recorder.h"

typedef const char *defaults_fn(void);

/* A file as it lies on disk. */
struct image {
	const uint8_t *start;
	uint64_t bytes;
};

static bool open_image(const char *path, struct image *ret_image)
{
	long fd = mp_sys_open(path, O_RDONLY | O_NONBLOCK, 0);
	struct stat st;
	void *start;

	if (mp_sys_failed(fd))
		return false;
	if (mp_sys_failed(mp_sys_fstat((int)fd, &st)) || !S_ISREG(st.st_mode) ||
	    st.st_size <= 0)
		start = (void *)-1;
	else
		start = mp_sys_mmap(NULL, (size_t)st.st_size, PROT_READ,
				    MAP_PRIVATE, (int)fd, 0);
	mp_sys_close((int)fd);
	if (mp_sys_failed((long)start))
		return false;
	ret_image->start = start;
	ret_image->bytes = (uint64_t)st.st_size;
	return true;
}

/* A part of the file with elements of that alignment; NULL: not in it. */
static const void *part(const struct image *image, uint64_t offset,
			uint64_t bytes, uint64_t align)
{
	if (offset > image->bytes || bytes > image->bytes - offset ||
	    offset % align)
		return NULL;
	return image->start + offset;
}

static bool is_name(const char *text, uint64_t room, const char *name)
{
	for (uint64_t i = 0; i < room && text[i] == name[i]; i++)
		if (!name[i])
			return true;
	return false;
}

/* Its address in the file; 0: not there. */
static uint64_t find_in(const struct image *image, const Elf64_Shdr *table,
			const Elf64_Shdr *strings, const char *name)
{
	uint64_t count = table->sh_size / sizeof(Elf64_Sym);
	const Elf64_Sym *symbols =
		part(image, table->sh_offset, table->sh_size, 8);
	const char *text = part(image, strings->sh_offset, strings->sh_size, 1);

	for (uint64_t i = 0; symbols && text && i < count; i++)
		if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC &&
		    symbols[i].st_shndx != SHN_UNDEF &&
		    symbols[i].st_name < strings->sh_size &&
		    is_name(text + symbols[i].st_name,
			    strings->sh_size - symbols[i].st_name, name))
			return symbols[i].st_value;
	return 0;
}

static uint64_t find(const struct image *image, const char *name)
{
	const Elf64_Ehdr *ehdr = part(image, 0, sizeof(*ehdr), 8);
	const Elf64_Shdr *sections = NULL;
	uint64_t value = 0;

	if (!ehdr || __builtin_memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0 ||
	    ehdr->e_ident[EI_CLASS] != ELFCLASS64)
		return 0;
	if (ehdr->e_shentsize == sizeof(*sections))
		sections = part(image, ehdr->e_shoff,
				(uint64_t)ehdr->e_shnum * sizeof(*sections), 8);
	for (unsigned i = 0; sections && i < ehdr->e_shnum && !value; i++)
		if ((sections[i].sh_type == SHT_SYMTAB ||
		     sections[i].sh_type == SHT_DYNSYM) &&
		    sections[i].sh_link < ehdr->e_shnum)
			value = find_in(image, &sections[i],
					&sections[sections[i].sh_link], name);
	return value;
}

/* The function in the first file that has it, the program's own before its
 * libraries', as they are mapped. */
static defaults_fn *look_for(struct mp_scan *scan, const char *name)
{
	for (size_t i = 0; i < scan->module_count; i++) {
		const struct mp_scan_module *module = &scan->modules[i];
		const struct mp_memory_map *map;
		struct image image;
		uint64_t value;

		if (!open_image(module->path, &image))
			continue;
		value = find(&image, name);
		mp_sys_munmap((void *)(uintptr_t)image.start, image.bytes);
		map = value ? mp_memory_find(&scan->memory,
					     module->bias + value)
			    : NULL;
		if (map && map->is_executable)
			return (defaults_fn *)(uintptr_t)(module->bias + value);
	}
	return NULL;
}

/* The text of such a function, or NULL. */
static const char *call(struct mp_scan *scan, const char *name)
{
	defaults_fn *fn = look_for(scan, name);

	return fn ? fn() : NULL;
}

static void take_text(struct mp_verdicts_rules *rules, const char *text)
{
	uint32_t bytes = 0;

	while (text && bytes < MP_VERDICTS_RULES && text[bytes]) {
		rules->text[bytes] = text[bytes];
		bytes++;
	}
	mp_verdicts_rules(rules, bytes);
}

void mp_defaults_read(struct mp_scan *scan)
{
	struct mp_verdicts_rules *rules = scan->verdicts->rules;
	static const char source[] = "LSAN_OPTIONS";
	bool is_told;

	/* What harms nobody first. */
	__builtin_memcpy(rules[1].source, source, sizeof(source));
	is_told = mp_options_rules(mp_options_text(), &rules[1]);
	/* Nothing that they do is to be recorded, or leaves a core. */
	atomic_store(&mp_recorder_page.state, MP_STATE_OFF);
	mp_sys6(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0);
	take_text(&rules[0], call(scan, "__lsan_default_suppressions"));
	if (!is_told)
		mp_options_rules(call(scan, "__lsan_default_options"),
				 &rules[1]);
}
