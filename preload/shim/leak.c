/* SPDX-License-Identifier: MIT */
/*
 * What programs call to look for leaks or to say what is none: our own entry
 * of memprof.h, and the names that LeakSanitizer's users know, so that a
 * program made for it works unchanged.
 *
 * A program that is built with a sanitizer has these functions from its
 * runtime, and its malloc: it gets those first when they are linked into it,
 * and when they are in a library behind us, they are called as well.
 */
#include "config.h"

#include <dlfcn.h>
#include <stddef.h>

#include "preload/leak/ignore.h"
#include "preload/leak/leak.h"
#include "preload/memprof.h"
#include "preload/shim/hook.h"

MP_EXPORT void __lsan_do_leak_check(void);
MP_EXPORT int __lsan_do_recoverable_leak_check(void);
MP_EXPORT void __lsan_ignore_object(const void *addr);
MP_EXPORT void __lsan_disable(void);
MP_EXPORT void __lsan_enable(void);
MP_EXPORT void __lsan_register_root_region(const void *start, size_t bytes);
MP_EXPORT void __lsan_unregister_root_region(const void *start, size_t bytes);

/* The sanitizer's own behind us, or NULL. */
static void *behind(const char *name)
{
	/* A look-up that fails would leave a message in the program's heap. */
	return mp_next.has_lsan ? dlsym(RTLD_NEXT, name) : NULL;
}

MP_EXPORT int memprof_leak_check(void)
{
	return mp_leak_check();
}

/* Theirs ends the program when something is lost, ours never does. */
void __lsan_do_leak_check(void)
{
	void (*next)(void);

	*(void **)&next = behind("__lsan_do_leak_check");
	if (mp_leak_check() >= 0)
		mp_leak_is_done = true;
	if (next)
		next();
}

int __lsan_do_recoverable_leak_check(void)
{
	int (*next)(void);
	int found = mp_leak_check();

	*(void **)&next = behind("__lsan_do_recoverable_leak_check");
	return next ? next() : found > 0;
}

void __lsan_ignore_object(const void *addr)
{
	void (*next)(const void *);

	*(void **)&next = behind("__lsan_ignore_object");
	mp_ignore_block(addr);
	if (next)
		next(addr);
}

void __lsan_disable(void)
{
	void (*next)(void);

	*(void **)&next = behind("__lsan_disable");
	mp_ignore_begin();
	if (next)
		next();
}

void __lsan_enable(void)
{
	void (*next)(void);

	*(void **)&next = behind("__lsan_enable");
	mp_ignore_end();
	if (next)
		next();
}

void __lsan_register_root_region(const void *start, size_t bytes)
{
	void (*next)(const void *, size_t);

	*(void **)&next = behind("__lsan_register_root_region");
	mp_ignore_add_region(start, bytes);
	if (next)
		next(start, bytes);
}

void __lsan_unregister_root_region(const void *start, size_t bytes)
{
	void (*next)(const void *, size_t);

	*(void **)&next = behind("__lsan_unregister_root_region");
	mp_ignore_remove_region(start, bytes);
	if (next)
		next(start, bytes);
}
