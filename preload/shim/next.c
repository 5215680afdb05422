/* SPDX-License-Identifier: MIT */
/* The allocator behind us, and the pool for calls made while looking it up. */
#include "config.h"

#include "preload/shim/next.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>

#include "preload/base/sys.h"
#include "preload/shim/mallocx.h"

#define POOL_ALIGN 16u

struct mp_next mp_next;
struct mp_next_lsan mp_next_lsan;

_Alignas(POOL_ALIGN) uint8_t mp_pool[MP_POOL_BYTES];
static _Atomic size_t pool_used;

/* Each block is preceded by its size. */
void *mp_pool_alloc(size_t bytes)
{
	size_t need, at;

	if (bytes > MP_POOL_BYTES)
		return NULL;
	need = POOL_ALIGN +
	       ((bytes + POOL_ALIGN - 1) & ~(size_t)(POOL_ALIGN - 1));
	at = atomic_fetch_add(&pool_used, need);
	if (at + need > MP_POOL_BYTES)
		return NULL;
	*(size_t *)(void *)(mp_pool + at) = bytes;
	return mp_pool + at + POOL_ALIGN;
}

size_t mp_pool_size(const void *addr)
{
	return *(const size_t *)(const void *)((const uint8_t *)addr -
					       POOL_ALIGN);
}

const struct link_map *mp_next_object(const void *addr)
{
	struct dl_find_object found;

	if (!addr || _dl_find_object((void *)(uintptr_t)addr, &found) != 0)
		return NULL;
	return found.dlfo_link_map;
}

static bool is_ours(const void *addr)
{
	return mp_next_object(addr) ==
	       mp_next_object((const void *)(uintptr_t)is_ours);
}

/*
 * Where somebody has a dlsym() of their own in front of the C library's, what
 * is next is next to them, and that may be us. Few have a dlvsym() too.
 */
static void *find(const char *name)
{
	static const char *const versions[] = { "GLIBC_2.2.5", "GLIBC_2.10",
						"GLIBC_2.16" };
	void *found = dlsym(RTLD_NEXT, name);

	if (!is_ours(found))
		return found;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		found = dlvsym(RTLD_NEXT, name, versions[i]);
		if (found && !is_ours(found))
			return found;
	}
	return NULL;
}

/* ISO C has no way from void * to a function; POSIX does. */
#define FIND(name) (*(void **)&mp_next.name = find(#name))

bool mp_next_is_stub(const void *addr)
{
	ElfW(Sym) *symbol = NULL;
	Dl_info info;

	return dladdr1(addr, &info, (void **)&symbol, RTLD_DL_SYMENT) &&
	       symbol && symbol->st_shndx == SHN_UNDEF;
}

/*
 * An executable that has its own malloc, or an allocator preloaded before us:
 * what they serve never comes here.
 */
static bool is_bypassed(void)
{
	void *first = dlsym(RTLD_DEFAULT, "malloc");

	return first && !is_ours(first) && !mp_next_is_stub(first);
}

#define FIND_LSAN(name) \
	(*(void **)&mp_next_lsan.name = dlsym(RTLD_NEXT, "__lsan_" #name))

static void find_lsan(void)
{
	if (!FIND_LSAN(register_root_region))
		return;
	FIND_LSAN(unregister_root_region);
	FIND_LSAN(enable);
	FIND_LSAN(disable);
	FIND_LSAN(do_leak_check);
	FIND_LSAN(do_recoverable_leak_check);
	FIND_LSAN(ignore_object);
}

/* Another object's would not know these blocks. */
static void find_usable_size(void)
{
	if (!FIND(malloc_usable_size) ||
	    mp_next_object((void *)(uintptr_t)mp_next.malloc_usable_size) !=
		    mp_next_object((void *)(uintptr_t)mp_next.free))
		mp_next.malloc_usable_size = NULL;
}

/* A program may ask for an error that it did not make, and would free what we
 * had it allocated: a look-up that succeeds frees it first. */
void mp_next_forget_errors(void)
{
	dlsym(RTLD_NEXT, "free");
}

void mp_next_init(void)
{
	FIND(syscall);
	FIND(prctl);
	FIND(pthread_create);
	FIND(thrd_create);
	FIND(calloc);
	FIND(realloc);
	FIND(free);
	FIND(posix_memalign);
	FIND(aligned_alloc);
	FIND(memalign);
	FIND(valloc);
	FIND(pvalloc);
	FIND(quick_exit);
	/* C23: a failing look-up allocates, so these come late; an allocator
	 * that has no such entry gets a plain free(). */
	FIND(free_sized);
	FIND(free_aligned_sized);
	find_usable_size();
	find_lsan();
	mp_next.is_libc =
		mp_next_object((void *)(uintptr_t)mp_next.free) ==
		mp_next_object(dlsym(RTLD_NEXT, "gnu_get_libc_version"));
	mp_next.is_bypassed = is_bypassed();
	mp_mallocx_init((void *)(uintptr_t)mp_next.free);
	/* Last: from now on the pool is not used any more. */
	FIND(malloc);
}

const char *mp_next_path(void)
{
	void *serves = (void *)(uintptr_t)mp_next.malloc;
	const struct link_map *map;
	Dl_info info;

	if (mp_next.is_bypassed)
		serves = dlsym(RTLD_DEFAULT, "malloc");
	map = mp_next_object(serves);
	if (map && map->l_name[0])
		return map->l_name;
	/* The program itself. */
	if (!dladdr(serves, &info) || !info.dli_fname)
		return "";
	return info.dli_fname;
}
