/* SPDX-License-Identifier: MIT */
/* jemalloc's own calls: recorded as malloc's are. */
#include "config.h"

#include "preload/shim/mallocx.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>

#include "preload/base/sys.h"
#include "preload/shim/hook.h"

/* jemalloc(3): flags of its calls. */
#define FLAGS_ALIGNMENT 0x3f
#define FLAGS_ZERO	0x40

static struct {
	void *(*mallocx)(size_t, int);
	void *(*rallocx)(void *, size_t, int);
	size_t (*xallocx)(void *, size_t, size_t, int);
	void (*dallocx)(void *, int);
	void (*sdallocx)(void *, size_t, int);
} next;

static void *our_mallocx(size_t bytes, int flags)
{
	struct mp_regs regs = MP_REGS_CALLER();
	bool is_on = mp_hook_enter();
	void *addr = next.mallocx(bytes, flags);

	if (__builtin_expect(is_on, 1))
		mp_hook_result(addr, bytes,
			       flags & FLAGS_ALIGNMENT ? MPF_CALL_MEMALIGN
			       : flags & FLAGS_ZERO    ? MPF_CALL_CALLOC
						       : MPF_CALL_MALLOC,
			       &regs);
	return addr;
}

static void *our_rallocx(void *old, size_t bytes, int flags)
{
	struct mp_regs regs = MP_REGS_CALLER();
	struct mp_block block;
	bool is_known;
	void *addr;

	if (__builtin_expect(!mp_hook_enter(), 0)) {
		if (mp_hook_enter_free())
			mp_recorder_free(old);
		return next.rallocx(old, bytes, flags);
	}
	is_known = mp_recorder_take(old, &block);
	addr = next.rallocx(old, bytes, flags);
	if (!addr) {
		if (is_known)
			mp_recorder_restore(old, &block);
		mp_recorder_failed();
		return NULL;
	}
	if (is_known)
		mp_recorder_free_taken(old, &block);
	else
		mp_recorder_foreign_realloc();
	mp_recorder_alloc(addr, bytes, MPF_CALL_REALLOC, &regs);
	return addr;
}

/*
 * Resizes where the block is, to bytes and if possible up to extra more, and
 * says what there is now: less than bytes when it could not.
 */
static size_t our_xallocx(void *addr, size_t bytes, size_t extra, int flags)
{
	struct mp_regs regs = MP_REGS_CALLER();
	size_t most, has;
	struct mp_block block;

	if (!mp_hook_enter_free() || !mp_recorder_take(addr, &block))
		return next.xallocx(addr, bytes, extra, flags);
	has = next.xallocx(addr, bytes, extra, flags);
	if (has < bytes || !mp_recorder_is_on()) {
		mp_recorder_restore(addr, &block);
		return has;
	}
	if (__builtin_add_overflow(bytes, extra, &most) || most > has)
		most = has;
	mp_recorder_free_taken(addr, &block);
	mp_recorder_alloc(addr, most, MPF_CALL_REALLOC, &regs);
	return has;
}

static void our_dallocx(void *addr, int flags)
{
	if (mp_hook_enter_free())
		mp_recorder_free(addr);
	next.dallocx(addr, flags);
}

static void our_sdallocx(void *addr, size_t bytes, int flags)
{
	if (mp_hook_enter_free())
		mp_recorder_free(addr);
	next.sdallocx(addr, bytes, flags);
}

static const struct call {
	const char *name;
	uintptr_t *theirs;
	uintptr_t ours;
} calls[] = {
#define CALL(name)                                                    \
	{                                                             \
#name, (uintptr_t *)&next.name, (uintptr_t)our_##name \
	}
	CALL(mallocx), CALL(rallocx),  CALL(xallocx),
	CALL(dallocx), CALL(sdallocx),
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

void mp_mallocx_init(const void *serves)
{
	void *theirs = dlsym(RTLD_NEXT, "mallocx");
	void *first = theirs ? dlsym(RTLD_DEFAULT, "mallocx") : NULL;

	if (!first || (first != theirs && !mp_next_is_stub(first)) ||
	    mp_next_object(theirs) != mp_next_object(serves))
		return;
	for (size_t i = 0; i < CALLS; i++)
		*calls[i].theirs = (uintptr_t)dlsym(RTLD_NEXT, calls[i].name);
	/* All or none: what one gives another takes. */
	for (size_t i = 0; i < CALLS; i++)
		if (!*calls[i].theirs)
			next.mallocx = NULL;
}

/* What of a loaded object has to do with references. */
struct object {
	uintptr_t base;
	const ElfW(Sym) * symbols;
	const char *names;
	const ElfW(Rela) * rela, *plt;
	size_t rela_bytes, plt_bytes;
	uintptr_t relro, relro_end; /* read only once relocated */
};

static void read_dynamic(const ElfW(Dyn) * entry, struct object *ret_object)
{
	for (; entry->d_tag != DT_NULL; entry++) {
		/* The dynamic linker has added the base, but for the vDSO. */
		uintptr_t at = entry->d_un.d_ptr;

		if (at < ret_object->base)
			at += ret_object->base;
		if (entry->d_tag == DT_SYMTAB)
			ret_object->symbols = (const void *)at;
		else if (entry->d_tag == DT_STRTAB)
			ret_object->names = (const void *)at;
		else if (entry->d_tag == DT_RELA)
			ret_object->rela = (const void *)at;
		else if (entry->d_tag == DT_RELASZ)
			ret_object->rela_bytes = entry->d_un.d_val;
		else if (entry->d_tag == DT_JMPREL)
			ret_object->plt = (const void *)at;
		else if (entry->d_tag == DT_PLTRELSZ)
			ret_object->plt_bytes = entry->d_un.d_val;
	}
}

/* False for the two that keep theirs: jemalloc and ourselves. */
static bool read_object(const struct dl_phdr_info *info,
			struct object *ret_object)
{
	const ElfW(Dyn) *dynamic = NULL;

	*ret_object = (struct object) { .base = info->dlpi_addr };
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + phdr->p_vaddr;

		if (phdr->p_type == PT_DYNAMIC)
			dynamic = (const void *)start;
		if (phdr->p_type == PT_GNU_RELRO) {
			const uintptr_t page = MPF_PAGE - 1;

			ret_object->relro = start & ~page;
			ret_object->relro_end = (start + phdr->p_memsz) & ~page;
		}
		if (phdr->p_type == PT_LOAD &&
		    ((uintptr_t)next.mallocx - start < phdr->p_memsz ||
		     (uintptr_t)calls - start < phdr->p_memsz))
			return false;
	}
	if (!dynamic)
		return false;
	read_dynamic(dynamic, ret_object);
	return ret_object->symbols && ret_object->names;
}

static bool is_name(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The call that a relocation is of; NULL: of none. */
static const struct call *call_of(const struct object *object,
				  const ElfW(Rela) * rela)
{
	uint32_t type = ELF64_R_TYPE(rela->r_info);
	const ElfW(Sym) * symbol;
	const char *name;

	if (type != R_X86_64_GLOB_DAT && type != R_X86_64_JUMP_SLOT &&
	    type != R_X86_64_64)
		return NULL;
	symbol = object->symbols + ELF64_R_SYM(rela->r_info);
	name = object->names + symbol->st_name;
	if (symbol->st_shndx != SHN_UNDEF || rela->r_addend != 0)
		return NULL;
	for (size_t i = 0; i < CALLS; i++)
		if (is_name(name, calls[i].name))
			return &calls[i];
	return NULL;
}

static void rebind(const struct object *object, const ElfW(Rela) * rela,
		   size_t bytes)
{
	for (size_t i = 0; rela && i < bytes / sizeof(*rela); i++) {
		const struct call *call = call_of(object, &rela[i]);
		uintptr_t at = object->base + rela[i].r_offset;
		uintptr_t *slot = (uintptr_t *)at;
		size_t relro_bytes = object->relro_end - object->relro;
		bool is_sealed = at - object->relro < relro_bytes;

		if (!call || *slot == call->ours)
			continue;
		/* A call not yet made has the way to its first; any other
		 * reference may be a program's own choice. */
		if (ELF64_R_TYPE(rela[i].r_info) != R_X86_64_JUMP_SLOT &&
		    *slot != *call->theirs)
			continue;
		if (is_sealed &&
		    mp_sys_failed(mp_sys3(SYS_mprotect, (long)object->relro,
					  (long)relro_bytes,
					  PROT_READ | PROT_WRITE)))
			continue;
		__atomic_store_n(slot, call->ours, __ATOMIC_RELEASE);
		if (is_sealed)
			mp_sys3(SYS_mprotect, (long)object->relro,
				(long)relro_bytes, PROT_READ);
	}
}

static int rebind_object(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct object object;

	(void)bytes;
	(void)arg;
	if (read_object(info, &object)) {
		rebind(&object, object.rela, object.rela_bytes);
		rebind(&object, object.plt, object.plt_bytes);
	}
	return 0;
}

void mp_mallocx_rebind(void)
{
	if (next.mallocx && _r_debug.r_state == RT_CONSISTENT)
		dl_iterate_phdr(rebind_object, NULL);
}
