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

MP_EXPORT int memprof_leak_check(void)
{
	return mp_leak_check();
}

/* Theirs ends the program when something is lost, ours never does. */
void __lsan_do_leak_check(void)
{
	if (mp_leak_check() >= 0)
		mp_leak_is_done = true;
	if (mp_next_lsan.do_leak_check)
		mp_next_lsan.do_leak_check();
}

int __lsan_do_recoverable_leak_check(void)
{
	int found = mp_leak_check();

	return mp_next_lsan.do_recoverable_leak_check
		       ? mp_next_lsan.do_recoverable_leak_check()
		       : found > 0;
}

void __lsan_ignore_object(const void *addr)
{
	mp_ignore_block(addr);
	if (mp_next_lsan.ignore_object)
		mp_next_lsan.ignore_object(addr);
}

void __lsan_disable(void)
{
	mp_ignore_begin();
	if (mp_next_lsan.disable)
		mp_next_lsan.disable();
}

void __lsan_enable(void)
{
	mp_ignore_end();
	if (mp_next_lsan.enable)
		mp_next_lsan.enable();
}

void __lsan_register_root_region(const void *start, size_t bytes)
{
	mp_ignore_add_region(start, bytes);
	if (mp_next_lsan.register_root_region)
		mp_next_lsan.register_root_region(start, bytes);
}

void __lsan_unregister_root_region(const void *start, size_t bytes)
{
	mp_ignore_remove_region(start, bytes);
	if (mp_next_lsan.unregister_root_region)
		mp_next_lsan.unregister_root_region(start, bytes);
}
